// Link recipes.
#include "format/recipe.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

Recipe full_recipe() {
  Recipe recipe = small_recipe();
  recipe.kind = LinkKind::shared;
  recipe.arguments.emplace_back(
      ArchiveInput{.name = "libx.a",
                   .members = {IrInput{.digest = Digest::of("m"),
                                       .name = "x.o",
                                       .features = {},
                                       .variants = {{{"v3", "client"}, Digest::of("m3"), {"+avx2"}},
                                                    {{"v4"}, Digest::of("m4"), {"+avx512f"}}}},
                               ObjectInput{.digest = Digest::of("o"), .name = "x.o"}}});
  recipe.arguments.emplace_back(FileOption{.option = "--version-script=", .digest = Digest::of("v")});
  recipe.arguments.emplace_back("--no-whole-archive \"quoted\\\n");
  recipe.newer_symbols = {{"fsopen", {"a.c", "b.c"}}, {"fspick", {"b.c"}}};
  return recipe;
}

std::string with_argument(const std::string& argument) {
  return R"({"kind":"pie","triple":"t","output":"o","arguments":[)" + argument + "]}";
}

const std::string kDigest = Digest::of("x").to_string();

}  // namespace

TEST_CASE("a recipe survives being written and read") {
  const Recipe recipe = full_recipe();
  CHECK(good(parse_recipe(to_json(recipe))) == recipe);
  CHECK(good(parse_recipe(to_json(Recipe()))) == Recipe());
}

TEST_CASE("code for GPUs survives being written and read with its recipe") {
  Recipe recipe = small_recipe();
  const FatbinEntry ptx{DeviceCodeKind::ptx, 80, 9, 0, 0x11, "a.cu", std::string("\0-v", 3), ""};
  const FatbinEntry elf{DeviceCodeKind::elf, 90, 1, 8, 0x100011, "", std::nullopt, ""};
  recipe.arguments.emplace_back(IrInput{.digest = Digest::of("gpu"),
                                        .name = "a.cu",
                                        .features = {},
                                        .device = {{ptx, Digest::of("ptx")}, {elf, Digest::of("elf")}}});
  CHECK(good(parse_recipe(to_json(recipe))) == recipe);
  const auto with = [&](const std::string& code) {
    const auto read =
        parse_recipe(with_argument(R"({"ir":")" + kDigest + R"(","name":"n","features":[],"device":[)" + code + "]}"));
    return read ? "accepted" : read.error().message;
  };
  const std::string rest = R"("major":9,"minor":0,"flags":17,"file":")" + kDigest + "\"";
  CHECK(with(R"({"kind":"ptx","architecture":80,)" + rest + "}") == "accepted");
  CHECK_THAT(with(R"({"kind":"spirv","architecture":80,)" + rest + "}"), Catch::Contains("spirv"));
  CHECK_THAT(with(R"({"kind":"ptx","architecture":-1,)" + rest + "}"), Catch::Contains("architecture"));
  CHECK_THAT(with(R"({"kind":"ptx","architecture":80,"options":"0","more":1,)" + rest + "}"), Catch::Contains("more"));
  CHECK_THAT(with(R"({"kind":"ptx","architecture":80,"options":"0g",)" + rest + "}"), Catch::Contains("hexadecimal"));
  CHECK_THAT(with(R"({"kind":"ptx","architecture":80,"options":"0",)" + rest + "}"), Catch::Contains("hexadecimal"));
}

TEST_CASE("what links relocatable code for GPUs survives being written and read") {
  Recipe recipe = small_recipe();
  IrInput unit{.digest = Digest::of("gpu"), .name = "a.cu", .features = {}};
  unit.device = {{{}, Digest::of("ptx")}};
  unit.device[0].form.options = "";
  unit.relocatable = {"_1_a_cu", {{".nvHRKE", {"_Z1*"}}}};
  recipe.arguments.emplace_back(unit);
  unit.relocatable = {"_2_b_cu", {}};
  recipe.arguments.emplace_back(unit);
  IrInput link{.digest = Digest::of("link"), .name = "link.stub", .features = {}};
  link.links = {"_2_b_cu", "_1_a_cu"};
  CHECK(link.has_fatbin());
  recipe.arguments.emplace_back(link);
  CHECK(good(parse_recipe(to_json(recipe))) == recipe);
  const auto with = [&](const std::string& more) {
    const auto read =
        parse_recipe(with_argument(R"({"ir":")" + kDigest + R"(","name":"n","features":[],)" + more + "}"));
    return read ? "accepted" : read.error().message;
  };
  CHECK(with(R"("relocatable":{"id":"_1"},"links":["_2"])") == "accepted");
  CHECK_THAT(with(R"("relocatable":{"id":""})"), Catch::Contains("must not be empty"));
  CHECK_THAT(with(R"("relocatable":{"id":"_1","more":1})"), Catch::Contains("more"));
  CHECK_THAT(with(R"("links":"_1")"), Catch::Contains("links"));
}

TEST_CASE("code for devices of OpenMP survives being written and read") {
  Recipe recipe = small_recipe();
  IrInput unit{.digest = Digest::of("host"), .name = "a.c", .features = {}};
  unit.regions = {{"nvptx64-nvidia-cuda", "sm_80", Digest::of("a")}, {"nvptx64-nvidia-cuda", "sm_90", Digest::of("a")}};
  recipe.arguments.emplace_back(unit);
  ObjectInput object{Digest::of("images"), "/image.wrapper.o"};
  object.images = {{"nvptx64-nvidia-cuda", "sm_80"}, {"x86_64-pc-linux-gnu", ""}};
  object.runtime = {{"nvptx64-nvidia-cuda", "sm_80", Digest::of("runtime")}};
  recipe.arguments.emplace_back(object);
  CHECK(good(parse_recipe(to_json(recipe))) == recipe);
  const auto with = [&](const std::string& more) {
    const auto read = parse_recipe(with_argument(R"({"object":")" + kDigest + R"(","name":"n",)" + more + "}"));
    return read ? "accepted" : read.error().message;
  };
  CHECK(with(R"("images":[{"triple":"t","architecture":"a"}])") == "accepted");
  CHECK_THAT(with(R"("images":[{"triple":"t"}])"), Catch::Contains("architecture"));
  CHECK_THAT(with(R"("images":[{"triple":"t","architecture":"a","more":1}])"), Catch::Contains("more"));
  CHECK_THAT(with(R"("runtime":[{"triple":"t","architecture":"a"}])"), Catch::Contains("ir"));
}

TEST_CASE("a recipe is written in one way only") {
  const std::string digest = Digest::of("v").to_string();
  Recipe recipe;
  recipe.kind = LinkKind::static_no_pie;
  recipe.triple = "t";
  recipe.output = "o";
  recipe.arguments = {"-s",
                      LibraryInput{.soname = "l"},
                      FileOption{.option = "-T", .digest = Digest::of("v")},
                      IrInput{.digest = Digest::of("v"), .name = "n", .features = {"+a"}},
                      IrInput{.digest = Digest::of("v"),
                              .name = "n",
                              .features = {},
                              .alone = {{std::string(kDataSections), std::string(kFunctionSections)}}},
                      ObjectInput{.digest = Digest::of("v"), .name = "n"},
                      ArchiveInput{.name = "a", .members = {}}};
  const std::string without = to_json(recipe);
  recipe.newer_symbols = {{"fsopen", {"n"}}};
  CHECK(to_json(recipe) ==
        without.substr(0, without.size() - 2) + R"(,"newer_symbols":[{"name":"fsopen","units":["n"]}]})" + "\n");
  CHECK(without == R"({"kind":"static","triple":"t","output":"o","arguments":["-s",{"library":"l"},)"
                   R"({"option":"-T","file":")" +
                       digest + R"("},{"ir":")" + digest + R"(","name":"n","features":["+a"]},{"ir":")" + digest +
                       R"(","name":"n","features":[],"alone":["data-sections","function-sections"]},{"object":")" +
                       digest + R"(","name":"n"},{"archive":"a","members":[]}]})" + "\n");
}

TEST_CASE("every kind of link has its name") {
  for (const LinkKind kind :
       {LinkKind::shared, LinkKind::pie, LinkKind::no_pie, LinkKind::static_pie, LinkKind::static_no_pie}) {
    Recipe recipe;
    recipe.kind = kind;
    CHECK(good(parse_recipe(to_json(recipe))).kind == kind);
  }
}

TEST_CASE("what a recipe's reader does not know is an error with its place") {
  good(parse_recipe(with_argument("")));
  CHECK(contains(bad(parse_recipe(R"({"kind":"pie","triple":"t","output":"o","arguments":[],"new":1})"), Code::invalid),
                 "new"));
  CHECK(contains(bad(parse_recipe(R"({"kind":"pi","triple":"t","output":"o","arguments":[]})"), Code::invalid), "pi"));
  CHECK(contains(bad(parse_recipe(with_argument(R"("-x",{"wheel":"x"})")), Code::invalid), "arguments[1]"));
  CHECK(contains(bad(parse_recipe(with_argument("7")), Code::invalid), "arguments[0]"));
  const std::string newer = R"({"kind":"pie","triple":"t","output":"o","arguments":[],"newer_symbols":[)";
  good(parse_recipe(newer + R"({"name":"f","units":[]}]})"));
  CHECK(contains(bad(parse_recipe(newer + R"({"name":"f","units":[],"version":"V"}]})"), Code::invalid), "version"));
  CHECK(contains(bad(parse_recipe(newer + R"({"name":"f"}]})"), Code::invalid), "units"));
  bad(parse_recipe(with_argument(R"({"ir":")" + kDigest + R"(","name":"n","features":[],"more":1})")), Code::invalid);
  bad(parse_recipe(with_argument(R"({"ir":")" + kDigest + R"(","name":"n","features":["avx2"]})")), Code::invalid);
  bad(parse_recipe(with_argument(R"({"ir":")" + kDigest + R"(","name":"n","features":[],"alone":["text"]})")),
      Code::invalid);
  bad(parse_recipe(with_argument(R"({"ir":")" + kDigest + R"(","name":"n","features":[],"alone":true})")),
      Code::invalid);
  bad(parse_recipe(with_argument(R"({"ir":"sha256:12","name":"n","features":[]})")), Code::invalid);
  bad(parse_recipe(with_argument(R"({"archive":"a","members":[{"archive":"b","members":[]}]})")), Code::invalid);
  const auto with_variants = [](const std::string& variants) {
    return with_argument(R"({"ir":")" + kDigest + R"(","name":"n","features":[],"variants":[)" + variants + "]}");
  };
  const std::string rest = R"(,"ir":")" + kDigest + R"(","features":[])";
  good(parse_recipe(with_variants(R"({"levels":["a"])" + rest + "}")));
  bad(parse_recipe(with_variants(R"({"levels":[])" + rest + "}")), Code::invalid);
  bad(parse_recipe(with_variants(R"({"levels":["a"],"more":1)" + rest + "}")), Code::invalid);
  bad(parse_recipe(with_variants(R"({"levels":["a"],"ir":")" + kDigest + R"("})")), Code::invalid);
  CHECK(contains(bad(parse_recipe(with_variants(R"({"levels":["a"])" + rest + R"(},{"levels":["b","a"])" + rest + "}")),
                     Code::invalid),
                 "two variants for \"a\""));
  bad(parse_recipe("[]"), Code::invalid);
}

TEST_CASE("at a level, each unit's variant for it takes the unit's place") {
  const auto unit_at = [](const char* level) {
    Recipe recipe = full_recipe();
    choose_variants(recipe, level);
    std::vector<IrInput> units;
    for_each_input(recipe, [&](const auto& input) {
      if (const auto* unit = std::get_if<IrInput>(&input)) units.push_back(*unit);
    });
    for (const IrInput& unit : units) CHECK(unit.variants.empty());
    return units.back();
  };
  CHECK(unit_at("client").digest == Digest::of("m3"));
  CHECK(unit_at("v4").digest == Digest::of("m4"));
  CHECK(unit_at("v4").features == std::vector<std::string>{"+avx512f"});
  for (const char* other : {"", "v5"}) {
    CHECK(unit_at(other).digest == Digest::of("m"));
    CHECK(unit_at(other).features.empty());
  }
}

TEST_CASE("a recipe with a string that is not UTF-8 cannot be written, and that can be told") {
  CHECK(holds_only_utf8(full_recipe()));
  Recipe option = full_recipe();
  option.arguments.emplace_back(
      "--rpath=/gr\xf6\xdf"
      "e");
  CHECK_FALSE(holds_only_utf8(option));
  Recipe library = full_recipe();
  library.arguments.emplace_back(LibraryInput{.soname = "lib\xff.so"});
  CHECK_FALSE(holds_only_utf8(library));
  Recipe name = full_recipe();
  name.output = "größe";
  CHECK(holds_only_utf8(name));
}
