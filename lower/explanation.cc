// Collects the decisions about an image on a host; see explanation.h.
#include "lower/explanation.h"

#include <fmt/ranges.h>

#include <iterator>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "format/base/text.h"
#include "lower/library_search.h"
#include "lower/runtime_libraries.h"

namespace xaas {
namespace {

// Maps the soname of each library that is neither in the image nor on the host to one of the files that need it.
Result<std::map<std::string, std::string>> missing_libraries(const Image& image, const std::vector<FileRecord>& records,
                                                             const Target& target, const HostView& host) {
  const std::vector<std::string> directories = toolchain_libraries(image, hidden_directory(image, host), host);
  std::map<std::string, std::string> missing;
  std::set<std::string> seen;
  for (const FileRecord& record : records) {
    XAAS_ASSIGN(const Recipe recipe, image.recipe(record.recipe));
    for (const LinkArgument& argument : recipe.arguments) {
      const auto* library = std::get_if<LibraryInput>(&argument);
      if (library == nullptr || !seen.insert(library->soname).second) continue;
      if (find_library(image, library->soname, record.path, directories, target.triple, host)) continue;
      missing.emplace(library->soname, path_in_tree(record.path));
    }
  }
  return missing;
}

// What files lack. A file whose link lacks something else is left out.
Result<MissingSymbols> find_missing_symbols(const Image& image, const LoweringDecisions& decided,
                                            const std::vector<SlotChoice>& slots) {
  MissingSymbols missing;
  if (!decided.has_older_libc) return missing;
  const LoweringContext context = decided.context(image);
  LibraryInterfaces interfaces(image, context.host, decided.target.triple);
  XAAS_ASSIGN(const auto records, lowerable_records(image, tree_root(image.manifest(), decided.configuration)));
  for (const FileRecord& record : records) {
    const auto plan = plan_link(context, record);
    if (!plan) continue;
    XAAS_ASSIGN(auto symbols, missing_symbols(image, record, *plan, slots, interfaces));
    if (!symbols.empty()) missing.emplace(path_in_tree(record.path), std::move(symbols));
  }
  return missing;
}

// Notes whether programs that can be lowered have code for GPUs.
Status look_for_device_code(const Image& image, const std::vector<FileRecord>& records, Explanation& all) {
  for (const FileRecord& record : records) {
    XAAS_ASSIGN(const Recipe recipe, image.recipe(record.recipe));
    all.has_fatbins = all.has_fatbins || has_fatbins(recipe);
    all.has_target_regions = all.has_target_regions || has_device_images(recipe);
    all.has_relocatable_code = all.has_relocatable_code || has_relocatable_code(recipe);
  }
  return {};
}

// Notes what the GPUs run of each program.
Status look_for_device_uses(const Image& image, const std::vector<FileRecord>& records, Explanation& all) {
  const bool has_ptxas = Ptxas::of_host() != nullptr;
  for (const FileRecord& record : records) {
    XAAS_ASSIGN(const Recipe recipe, image.recipe(record.recipe));
    DeviceUse use = device_use(std::string(path_in_tree(record.path)), recipe, all.gpus, has_ptxas);
    if (use.units != 0) all.device_uses.push_back(std::move(use));
  }
  return {};
}

// What is said of GPUs, in a line.
std::string describe_device_code(const Explanation& all) {
  if (all.gpus.empty()) return "none is known: code for GPUs stays as it was built";
  const std::string gpus = describe_gpus(all.gpus);
  if (all.ptxas.empty()) {
    std::vector<std::string> results;
    if (all.has_fatbins) {
      results.push_back(fmt::format("the driver compiles {}what was not built for them",
                                    all.has_relocatable_code ? "and links " : ""));
    }
    if (all.has_target_regions) results.emplace_back("OpenMP's target regions stay as they were built");
    return fmt::format("{}  there is no ptxas: {}", gpus, fmt::join(results, ", and "));
  }
  std::string text = fmt::format("{}  code is made by {}", gpus, printable(all.ptxas));
  if (!all.has_relocatable_code) return text;
  if (!all.nvlink.empty()) return text + fmt::format(", and linked by {}", printable(all.nvlink));
  return text + "; there is no nvlink beside it: the driver links what was not linked for them";
}

// Maps each soname that a configuration requires to the library's path on the host; empty if the host lacks it.
std::map<std::string, std::string> required_libraries(const Manifest& manifest, std::string_view triple,
                                                      const HostView& host) {
  std::map<std::string, std::string> libraries;
  for (const Configuration& configuration : manifest.configurations) {
    for (const std::string& soname : configuration.requires_.libraries) {
      libraries[soname] = host.find_library(soname, triple).value_or("").string();
    }
  }
  return libraries;
}

// `decided` is what decide_lowering() says.
Result<Explanation> explain_decided(const Image& image, const LowererOptions& options,
                                    const Result<LoweringDecisions>& decided) {
  const HostView& host = *options.host;
  const Manifest& manifest = image.manifest();
  Explanation all;
  all.host_name = host.name();
  XAAS_ASSIGN(all.host, host.describe());
  XAAS_ASSIGN(all.target, host.target(lowering_triple(manifest, host), options.target));
  XAAS_ASSIGN(const auto gpus, named_gpus(options.gpu));
  all.choices = explain_configurations(manifest, all.target, options.configuration, host, gpus);
  all.libraries = required_libraries(manifest, all.target.triple, host);
  all.configuration = choose_configuration(image, all.target, options.configuration, host, gpus)
                          .value_or(manifest.default_configuration);
  all.levels = explain_levels(manifest, all.configuration, all.target, false);
  all.ready = explain_ready(manifest, all.configuration, all.target,
                            choose_level(manifest, all.configuration, all.target, false),
                            policy_for(options.policy, manifest.policy).name, host);
  // With a single configuration and no levels, the choice on other CPUs tells nothing new.
  if (all.choices.size() > 1 || !all.levels.empty()) all.others = explain_other_cpus(manifest, host, gpus);
  XAAS_ASSIGN(const auto records, lowerable_records(image, tree_root(manifest, all.configuration)));
  XAAS_ASSIGN(all.missing, missing_libraries(image, records, all.target, host));
  XAAS_ASSIGN(all.slots, choose_slots(image, all.configuration, options.slots, host));
  all.libc = libc_of(host, all.target.triple);
  all.missing_libc = missing_libc(manifest, all.configuration, host);
  XAAS_TRY(look_for_device_code(image, records, all));
  if (!decided) all.problem = decided.error().message;
  if (decided && all.has_device_code()) all.gpus = decided->gpus ? *decided->gpus : gpus_of(host);
  if (!all.gpus.empty()) all.ptxas = find_ptxas().string();
  if (!all.gpus.empty() && all.has_relocatable_code) all.nvlink = find_nvlink().string();
  if (!all.gpus.empty() && all.has_fatbins) XAAS_TRY(look_for_device_uses(image, records, all));
  return all;
}

}  // namespace

// The features that the target has, without those that it lacks: "+avx2".
std::vector<std::string> features_of(const Target& target) {
  std::vector<std::string> features;
  std::ranges::copy_if(target.features, std::back_inserter(features),
                       [](const std::string& feature) { return feature.starts_with('+'); });
  return features;
}

std::string describe(const Host& host) {
  std::string text = host.model.empty() ? "" : host.model + ", ";
  text += fmt::format("{} cores, {} threads, {} NUMA node{}", host.cores, host.threads, host.numa_nodes,
                      host.numa_nodes == 1 ? "" : "s");
  for (std::size_t level = 0; level < host.cache_bytes.size(); ++level) {
    text += fmt::format(", L{} {}", level + 1, human_bytes(host.cache_bytes[level]));
  }
  return text + ", " + human_bytes(host.memory_bytes) + " memory";
}

Result<Explanation> explain_choices(const Image& image, const LowererOptions& options) {
  return explain_decided(image, options, decide_lowering(image, options));
}

Result<Explanation> explain_image(const Image& image, const LowererOptions& options) {
  const auto decided = decide_lowering(image, options);
  XAAS_ASSIGN(Explanation all, explain_decided(image, options, decided));
  if (decided) {
    XAAS_ASSIGN(all.missing_symbols, find_missing_symbols(image, *decided, all.slots));
  }
  return all;
}

OrderedJson to_ordered_json(const Explanation& all) {
  OrderedJson configurations = OrderedJson::array();
  for (const Choice& choice : all.choices) {
    configurations.push_back({{"name", choice.configuration},
                              {"accepted", choice.accepted},
                              {"chosen", choice.chosen},
                              {"reason", choice.reason},
                              {"note", choice.note}});
  }
  OrderedJson others = OrderedJson::array();
  for (const OtherChoice& other : all.others) {
    others.push_back({{"cpu", other.cpu}, {"configuration", other.configuration}, {"level", other.level}});
  }
  OrderedJson levels = OrderedJson::array();
  for (const LevelChoice& level : all.levels) {
    levels.push_back({{"name", level.level}, {"chosen", level.chosen}, {"reason", level.reason}});
  }
  OrderedJson ready = OrderedJson::array();
  for (const ReadyChoice& choice : all.ready) {
    ready.push_back({{"cpu", choice.cpu}, {"fits", choice.reason.empty()}, {"reason", choice.reason}});
  }
  OrderedJson lacks = OrderedJson::array();
  for (const auto& [path, symbols] : all.missing_symbols) {
    for (const MissingSymbol& symbol : symbols) {
      lacks.push_back({{"file", path}, {"symbol", symbol.name}, {"version", symbol.version}, {"units", symbol.units}});
    }
  }
  OrderedJson uses = OrderedJson::array();
  for (const DeviceUse& use : all.device_uses) uses.push_back(to_ordered_json(use));
  OrderedJson builds = OrderedJson::array();
  for (const HostBuildChoice& build : all.builds) {
    builds.push_back({{"configuration", build.configuration},
                      {"can_be_built", build.problems.empty()},
                      {"problems", build.problems}});
  }
  return {{"host",
           {{"model", all.host.model},
            {"cores", all.host.cores},
            {"threads", all.host.threads},
            {"numa_nodes", all.host.numa_nodes},
            {"cache_bytes", all.host.cache_bytes},
            {"memory_bytes", all.host.memory_bytes},
            {"devices", all.host.devices},
            {"libraries", all.libraries}}},
          {"target", {{"triple", all.target.triple}, {"cpu", all.target.cpu}, {"features", all.target.features}}},
          {"configurations", configurations},
          {"levels", levels},
          {"ready", ready},
          {"other_cpus", others},
          {"builds", builds},
          {"slots", to_ordered_json(all.slots)},
          {"has_device_code", all.has_device_code()},
          {"gpus", all.gpus},
          {"device_uses", uses},
          {"ptxas", all.ptxas},
          {"nvlink", all.nvlink},
          {"missing_libraries", all.missing},
          {"missing_symbols", lacks},
          {"missing_libc", all.missing_libc},
          {"problem", all.problem}};
}

std::string to_text(const Image& image, const Explanation& all) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "image     {} {} ({})\n", image.manifest().name, image.manifest().version, image.path().string());
  fmt::format_to(out, "host      {}\n", printable(describe(all.host)));
  if (!all.host.devices.empty()) fmt::format_to(out, "devices   {}\n", fmt::join(all.host.devices, " "));
  for (const auto& [soname, path] : all.libraries) {
    fmt::format_to(out, "library   {}  {}\n", soname, path.empty() ? "not on " + all.host_name : printable(path));
  }
  fmt::format_to(out, "target    {} {}\n", all.target.triple, all.target.cpu);
  fmt::format_to(out, "features ");
  for (const std::string& feature : features_of(all.target)) fmt::format_to(out, " {}", feature.substr(1));
  fmt::format_to(out, "\n");
  for (const Choice& choice : all.choices) {
    const char* verdict = choice.chosen     ? "chosen"
                          : choice.accepted ? "fits, but another one ranks higher"
                                            : "refused: ";
    fmt::format_to(out, "config    {}  {}{}{}\n", choice.configuration, verdict, choice.reason,
                   choice.accepted && !choice.note.empty() ? "; " + choice.note : "");
  }
  for (const HostBuildChoice& build : all.builds) {
    fmt::format_to(out, "build     {}  {}\n", printable(build.configuration),
                   build.problems.empty()
                       ? std::string("can be built here: xaas-lower build")
                       : printable(fmt::format("cannot be built here: {}", fmt::join(build.problems, ", and "))));
  }
  for (const LevelChoice& level : all.levels) {
    fmt::format_to(out, "level     {}  {}\n", printable(level.level),
                   level.chosen ? "chosen" : fmt::format("not used: {}", printable(level.reason)));
  }
  for (const ReadyChoice& ready : all.ready) {
    fmt::format_to(out, "ready     {}  {}\n", printable(ready.cpu),
                   ready.reason.empty() ? "fits" : fmt::format("not used: {}", printable(ready.reason)));
  }
  for (const SlotChoice& slot : all.slots) {
    fmt::format_to(out, "slot      {}  {}\n", printable(slot.slot), describe(slot));
  }
  for (const OtherChoice& other : all.others) {
    fmt::format_to(out, "with      {}  {}{}\n", other.cpu, other.configuration.empty() ? "none" : other.configuration,
                   other.level.empty() ? "" : fmt::format(", level {}", printable(other.level)));
  }
  if (all.has_device_code()) fmt::format_to(out, "gpus      {}\n", describe_device_code(all));
  for (const DeviceUse& use : all.device_uses) {
    fmt::format_to(out, "gpu code  {}  {}\n", printable(use.path), printable(describe(use)));
  }
  for (const auto& [soname, path] : all.missing) fmt::format_to(out, "missing   {}, which {} needs\n", soname, path);
  for (const auto& [path, symbols] : all.missing_symbols) {
    fmt::format_to(out, "missing   {}, which {} needs{}\n", printable(describe(symbols)), printable(path),
                   describe_oldest_libc(symbols, all.host_name, all.libc));
  }
  if (!all.missing_libc.empty()) {
    fmt::format_to(out, "libc      lacks {}: files that need it start only once they are lowered\n", all.missing_libc);
  }
  if (!all.problem.empty()) fmt::format_to(out, "problem   {}\n", all.problem);
  return text;
}

}  // namespace xaas
