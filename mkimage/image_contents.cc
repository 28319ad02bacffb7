// From a finished build to contents; see image_contents.h.
#include "mkimage/image_contents.h"

#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "format/image.h"
#include "format/mapped_file.h"
#include "mkimage/build_sources.h"
#include "mkimage/native_archives.h"
#include "mkimage/process.h"
#include "mkimage/unit_features.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

Result<std::string> target_triple(const std::string& compiler) {
  XAAS_ASSIGN(const ProcessOutput answer, run_and_read({compiler, "-print-target-triple"}));
  std::string triple = answer.output.substr(0, answer.output.find('\n'));
  if (!answer.status.ok() || triple.empty()) return fail(Code::failed, "{} does not tell its target", compiler);
  return triple;
}

// The directory of the next build has other files under these names.
Status keep_file(const fs::path& file, const fs::path& place) {
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  fs::create_hard_link(file, place, error);
  if (error) fs::copy_file(file, place, error);
  if (error) return fail(Code::io, "cannot keep {}: {}", file.string(), error.message());
  return {};
}

bool is_left_out(const std::vector<std::string>& patterns, const std::string& name) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    // A directory's name stands for all that is in it.
    return fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME) == 0 || name.starts_with(pattern + "/");
  });
}

// Of a file that several configurations have read with different contents, the first one's is kept.
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

// An image has one library of a name.
Status add_bundled(const BundledLibraries& bundled, const std::string& configuration, BundledLibraries& all) {
  for (const auto& [place, file] : bundled) {
    const auto [there, is_new] = all.emplace(place, file);
    if (is_new) continue;
    XAAS_ASSIGN(const MappedFile one, MappedFile::open(there->second));
    XAAS_ASSIGN(const MappedFile other, MappedFile::open(file));
    if (one.bytes() == other.bytes()) continue;
    return fail(Code::unsupported,
                "the configuration {} needs another {} than those before it; install it with each, or make two images",
                configuration, fs::path(place).filename().string());
  }
  return {};
}

// The features that options for the CPU ask for, those of CPUs among them.
std::vector<std::string> asked_features(UnitFeatureTable& table, const UnitRecord& unit) {
  const auto features = table.lookup(unit.compiler, unit.asked_machine_options);
  std::vector<std::string> asked;
  if (!features) return asked;
  std::ranges::copy_if(features->features, std::back_inserter(asked),
                       [](const std::string& feature) { return feature.starts_with('+'); });
  return asked;
}

std::string name_of(const UnitRecord& unit) { return unit.identity ? unit.identity->target : unit.source; }

}  // namespace

Status collect_configuration(const WorkDirectory& work, const BuildPlan& plan,
                             const PlannedConfiguration& configuration, const CaptureEnvironment& environment,
                             unsigned jobs, Progress& progress, ImageContents& contents) {
  const CaptureStore store = environment.store();
  ConfigurationContents result;
  result.plan = configuration;
  XAAS_ASSIGN(contents.triple, target_triple(environment.c_compiler));
  XAAS_ASSIGN(result.tree, scan_tree(work.installed(), plan.prefix));
  XAAS_ASSIGN(const std::vector<Digest> archived, make_archives_native(result.tree, result.tree.warnings));
  for (const std::string& warning : result.tree.warnings) progress.warn(warning);
  for (const std::string& note : store.notes()) progress.warn(note);
  XAAS_ASSIGN(const auto links, store.links());
  XAAS_ASSIGN(const BundledLibraries bundled,
              bundle_libraries(result.tree, links, environment.c_compiler, contents.triple,
                               work.parts() / "lib" / configuration.name));
  XAAS_ASSIGN(result.needs, host_needs(result.tree, bundled));
  XAAS_TRY(add_bundled(bundled, configuration.name, contents.bundled));
  XAAS_ASSIGN(result.programs, find_programs(result.tree, links));

  XAAS_ASSIGN(result.units, store.units());
  std::set<Digest> objects = linked_objects(result.programs);
  progress.begin("canonicalise", "units");
  XAAS_TRY(canonicalise_units(
      store, result.units, objects, environment.c_compiler, work.ir(), jobs,
      [&](std::size_t done, std::size_t all) { progress.update(fmt::format("{}/{} units", done, all)); },
      contents.canonical));
  XAAS_TRY(make_recipes(result.tree, contents.canonical, source_names(environment, result.units), contents.triple,
                        result.programs));
  progress.end();

  objects.insert(archived.begin(), archived.end());
  XAAS_TRY(add_sources(work, plan, build_sources(environment, result.units, objects), contents));
  XAAS_ASSIGN(const fs::path kept, work.keep_installed(configuration.name));
  result.tree.root = kept / fs::path(plan.prefix).relative_path();
  contents.configurations.push_back(std::move(result));
  return {};
}

std::vector<std::string> required_features(const ImageContents& contents, const ConfigurationContents& configuration,
                                           const std::string& c_compiler) {
  UnitFeatureTable table(c_compiler);
  std::map<std::string, std::set<std::vector<std::string>>> asked;  // unit -> what it asks for, in any configuration
  std::map<std::string, std::size_t> present;                       // unit -> in how many configurations
  for (const ConfigurationContents& one : contents.configurations) {
    std::set<std::string> names;
    for (const UnitRecord& unit : one.units) {
      asked[name_of(unit)].insert(unit.asked_machine_options);
      names.insert(name_of(unit));
    }
    for (const std::string& name : names) ++present[name];
  }
  const std::vector<std::string>& declared = configuration.plan.requires_.features;
  std::set<std::string> required(declared.begin(), declared.end());
  std::optional<std::vector<std::string>> common;
  for (const UnitRecord& unit : configuration.units) {
    if (!contents.canonical.units.contains(unit.object)) continue;
    const std::vector<std::string> features = asked_features(table, unit);
    const std::string name = name_of(unit);
    const bool is_everywhere = present.at(name) == contents.configurations.size();
    if (asked.at(name).size() > 1 || !is_everywhere) required.insert(features.begin(), features.end());
    std::vector<std::string> both;
    if (common) std::ranges::set_intersection(*common, features, std::back_inserter(both));
    common = common ? std::move(both) : features;
  }
  if (common) required.insert(common->begin(), common->end());
  return {required.begin(), required.end()};
}

}  // namespace xaas
