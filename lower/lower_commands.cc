// Implements lowering ahead of time, `explain` and `cache`; see lower_commands.h.
#include "lower/lower_commands.h"

#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <utility>
#include <variant>

#include "format/base/json_fields.h"
#include "format/base/text.h"
#include "format/base/tool_main.h"
#include "format/image.h"
#include "lower/cache_upkeep.h"
#include "lower/devices.h"
#include "lower/host.h"
#include "lower/host_library.h"
#include "lower/library_search.h"
#include "lower/lowerer.h"
#include "lower/native_export.h"
#include "lower/native_install.h"
#include "lower/parallel_lowering.h"
#include "lower/runtime_libraries.h"
#include "lower/stop_on_signals.h"

namespace xaas {
namespace {

Result<std::shared_ptr<const Image>> open_image(const LowerCommandOptions& options) {
  return Image::open(options.image, {.offset = options.offset});
}

Result<LowererOptions> lowerer_options(const LowerCommandOptions& options) {
  LowererOptions result;
  result.configuration = options.configuration;
  result.target = {.cpu = options.cpu, .features = options.features};
  if (!options.policy.empty()) {
    XAAS_ASSIGN(result.policy, find_policy(options.policy));
  }
  result.jobs = options.jobs;
  result.memory = options.memory;
  result.cache = options.cache;
  return result;
}

Result<NativeOptions> native_options(const LowerCommandOptions& options) {
  NativeOptions result;
  XAAS_ASSIGN(result.lowerer, lowerer_options(options));
  result.strict = options.strict;
  return result;
}

Result<FileRecord> find_record(const Image& image, const std::string& root, const std::string& path) {
  const auto followed = follow_in_image(image, root + path);
  if (!followed) return fail(Code::not_found, "{} has no file {}", image.path().string(), path);
  XAAS_ASSIGN(auto record, image.files().find(*followed));
  if (!record || record->recipe.is_none()) {
    return fail(Code::invalid, "{} is not lowered: it is the same on every host", path);
  }
  return std::move(*record);
}

Result<std::vector<FileRecord>> select_records(const Image& image, const std::string& root,
                                               const std::vector<std::string>& paths) {
  if (paths.empty()) return lowerable_records(image, root);
  std::vector<FileRecord> records;
  for (const std::string& path : paths) {
    XAAS_ASSIGN(FileRecord record, find_record(image, root, path));
    records.push_back(std::move(record));
  }
  return records;
}

// The features that the target has, without those that it lacks: "+avx2".
std::vector<std::string> features_of(const Target& target) {
  std::vector<std::string> features;
  std::ranges::copy_if(target.features, std::back_inserter(features),
                       [](const std::string& feature) { return feature.starts_with('+'); });
  return features;
}

void print_lowered(const Lowerer& lowerer, const FileRecord& record, const Lowered& lowered, bool json) {
  const std::filesystem::path where = lowerer.place(lowered.key).value_or("-");  // "-": no cache has it
  const char* how = lowered.from_cache ? "cached" : "lowered";
  const std::string line = json ? dump_json({{"path", path_in_tree(record.path)},
                                             {"cpu", lowerer.target().cpu},
                                             {"configuration", lowerer.configuration()},
                                             {"level", lowerer.level()},
                                             {"policy", lowerer.policy().name},
                                             {"features", features_of(lowerer.target())},
                                             {"seconds", lowered.seconds},
                                             {"how", how},
                                             {"units_prepared", lowered.units_prepared},
                                             {"modules_made", lowered.modules_made},
                                             {"peak_bytes", lowered.peak_bytes},
                                             {"size", lowered.size},
                                             {"key", lowered.key.to_string()},
                                             {"file", where.string()}})
                                : fmt::format("{}  {}  {:.2f} s  {}  {}", path_in_tree(record.path),
                                              lowerer.target().cpu, lowered.seconds, how, where.string());
  // Lowering goes on if printing fails. tool_main() notices the failure and reports it.
  static_cast<void>(print(line + "\n"));
  static_cast<void>(std::fflush(stdout));
}

Status write_output(const Lowered& lowered, const std::filesystem::path& target) {
  const std::filesystem::path directory = target.has_parent_path() ? target.parent_path() : ".";
  XAAS_ASSIGN(TempFile file, TempFile::create(directory));
  XAAS_TRY(read_pieces(lowered.file.get(), lowered.size,
                       [&](std::string_view piece) { return write_all(file.fd(), piece); }));
  if (fchmod(file.fd(), 0755) != 0) return fail_errno(fmt::format("cannot change the mode of {}", target.string()));
  return file.commit(target);
}

// Prints a line to stderr. Control characters are escaped, because the text may come from an image.
void say(const std::string& path, const std::string& message) {
  const std::string_view shown = path_in_tree(path);
  fmt::print(stderr, "xaas-lower: {}: {}\n", printable(shown), printable(message));
}

// Lowers files, and prints a line for each. Returns how many failed.
std::size_t lower_all(const Lowerer& lowerer, const std::vector<FileRecord>& records,
                      const LowerCommandOptions& options, const std::stop_token& stop) {
  std::mutex print_mutex;
  std::atomic<std::size_t> failed = 0;
  const LowerDone done = [&](const FileRecord& record, Result<Lowered> lowered) {
    Status status;
    if (!lowered) {
      status = tl::unexpected(std::move(lowered.error()));
    } else if (!options.output.empty()) {
      status = write_output(*lowered, options.output);
    }
    const std::lock_guard lock(print_mutex);
    if (!status) {
      ++failed;
      return say(record.path, status.error().message);
    }
    print_lowered(lowerer, record, *lowered, options.json);
    for (const std::string& warning : lowered->warnings) say(record.path, warning);
  };
  std::vector<const FileRecord*> all;
  for (const FileRecord& record : records) all.push_back(&record);
  lower_several(lowerer, std::move(all), options.jobs, stop, done);
  return failed;
}

Result<CacheUsage> look_after(const Cache& cache, const LowerCommandOptions& options) {
  if (options.action == "verify") return verify_cache(cache);
  if (options.action == "clear") return clear_cache(cache);
  if (options.action == "prune") return prune_cache(cache, options.limits);
  return measure_cache(cache);
}

// REQUIRES: options.reproduce is set.
Status save_job(const Lowerer& lowerer, const FileRecord& record, const LowerCommandOptions& options) {
  XAAS_TRY(lowerer.save_job(record, options.reproduce));
  fmt::print("cd {} && ./xaas-lower --worker <job.json\n", options.reproduce.string());
  return {};
}

std::string human_bytes(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  return fmt::format("{:.{}f} {}", value, unit == 0 || value >= 100 ? 0 : 1, kUnits[unit]);
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

// Maps the soname of each library that is neither in the image nor on this host to one of the files that need it.
Result<std::map<std::string, std::string>> missing_libraries(const Image& image, const std::string& configuration,
                                                             const Target& target) {
  XAAS_ASSIGN(const auto records, lowerable_records(image, tree_root(image.manifest(), configuration)));
  const std::vector<std::string> directories = toolchain_libraries(image);
  const auto host_directories = host_library_directories(kLoaderConfiguration, target.triple);
  std::map<std::string, std::string> missing;
  std::set<std::string> seen;
  for (const FileRecord& record : records) {
    XAAS_ASSIGN(const Recipe recipe, image.recipe(record.recipe));
    for (const LinkArgument& argument : recipe.arguments) {
      const auto* library = std::get_if<LibraryInput>(&argument);
      if (library == nullptr || !seen.insert(library->soname).second) continue;
      if (find_library(image, library->soname, record.path, directories, target.triple, host_directories)) continue;
      missing.emplace(library->soname, path_in_tree(record.path));
    }
  }
  return missing;
}

// Maps each soname that a configuration requires to the library's path on this host; empty if the host lacks it.
std::map<std::string, std::string> required_libraries(const Manifest& manifest, std::string_view triple) {
  std::map<std::string, std::string> libraries;
  for (const Configuration& configuration : manifest.configurations) {
    for (const std::string& soname : configuration.requires_.libraries) {
      libraries[soname] = find_host_library(soname, triple).value_or("").string();
    }
  }
  return libraries;
}

// What `explain` prints.
struct Explanation {
  Host host;
  Target target;
  std::vector<Choice> choices;
  std::vector<LevelChoice> levels;  // of the chosen configuration
  std::vector<ReadyChoice> ready;   // of the chosen configuration
  std::vector<OtherChoice> others;
  std::vector<std::string> devices;
  std::map<std::string, std::string> libraries;  // required_libraries()
  std::map<std::string, std::string> missing;
  std::string missing_libc;  // the libc floor of the baseline, if this host's libc lacks it
  std::string problem;       // why the image cannot be lowered here; empty if it can
};

OrderedJson to_ordered_json(const Explanation& all) {
  OrderedJson configurations = OrderedJson::array();
  for (const Choice& choice : all.choices) {
    configurations.push_back({{"name", choice.configuration},
                              {"accepted", choice.accepted},
                              {"chosen", choice.chosen},
                              {"reason", choice.reason}});
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
  return {{"host",
           {{"model", all.host.model},
            {"cores", all.host.cores},
            {"threads", all.host.threads},
            {"numa_nodes", all.host.numa_nodes},
            {"cache_bytes", all.host.cache_bytes},
            {"memory_bytes", all.host.memory_bytes},
            {"devices", all.devices},
            {"libraries", all.libraries}}},
          {"target", {{"triple", all.target.triple}, {"cpu", all.target.cpu}, {"features", all.target.features}}},
          {"configurations", configurations},
          {"levels", levels},
          {"ready", ready},
          {"other_cpus", others},
          {"missing_libraries", all.missing},
          {"missing_libc", all.missing_libc},
          {"problem", all.problem}};
}

void print_text(const Image& image, const Explanation& all) {
  fmt::print("image     {} {} ({})\n", image.manifest().name, image.manifest().version, image.path().string());
  fmt::print("host      {}\n", describe(all.host));
  if (!all.devices.empty()) fmt::print("devices   {}\n", fmt::join(all.devices, " "));
  for (const auto& [soname, path] : all.libraries) {
    fmt::print("library   {}  {}\n", soname, path.empty() ? "not on this host" : path);
  }
  fmt::print("target    {} {}\n", all.target.triple, all.target.cpu);
  fmt::print("features ");
  for (const std::string& feature : features_of(all.target)) fmt::print(" {}", feature.substr(1));
  fmt::print("\n");
  for (const Choice& choice : all.choices) {
    const char* verdict = choice.chosen     ? "chosen"
                          : choice.accepted ? "fits, but another one ranks higher"
                                            : "refused: ";
    fmt::print("config    {}  {}{}\n", choice.configuration, verdict, choice.reason);
  }
  for (const LevelChoice& level : all.levels) {
    fmt::print("level     {}  {}\n", printable(level.level),
               level.chosen ? "chosen" : fmt::format("not used: {}", printable(level.reason)));
  }
  for (const ReadyChoice& ready : all.ready) {
    fmt::print("ready     {}  {}\n", printable(ready.cpu),
               ready.reason.empty() ? "fits" : fmt::format("not used: {}", printable(ready.reason)));
  }
  for (const OtherChoice& other : all.others) {
    fmt::print("with      {}  {}{}\n", other.cpu, other.configuration.empty() ? "none" : other.configuration,
               other.level.empty() ? "" : fmt::format(", level {}", printable(other.level)));
  }
  for (const auto& [soname, path] : all.missing) fmt::print("missing   {}, which {} needs\n", soname, path);
  if (!all.missing_libc.empty()) {
    fmt::print("libc      lacks {}: only what is lowered starts, not the baseline\n", all.missing_libc);
  }
  if (!all.problem.empty()) fmt::print("problem   {}\n", all.problem);
}

}  // namespace

Status lower_files(const LowerCommandOptions& options) {
  if (!options.output.empty() && options.paths.size() != 1) {
    return fail(Code::invalid, "--output takes one file: name one PATH");
  }
  if (!options.reproduce.empty() && options.paths.size() != 1) {
    return fail(Code::invalid, "--reproduce takes one file: name one PATH");
  }
  XAAS_ASSIGN(const LowererOptions how, lowerer_options(options));
  XAAS_ASSIGN(const auto image, open_image(options));
  XAAS_ASSIGN(const auto lowerer, Lowerer::create(image, how));
  const std::string root = tree_root(image->manifest(), lowerer->configuration());
  XAAS_ASSIGN(const auto records, select_records(*image, root, options.paths));
  if (const Status writable = lowerer->cache().writable(); !writable) {
    fmt::print(stderr, "xaas-lower: nothing is kept: {}\n", writable.error().message);
  }
  if (!options.reproduce.empty()) return save_job(*lowerer, records.front(), options);
  const StopOnSignals signals;
  const std::size_t failed = lower_all(*lowerer, records, options, signals.token());
  if (signals.token().stop_requested()) return fail(Code::interrupted, "stopped by a signal");
  if (failed != 0) return fail(Code::failed, "{} of {} files could not be lowered", failed, records.size());
  return {};
}

Status lower_install(const LowerCommandOptions& options) {
  XAAS_ASSIGN(const NativeOptions how, native_options(options));
  XAAS_ASSIGN(const auto image, open_image(options));
  const StopOnSignals signals;
  Progress progress("xaas-lower", Verbosity::normal);
  return install_native(image, how, options.directory, signals.token(), progress);
}

Status lower_export(const LowerCommandOptions& options) {
  XAAS_ASSIGN(NativeOptions how, native_options(options));
  how.prefix = options.prefix;
  XAAS_ASSIGN(const auto image, open_image(options));
  const StopOnSignals signals;
  Progress progress("xaas-lower", Verbosity::normal);
  return export_native(image, how, options.output, signals.token(), progress);
}

Status lower_explain(const LowerCommandOptions& options) {
  XAAS_ASSIGN(const auto image, open_image(options));
  XAAS_ASSIGN(const LowererOptions how, lowerer_options(options));
  Explanation all;
  XAAS_ASSIGN(all.host, describe_host());
  XAAS_ASSIGN(all.target, resolve_target(lowering_triple(image->manifest()), how.target));
  all.choices = explain_configurations(image->manifest(), all.target, options.configuration);
  all.devices = host_devices();
  all.libraries = required_libraries(image->manifest(), all.target.triple);
  const auto chosen = choose_configuration(*image, all.target, options.configuration);
  const std::string& configuration = chosen ? *chosen : image->manifest().default_configuration;
  all.levels = explain_levels(image->manifest(), configuration, all.target, false);
  all.ready = explain_ready(image->manifest(), configuration, all.target,
                            choose_level(image->manifest(), configuration, all.target, false),
                            policy_for(how.policy, image->manifest().policy).name);
  // With a single configuration and no levels, the choice on other CPUs tells nothing new.
  if (all.choices.size() > 1 || !all.levels.empty()) all.others = explain_other_cpus(image->manifest());
  XAAS_ASSIGN(all.missing, missing_libraries(*image, configuration, all.target));
  all.missing_libc = missing_libc(image->manifest(), configuration);
  if (const auto lowerer = Lowerer::create(image, how); !lowerer) all.problem = lowerer.error().message;
  if (options.json) {
    fmt::print("{}\n", dump_json(to_ordered_json(all), 2));
  } else {
    print_text(*image, all);
  }
  return {};
}

Status lower_cache(const LowerCommandOptions& options) {
  const auto cache = Cache::open(options.cache);
  if (cache->directory().empty()) return cache->writable();
  XAAS_ASSIGN(const CacheUsage usage, look_after(*cache, options));
  if (options.json) {
    fmt::print("{}\n", dump_json({{"directory", cache->directory().string()},
                                  {"entries", usage.entries},
                                  {"modules", usage.modules},
                                  {"bytes", usage.bytes},
                                  {"broken", usage.broken},
                                  {"unreadable", usage.unreadable}}));
    return {};
  }
  fmt::print("{}: {} entries, {} modules, {}", cache->directory().string(), usage.entries, usage.modules,
             human_bytes(usage.bytes));
  if (options.action == "clear" || options.action == "prune") fmt::print(", removed");
  if (options.action == "verify") fmt::print(", {} broken and removed", usage.broken);
  if (usage.unreadable != 0) fmt::print(", {} unreadable", usage.unreadable);
  fmt::print("\n");
  return {};
}

std::string engine_description(const std::string& llvm, const std::vector<std::string>& targets) {
  return dump_json({{"llvm", llvm}, {"targets", targets}});
}

}  // namespace xaas
