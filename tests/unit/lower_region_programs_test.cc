// What is linked for GPUs of the target regions of a link.
#include "lower/region_programs.h"
#include "tests/unit/lower_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

constexpr const char* kGpuTriple = "nvptx64-nvidia-cuda";

IrInput unit_with_regions(const std::string& name, const std::vector<std::string>& architectures) {
  IrInput input{.digest = Digest::of("host part of " + name), .name = name, .features = {"+avx2"}};
  for (const std::string& architecture : architectures) {
    input.regions.push_back({kGpuTriple, architecture, Digest::of(name + architecture)});
  }
  return input;
}

// A link of two units and an archive, with programs for sm_80 and sm_90.
Recipe recipe_with_regions() {
  ObjectInput images{Digest::of("images"), "wrapper.o"};
  images.images = {{"x86_64-pc-linux-gnu", ""}, {kGpuTriple, "sm_90"}, {kGpuTriple, "sm_80"}};
  for (const char* architecture : {"sm_80", "sm_86", "sm_90"}) {
    images.runtime.push_back({kGpuTriple, architecture, Digest::of(std::string("runtime ") + architecture)});
  }
  Recipe recipe{LinkKind::pie, "x86_64-pc-linux-gnu", "app", {}};
  recipe.arguments = {images,
                      std::string("--as-needed"),
                      unit_with_regions("main.c", {"sm_80", "sm_90"}),
                      unit_with_regions("plain.c", {}),
                      ArchiveInput{"liba.a",
                                   {unit_with_regions("a.c", {"sm_80", "sm_90"}), unit_with_regions("b.c", {}),
                                    ObjectInput{Digest::of("c"), "c.o"}}},
                      ArchiveInput{"libplain.a", {unit_with_regions("d.c", {})}},
                      LibraryInput{"libc.so.6"}};
  return recipe;
}

// The names of what the recipe links, with what each is.
std::vector<std::string> contents(const Recipe& recipe) {
  std::vector<std::string> names;
  for_each_input(recipe, [&](const auto& input) {
    if (const auto* code = std::get_if<IrInput>(&input)) {
      CHECK(code->features.empty());
      names.push_back(code->name + " " + code->digest.hex().substr(0, 8));
    }
  });
  return names;
}

std::string named(const std::string& name, const std::string& content) {
  return name + " " + Digest::of(content).hex().substr(0, 8);
}

}  // namespace

TEST_CASE("the link for a GPU has the code of the highest architecture that is not above it, and no code of the host") {
  const Recipe recipe = recipe_with_regions();
  const auto sm_86 = region_recipe(recipe, 86);
  REQUIRE(sm_86);
  CHECK(sm_86->triple == kGpuTriple);
  CHECK(contents(*sm_86) == std::vector<std::string>{named("main.c", "main.csm_80"), named("a.c", "a.csm_80"),
                                                     named("the runtime for devices", "runtime sm_86")});
  const auto sm_120 = region_recipe(recipe, 120);
  REQUIRE(sm_120);
  CHECK(contents(*sm_120).front() == named("main.c", "main.csm_90"));
  CHECK(contents(*sm_120).back() == named("the runtime for devices", "runtime sm_90"));
  REQUIRE(sm_120->arguments.size() == 3);
  CHECK(std::holds_alternative<ArchiveInput>(sm_120->arguments[1]));
}

TEST_CASE("there is no link for a GPU that is older than all code") {
  CHECK_FALSE(region_recipe(recipe_with_regions(), 75));
}

TEST_CASE("without ptxas, what the build made for devices stays, and nothing is compiled") {
  LinkPlan plan;
  plan.recipe = recipe_with_regions();
  plan.gpus = {90};
  const auto compile = [](const Recipe&, unsigned) -> Result<std::string> { return fail(Code::failed, "it compiles"); };
  const RegionPrograms made = good(make_region_programs(plan, compile, {}, {}));
  CHECK(made.programs.empty());
  CHECK(made.warning.empty());
}
