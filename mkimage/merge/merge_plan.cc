// See merge_plan.h.
#include "mkimage/merge/merge_plan.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <utility>

#include "format/base/paths.h"
#include "format/base/text.h"

namespace xaas {
namespace {

std::string_view architecture_of(std::string_view triple) { return triple.substr(0, triple.find('-')); }

std::string quoted(const std::string& text) { return "\"" + printable(text) + "\""; }

// Writing the manifest anew would lose what this version does not know.
Status check_known(const Image& image) {
  const Manifest& manifest = image.manifest();
  XAAS_TRY(check_lowerable(manifest));
  const auto cannot = [&](const std::string& what) {
    return fail(Code::unsupported,
                "{}: has the {}, which this version does not know: merge it by the version that made it",
                image.path().string(), printable(what));
  };
  if (!manifest.features.compat.empty()) return cannot("feature " + manifest.features.compat.front());
  for (const Configuration& configuration : manifest.configurations) {
    const auto& unknown = configuration.requires_.unknown;
    if (!unknown.empty()) return cannot("requirement " + unknown.front());
  }
  return {};
}

// Refuses two images that say different things about what they hold.
Status check_same_program(const Image& one, const Image& other) {
  const auto differ = [&](std::string_view what, const std::string& here, const std::string& there) -> Status {
    if (here == there) return {};
    return fail(Code::invalid, "cannot merge {} and {}: the {} is {} in one and {} in the other", one.path().string(),
                other.path().string(), what, quoted(here), quoted(there));
  };
  const auto prefix = [](const Manifest& manifest) {
    return is_movable(manifest) ? std::string("wherever it is mounted") : manifest.prefix;
  };
  const Manifest& here = one.manifest();
  const Manifest& there = other.manifest();
  XAAS_TRY(differ("name", here.name, there.name));
  XAAS_TRY(differ("version", here.version, there.version));
  XAAS_TRY(differ("prefix", prefix(here), prefix(there)));
  XAAS_TRY(differ("placeholder of the prefix", here.prefix, there.prefix));
  XAAS_TRY(differ("main program", here.main, there.main));
  XAAS_TRY(differ("policy", here.policy, there.policy));
  if (!here.source || !there.source) return {};
  return differ("source", here.source->digest.to_string(), there.source->digest.to_string());
}

// A host finds its configurations and its toolchain by its architecture.
Status check_other_architectures(const Image& one, const Image& other) {
  for (const std::string& here : one.manifest().triples) {
    for (const std::string& there : other.manifest().triples) {
      if (architecture_of(here) != architecture_of(there)) continue;
      return fail(Code::invalid, "cannot merge {} and {}: both have programs for {}", one.path().string(),
                  other.path().string(), printable(architecture_of(here)));
    }
  }
  return {};
}

// A name for a configuration whose own name another image has, too.
Result<std::string> free_name(const Configuration& configuration, const std::set<std::string>& taken,
                              const Image& image) {
  for (const std::string_view suffix :
       {architecture_of(configuration.triple), std::string_view(configuration.triple)}) {
    std::string name = fmt::format("{}-{}", configuration.name, suffix);
    if (!taken.contains(name)) return name;
  }
  return fail(Code::invalid, "{}: no name is free in the merged image for its configuration {}", image.path().string(),
              quoted(configuration.name));
}

void append(auto& list, const auto& more) { list.insert(list.end(), more.begin(), more.end()); }

Status add_part(const std::shared_ptr<const Image>& image, MergePlan& plan) {
  const Manifest& manifest = image->manifest();
  std::set<std::string> taken;
  for (const Configuration& configuration : plan.manifest.configurations) taken.insert(configuration.name);
  for (const Configuration& configuration : manifest.configurations) taken.insert(configuration.name);
  MergePart part{image, {}, {}};
  for (Configuration configuration : manifest.configurations) {
    const auto same = std::ranges::find(plan.manifest.configurations, configuration.name, &Configuration::name);
    std::string name = configuration.name;
    if (same != plan.manifest.configurations.end()) {
      XAAS_ASSIGN(name, free_name(configuration, taken, *image));
    }
    taken.insert(name);
    part.names.emplace(configuration.name, name);
    configuration.name = std::move(name);
    plan.manifest.configurations.push_back(std::move(configuration));
  }
  append(plan.manifest.triples, manifest.triples);
  append(plan.manifest.toolchains, manifest.toolchains);
  append(plan.manifest.runtime_libraries, manifest.runtime_libraries);
  if (!plan.manifest.source) plan.manifest.source = manifest.source;
  if (!plan.parts.empty()) part.tree = tree_root(plan.manifest, part.names.at(manifest.default_configuration));
  plan.parts.push_back(std::move(part));
  return {};
}

// The path with the new name of the configuration whose old name is the component at `start`.
std::string with_new_name(const MergePart& part, const std::string& path, std::size_t start) {
  const std::size_t end = std::min(path.find('/', start), path.size());
  const auto found = part.names.find(path.substr(start, end - start));
  return found == part.names.end() ? path : path.substr(0, start) + found->second + path.substr(end);
}

// The same for a path below a directory of directories of triples, in which those of configurations are.
std::string with_new_name_below(const MergePart& part, const std::string& path, std::string_view directory) {
  const std::size_t triple_end = path.find('/', directory.size() + 1);
  return triple_end == std::string::npos ? path : with_new_name(part, path, triple_end + 1);
}

// Generated sources are in a directory of their configuration. An image of one configuration has them in kBuildName.
std::optional<std::string> merged_source(const MergePart& part, const std::string& path, mode_t type) {
  const std::string own = fmt::format("{}/{}", kSourceDirectory, kBuildName);
  if (path == own && S_ISLNK(type)) return std::nullopt;
  if (path == own || is_below(path, own)) {
    const std::string& name = part.names.at(part.image->manifest().default_configuration);
    return fmt::format("{}/{}{}", kSourceDirectory, build_directory(name), path.substr(own.size()));
  }
  return path.starts_with(own + '-') ? with_new_name(part, path, own.size() + 1) : path;
}

}  // namespace

Result<MergePlan> plan_merge(const std::vector<std::shared_ptr<const Image>>& images) {
  MergePlan plan;
  plan.manifest = images.front()->manifest();
  plan.manifest.triples.clear();
  plan.manifest.configurations.clear();
  plan.manifest.toolchains.clear();
  plan.manifest.runtime_libraries.clear();
  for (auto image = images.begin(); image != images.end(); ++image) {
    XAAS_TRY(check_known(**image));
    XAAS_TRY(check_same_program(*images.front(), **image));
    for (auto earlier = images.begin(); earlier != image; ++earlier) {
      XAAS_TRY(check_other_architectures(**earlier, **image));
    }
    XAAS_TRY(add_part(*image, plan));
  }
  return plan;
}

std::optional<std::string> merged_path(const MergePart& part, const std::string& path, mode_t type) {
  if (path == kManifestPath || path == kIndexPath) return std::nullopt;
  if (path != kPrivateDirectory && !is_below(path, kPrivateDirectory)) return part.tree + path;
  for (const std::string_view directory : {kTreeDirectory, kReadyDirectory}) {
    if (is_below(path, directory)) return with_new_name_below(part, path, directory);
  }
  return is_below(path, kSourceDirectory) ? merged_source(part, path, type) : path;
}

}  // namespace xaas
