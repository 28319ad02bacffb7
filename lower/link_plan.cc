// Makes a plan and its keys from a recipe; see link_plan.h.
#include "lower/link_plan.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "format/base/json_fields.h"
#include "format/base/overloaded.h"
#include "format/base/sort_unique.h"
#include "lower/host_library.h"
#include "lower/older_libc.h"

namespace xaas {
namespace {

constexpr int kPlanKeyVersion = 1;
// Raised when we put other code for GPUs into a file for the same tools and inputs. The worker, whose digest stands for
// the rest of our code, has no part in that.
constexpr int kDeviceCodeVersion = 2;

// The files other than units that a recipe refers to.
struct Inputs {
  std::vector<Digest> objects;
  std::vector<std::string> sonames;
};

Inputs inputs_of(const Recipe& recipe) {
  Inputs inputs;
  const Overloaded add_member{[](const IrInput&) {},
                              [&](const ObjectInput& object) { inputs.objects.push_back(object.digest); }};
  const Overloaded add{
      [](const std::string&) {},
      [&](const IrInput& ir) { add_member(ir); },
      [&](const ObjectInput& object) { add_member(object); },
      [&](const ArchiveInput& archive) {
        for (const auto& member : archive.members) std::visit(add_member, member);
      },
      [&](const LibraryInput& library) { inputs.sonames.push_back(library.soname); },
      [&](const FileOption& option) { inputs.objects.push_back(option.digest); },
  };
  for (const LinkArgument& argument : recipe.arguments) std::visit(add, argument);
  return inputs;
}

// Replaces every unit that requires a feature which `target` lacks by the build's own object.
Status use_native_objects(Recipe& recipe, const Target& target) {
  Status status;
  for_each_input(recipe, [&](auto& input) {
    const auto* unit = std::get_if<IrInput>(&input);
    const auto missing = unit == nullptr ? std::vector<std::string>() : missing_features(target, unit->features);
    if (missing.empty()) return;
    if (unit->native) {
      input = ObjectInput{*unit->native, unit->name};
    } else if (status) {
      status = fail(Code::unsupported, "{} needs {}, which {} lacks here: only the baseline can be used", unit->name,
                    missing.front(), target.cpu);
    }
  });
  return status;
}

// Options of a link that say how its modules are compiled. LLVM's names of the modules' objects may leave them out.
std::vector<std::string> compiling_options(const Recipe& recipe) {
  std::vector<std::string> options;
  bool is_value = false;
  for (const LinkArgument& argument : recipe.arguments) {
    const auto* option = std::get_if<std::string>(&argument);
    if (option == nullptr) continue;
    const bool takes_value = *option == "-mllvm" || *option == "--mllvm" || *option == "-plugin-opt";
    const auto has = [&](std::string_view word) { return option->find(word) != std::string::npos; };
    if (is_value || takes_value || has("mllvm") || has("plugin-opt") || has("lto")) options.push_back(*option);
    is_value = takes_value;
  }
  return options;
}

// Adds what is the same for all links of an image on a target. The order is that of spec/cache.md.
void add_context(const LoweringContext& context, OrderedJson& key) {
  const Target& target = context.target;
  key["worker"] = context.toolchain.digest.to_string();
  key["policy"] = policy_json(context.policy);
  key["triple"] = target.triple;
  key["cpu"] = target.cpu;
  key["features"] = target.features;
  key["prefer_vector_width"] = target.prefer_vector_width;
}

Digest compute_key(const Digest& recipe, const LoweringContext& context, const LinkPlan& plan) {
  OrderedJson identities = OrderedJson::object();
  for (const FoundLibrary& library : plan.libraries) identities[library.soname] = library.identity;
  OrderedJson key = {{"version", kPlanKeyVersion}, {"recipe", recipe.to_string()}};
  add_context(context, key);
  key["libraries"] = identities;
  if (!context.level.empty()) key["level"] = context.level;
  if (has_device_code(plan.recipe)) key["device_code"] = kDeviceCodeVersion;
  // Files without code for GPUs are the same with and without them.
  if (!plan.gpus.empty()) {
    key["gpus"] = plan.gpus;
    key["ptxas"] = plan.ptxas ? plan.ptxas->digest().to_string() : "";
    if (plan.nvlink) key["nvlink"] = plan.nvlink->digest().to_string();
  }
  return Digest::of(dump_json(key));
}

}  // namespace

Result<LinkPlan> plan_link(const LoweringContext& context, const FileRecord& record) {
  LinkPlan plan;
  XAAS_ASSIGN(plan.recipe, context.image.recipe(record.recipe));
  choose_variants(plan.recipe, context.level);
  if (const Status fits = use_native_objects(plan.recipe, context.target); !fits) {
    return fail(fits.error().code, "{}: {}", path_in_tree(record.path), fits.error().message);
  }
  const auto find = [&](const std::string& soname) {
    return find_library(context.image, soname, record.path, context.toolchain_libraries, context.target.triple,
                        context.host);
  };
  if (context.has_older_libc) {
    link_with_older_libc(plan.recipe, find(std::string(kResolverAddition)).has_value(), context.host);
  }
  if (has_device_code(plan.recipe)) plan.gpus = context.gpus ? *context.gpus : gpus_of(context.host);
  if (!plan.gpus.empty()) plan.ptxas = Ptxas::of_host();
  if (plan.ptxas && has_relocatable_code(plan.recipe)) plan.nvlink = Nvlink::of_host();
  Inputs inputs = inputs_of(plan.recipe);
  plan.objects = std::move(inputs.objects);
  sort_unique(inputs.sonames);
  for (const std::string& soname : inputs.sonames) {
    XAAS_ASSIGN(auto library, find(soname));
    plan.libraries.push_back(std::move(library));
  }
  plan.key = compute_key(record.recipe, context, plan);
  return plan;
}

// The index names every recipe by its content, so its digest separates images with different IR. This matters because
// damaged IR, or a damaged library, can take over a worker and make it leave false objects behind. Libraries of the
// image that the index lacks are listed separately.
Digest module_scope(const LoweringContext& context, const LinkPlan& plan, const Digest& index) {
  std::vector<std::string> libraries;
  for (const FoundLibrary& library : plan.libraries) {
    if (library.in_image && !library.is_indexed) libraries.push_back(library.identity);
  }
  OrderedJson scope = {{"version", kPlanKeyVersion}, {"index", index.to_string()}, {"libraries", libraries}};
  add_context(context, scope);
  scope["options"] = compiling_options(plan.recipe);
  return Digest::of(dump_json(scope));
}

}  // namespace xaas
