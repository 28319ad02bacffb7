// Collects contents from a finished build; see image_contents.h.
#include "mkimage/contents/image_contents.h"

#include <algorithm>
#include <set>

#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/image.h"
#include "mkimage/capture/unit_features.h"
#include "mkimage/capture/used_features.h"
#include "mkimage/contents/build_sources.h"
#include "mkimage/contents/device_images.h"
#include "mkimage/contents/native_archives.h"
#include "mkimage/contents/newer_symbols.h"
#include "mkimage/contents/recorded_source.h"
#include "mkimage/contents/slot_needs.h"
#include "mkimage/reuse/isa_options.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

Result<std::string> target_triple(const std::string& compiler) {
  XAAS_ASSIGN(const ProcessOutput answer, run_and_read({compiler, "-print-target-triple"}));
  std::string triple = answer.output.substr(0, answer.output.find('\n'));
  if (!answer.status.ok() || triple.empty()) return fail(Code::failed, "{} does not tell its target", compiler);
  return triple;
}

// Links or copies `file` to `place`, because the next build puts other files under its name.
Status keep_file(const fs::path& file, const fs::path& place) {
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  fs::create_hard_link(file, place, error);
  if (error) fs::copy_file(file, place, error);
  if (error) return fail(Code::io, "cannot keep {}: {}", file.string(), error.message());
  return {};
}

// Adds sources. If several configurations have read a file with different contents, the first one's stays.
Status add_sources(const WorkDirectory& work, const BuildPlan& plan, const std::map<std::string, fs::path>& sources,
                   ImageContents& contents) {
  for (const auto& [path, file] : sources) {
    const std::string name = fs::path(path).lexically_relative(kSourceDirectory).string();
    if (contents.sources.contains(path) || is_left_out(plan.sources_left_out, name)) continue;
    const fs::path kept = work.parts() / "src" / name;
    XAAS_TRY(keep_file(file, kept));
    contents.sources.emplace(path, kept);
  }
  return {};
}

// Adds bundled libraries. An image can have only one library of a name.
Status add_bundled(const BundledLibraries& bundled, const std::string& configuration, BundledLibraries& all) {
  for (const auto& [place, file] : bundled) {
    const auto [there, is_new] = all.emplace(place, file);
    if (is_new) continue;
    XAAS_ASSIGN(const MappedFile one, MappedFile::open(there->second));
    XAAS_ASSIGN(const MappedFile other, MappedFile::open(file));
    if (one.bytes() == other.bytes()) continue;
    return fail(
        Code::unsupported,
        "the configuration {} needs another {} than those before it; have each install its own, or make two images",
        configuration, fs::path(place).filename().string());
  }
  return {};
}

using Features = std::set<std::string>;

// The features for which a unit's options ask. If clang does not know all of the options, only those of is_isa_option()
// count.
Features asked_features(UnitFeatureTable& table, const UnitRecord& unit) {
  auto known = table.lookup(unit.compiler, unit.asked_machine_options);
  if (!known) {
    std::vector<std::string> options;
    std::ranges::copy_if(unit.asked_machine_options, std::back_inserter(options), is_isa_option);
    known = table.lookup(unit.compiler, options);
  }
  Features asked;
  if (!known) return asked;
  for (const std::string& feature : known->features) {
    if (feature.starts_with('+')) asked.insert(feature);
  }
  return asked;
}

// Removes the explicit features that the unit does not use. Only the unit's own code could use such a feature, and its
// IR shows that it does not.
void leave_out_unused(const llvm::Triple& target, const CanonicalUnits& canonical, const UnitRecord& unit,
                      Features& features) {
  const auto found = canonical.find(unit.object);
  if (found == canonical.end()) return;
  std::erase_if(features, [&](const std::string& feature) {
    return is_explicit_feature(target, feature.substr(1)) &&
           std::ranges::find(found->second.features, feature) == found->second.features.end();
  });
}

// Features by unit, for the units of a configuration that are linked.
using FeaturesOfUnits = std::map<std::string, Features>;
FeaturesOfUnits features_of_units(const ConfigurationContents& configuration, const llvm::Triple& target,
                                  const CanonicalUnits& canonical, UnitFeatureTable& table) {
  FeaturesOfUnits result;
  for (const UnitRecord& unit : configuration.units) {
    if (!configuration.linked.contains(unit.object)) continue;
    Features features = asked_features(table, unit);
    leave_out_unused(target, canonical, unit, features);
    result[unit.name()].merge(features);
  }
  return result;
}

Features intersection(const Features& one, const Features& other) {
  Features both;
  std::ranges::set_intersection(one, other, std::inserter(both, both.end()));
  return both;
}

// The intersection of several sets; nullopt before the first set.
class Common {
 public:
  void add(const Features& features) { common_ = common_ ? intersection(*common_, features) : features; }
  Features value() const { return common_.value_or(Features()); }

 private:
  std::optional<Features> common_;
};

// A feature is required if at least one in this many of the varying units asks for it here and not everywhere. If fewer
// do, the program chooses that code at run time.
constexpr std::size_t kRare = 20;

Features required_by_units(const FeaturesOfUnits& units, const std::vector<FeaturesOfUnits>& configurations) {
  Common of_all;
  Common of_varying;
  std::size_t varying = 0;
  std::map<std::string, std::size_t> own;  // feature -> how many units ask for it here and not everywhere
  for (const auto& [name, here] : units) {
    of_all.add(here);
    Common everywhere;
    bool varies = false;
    for (const FeaturesOfUnits& configuration : configurations) {
      const auto there = configuration.find(name);
      const Features features = there == configuration.end() ? Features() : there->second;
      everywhere.add(features);
      varies = varies || features != here;
    }
    if (!varies) continue;
    ++varying;
    of_varying.add(here);
    Features beyond;
    std::ranges::set_difference(here, everywhere.value(), std::inserter(beyond, beyond.end()));
    for (const std::string& feature : beyond) ++own[feature];
  }
  Features required = of_all.value();
  required.merge(of_varying.value());
  for (const auto& [feature, count] : own) {
    if (count * kRare >= varying) required.insert(feature);
  }
  return required;
}

// Whether a CPU with the `required` features has all that a unit needs. A feature that the unit must not use is not a
// need.
bool needs_no_more(const std::vector<std::string>& features, const std::vector<std::string>& required) {
  return std::ranges::all_of(features, [&](const std::string& feature) {
    return !feature.starts_with('+') || std::ranges::binary_search(required, feature);
  });
}

// Says in the recipes what the programs for devices of OpenMP are made of. `ir` gets the modules.
Status complete_recipes(const CaptureStore& store, const std::string& compiler, const fs::path& ir, Progress& progress,
                        std::vector<InstalledProgram>& programs) {
  DeviceRuntime runtime(compiler, ir);
  for (InstalledProgram& program : programs) {
    if (!program.recipe) continue;
    XAAS_ASSIGN(const std::string reason, complete_device_images(store, runtime, *program.recipe));
    if (reason.empty()) continue;
    progress.warn(fmt::format("{}: code for devices stays as it was built: {}", program.path, reason));
  }
  return {};
}

// Comes after the recipes, which tell what the project's own links need.
Status lower_libc_floor(const LibcFloor& floor, const InstalledTree& tree) {
  for (const TreeEntry& entry : tree.entries) {
    if (entry.is_first_file()) XAAS_TRY(floor.lower(tree.path_of(entry)));
  }
  return {};
}

}  // namespace

Status collect_configuration(const FinishedBuild& build, Progress& progress, ImageContents& contents) {
  const auto& [work, plan, configuration, environment, jobs] = build;
  const CaptureStore store = environment.store();
  ConfigurationContents result;
  result.plan = configuration;
  XAAS_ASSIGN(contents.triple, target_triple(environment.c_compiler));
  XAAS_ASSIGN(result.tree, scan_tree(work.installed(), plan.prefix));
  XAAS_ASSIGN(const std::vector<Digest> archived, make_archives_native(result.tree, result.tree.warnings));
  for (const std::string& warning : result.tree.warnings) progress.warn(warning);
  for (const std::string& note : store.notes()) progress.warn(note);
  XAAS_ASSIGN(const auto links, store.links());
  XAAS_ASSIGN(contents.libc, LibcFloor::create(environment.c_compiler));
  BundledLibraries bundled;
  if (plan.bundles) {
    XAAS_ASSIGN(bundled, bundle_libraries(result.tree,
                                          {links, contents.libc, environment.c_compiler, contents.triple, plan.slots,
                                           plan.libraries_left_out},
                                          work.parts() / "lib" / configuration.name));
  }
  XAAS_TRY(add_bundled(bundled, configuration.name, contents.bundled));
  XAAS_ASSIGN(contents.runtime_libraries, describe_runtime(contents.bundled, contents.triple));
  XAAS_ASSIGN(result.programs, find_programs(result.tree, links));

  XAAS_ASSIGN(result.units, store.units());
  result.linked = linked_objects(result.programs);
  progress.begin("canonicalise", "units");
  const auto report = [&](std::size_t done, std::size_t all) {
    progress.update(fmt::format("{}/{} units", done, all));
  };
  const CanonicaliseOptions canonicalise{store, environment.c_compiler, work.ir(), jobs, report};
  XAAS_TRY(canonicalise_units(canonicalise, result.units, result.linked, contents.canonical));
  result.names = source_names(environment, result.units, contents.canonical.units);
  SymbolReader symbols(store);
  XAAS_TRY(make_recipes(result.tree, contents.canonical, result.names, contents.triple, symbols, result.programs));
  XAAS_TRY(complete_recipes(store, environment.c_compiler, work.ir(), progress, result.programs));
  progress.end();
  if (plan.bundles) XAAS_TRY(lower_libc_floor(contents.libc, result.tree));
  add_newer_symbols(result.tree.root, result.names, symbols, result.programs);
  XAAS_ASSIGN(result.needs, host_needs(result.tree, bundled));
  XAAS_ASSIGN(result.slots, slot_needs(result.tree, bundled, plan.slots, contents.triple));

  std::set<Digest> objects = result.linked;
  objects.insert(archived.begin(), archived.end());
  // Each configuration has its own generated files.
  const std::string build_name =
      environment.shares_units ? build_directory(configuration.name) : std::string(kBuildName);
  XAAS_TRY(add_sources(work, plan, build_sources(environment, result.units, objects, build_name), contents));
  XAAS_ASSIGN(const fs::path kept, work.keep_installed(configuration.name));
  result.tree.root = kept / fs::path(plan.prefix).relative_path();
  contents.configurations.push_back(std::move(result));
  return {};
}

void find_required_features(const std::string& c_compiler, ImageContents& contents) {
  UnitFeatureTable table(c_compiler);
  std::vector<FeaturesOfUnits> asked;
  for (const ConfigurationContents& one : contents.configurations) {
    asked.push_back(features_of_units(one, llvm::Triple(contents.triple), contents.canonical.units, table));
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    ConfigurationContents& configuration = contents.configurations[i];
    Features required = required_by_units(asked[i], asked);
    const std::vector<std::string>& declared = configuration.plan.requires_.features;
    required.insert(declared.begin(), declared.end());
    configuration.required_features.assign(required.begin(), required.end());
  }
}

void leave_out_native_objects(ImageContents& contents) {
  for (ConfigurationContents& configuration : contents.configurations) {
    const auto leave_out = [&](auto& input) {
      auto* unit = std::get_if<IrInput>(&input);
      if (unit != nullptr && needs_no_more(unit->features, configuration.required_features)) unit->native.reset();
    };
    for (InstalledProgram& program : configuration.programs) {
      if (program.recipe) for_each_input(*program.recipe, leave_out);
    }
  }
}

}  // namespace xaas
