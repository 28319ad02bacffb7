// Implements lowering ahead of time, `explain` and `cache`; see lower_commands.h.
#include "lower/lower_commands.h"

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

#include "format/base/interrupts.h"
#include "format/base/json_fields.h"
#include "format/base/text.h"
#include "format/base/tool_main.h"
#include "format/image.h"
#include "lower/add_on_choice.h"
#include "lower/cache_upkeep.h"
#include "lower/check.h"
#include "lower/explanation.h"
#include "lower/host_description.h"
#include "lower/lowerer.h"
#include "lower/native_export.h"
#include "lower/native_install.h"
#include "lower/parallel_lowering.h"
#include "lower/source_build/source_build.h"
#include "lower/stop_on_signals.h"
#include "lower/system/inventory.h"

namespace xaas {
namespace {

Result<std::shared_ptr<const Image>> open_image(const LowerCommandOptions& options) {
  return Image::open(options.image, {.offset = options.offset});
}

// The add-on that is chosen in the place of an image, or the image itself.
Result<std::shared_ptr<const Image>> open_chosen(const LowerCommandOptions& options, const LowererOptions& how) {
  XAAS_ASSIGN(auto image, open_image(options));
  XAAS_ASSIGN(const AddOnDecision decision, choose_add_on(std::move(image), how));
  return decision.image;
}

Result<LowererOptions> lowerer_options(const LowerCommandOptions& options) {
  LowererOptions result;
  result.configuration = options.configuration;
  result.target = {.cpu = options.cpu, .features = options.features};
  result.gpu = options.gpu;
  if (!options.policy.empty()) {
    XAAS_ASSIGN(result.policy, find_policy(options.policy));
  }
  result.jobs = options.jobs;
  result.memory = options.memory;
  result.cache = options.cache;
  for (const std::string& slot : options.slots) XAAS_TRY(add_slot_override(slot, result.slots));
  if (!options.host_description.empty()) {
    XAAS_ASSIGN(result.host, read_host_description(options.host_description, options.host_root));
  }
  return result;
}

Result<NativeOptions> native_options(const LowerCommandOptions& options) {
  if (!options.host_description.empty()) {
    return fail(Code::invalid, "a whole tree is lowered for this host only: --host-description goes without it");
  }
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

}  // namespace

Status lower_files(const LowerCommandOptions& options) {
  if (!options.output.empty() && options.paths.size() != 1) {
    return fail(Code::invalid, "--output takes one file: name one PATH");
  }
  if (!options.reproduce.empty() && options.paths.size() != 1) {
    return fail(Code::invalid, "--reproduce takes one file: name one PATH");
  }
  XAAS_ASSIGN(const LowererOptions how, lowerer_options(options));
  XAAS_ASSIGN(const auto image, open_chosen(options, how));
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
  XAAS_ASSIGN(const auto image, open_chosen(options, how.lowerer));
  const StopOnSignals signals;
  Progress progress("xaas-lower", Verbosity::normal);
  return install_native(image, how, options.directory, signals.token(), progress);
}

Status lower_export(const LowerCommandOptions& options) {
  XAAS_ASSIGN(NativeOptions how, native_options(options));
  how.prefix = options.prefix;
  XAAS_ASSIGN(const auto image, open_chosen(options, how.lowerer));
  const StopOnSignals signals;
  Progress progress("xaas-lower", Verbosity::normal);
  return export_native(image, how, options.output, signals.token(), progress);
}

Status lower_explain(const LowerCommandOptions& options) {
  XAAS_ASSIGN(const auto image, open_image(options));
  XAAS_ASSIGN(const LowererOptions how, lowerer_options(options));
  XAAS_ASSIGN(const AddOnDecision decision, choose_add_on(image, how));
  XAAS_ASSIGN(Explanation explanation, explain_image(*decision.image, how));
  if (!decision.choices.empty()) explanation.choices = decision.choices;
  if (how.host == this_host()) explanation.builds = explain_builds(*image);
  return print(options.json ? dump_json(to_ordered_json(explanation), 2) + "\n" : to_text(*image, explanation));
}

Status lower_explain_system(const LowerCommandOptions& options) {
  XAAS_ASSIGN(const Target target, resolve_target(host_triple(), {}));
  const Inventory inventory = take_inventory(surroundings_here(), target);
  return print(options.json ? dump_json(to_ordered_json(inventory), 2) + "\n" : to_text(inventory));
}

Result<bool> lower_check(const LowerCommandOptions& options) {
  XAAS_ASSIGN(const LowererOptions how, lowerer_options(options));
  XAAS_ASSIGN(const auto image, open_chosen(options, how));
  XAAS_ASSIGN(const ImageCheck check, check_image(*image, how));
  XAAS_TRY(print(options.json ? dump_json(to_ordered_json(check), 2) + "\n" : to_text(*image, check)));
  return check.runs();
}

Status lower_describe_host(const LowerCommandOptions& options) {
  XAAS_ASSIGN(const HostDescription description, describe_this_host());
  const std::string text = to_json(description);
  return options.output.empty() ? print(text) : write_file(options.output, text);
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

Status lower_build(const LowerCommandOptions& options) {
  SourceBuildOptions how;
  XAAS_ASSIGN(how.points, parse_point_values(options.points));
  how.mpi = options.mpi;
  how.cache = options.cache;
  how.jobs = options.jobs;
  how.memory = options.memory;
  how.verbose = options.verbose;
  XAAS_ASSIGN(const auto image, open_image(options));
  XAAS_ASSIGN(const PlannedBuild plan, plan_source_build(*image, how));
  if (options.dry_run) return print(to_text(*image, plan));
  const auto begin = std::chrono::steady_clock::now();
  if (!plan.made) XAAS_TRY(watch_interrupts("xaas-lower"));
  XAAS_ASSIGN(const AddOn add_on, plan.made ? Result<AddOn>(*plan.made) : build_from_source(*image, plan, how));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return print(fmt::format("{}  {}  {}\n", plan.configuration.name,
                           plan.made ? "cached" : fmt::format("built in {:.1f} s", seconds), add_on.file.string()));
}

std::string engine_description(const std::string& llvm, const std::vector<std::string>& targets) {
  return dump_json({{"llvm", llvm}, {"targets", targets}});
}

}  // namespace xaas
