// The phases of mkxaas; see make_image.h.
#include "mkimage/make_image.h"

#include <algorithm>
#include <iterator>

#include "format/base/file.h"
#include "format/base/interrupts.h"
#include "format/base/process.h"
#include "format/base/shell_quoted.h"
#include "format/base/text.h"
#include "format/image.h"
#include "format/make_executable.h"
#include "mkimage/build_driver.h"
#include "mkimage/build_state.h"
#include "mkimage/capture/fortran_command.h"
#include "mkimage/configuration_build.h"
#include "mkimage/contents/capture_report.h"
#include "mkimage/contents/contents_writer.h"
#include "mkimage/contents/image_contents.h"
#include "mkimage/contents/merge_stages.h"
#include "mkimage/contents/native_reasons.h"
#include "mkimage/contents/offered_levels.h"
#include "mkimage/contents/ready_files.h"
#include "mkimage/contents/recorded_source.h"
#include "mkimage/contents/unit_asks.h"
#include "mkimage/image_target.h"
#include "mkimage/record/work_directory.h"
#include "mkimage/reuse/capture_cache.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecipeFileName = "xaas.toml";
constexpr const char* kConfigureScript = "configure";

Result<fs::path> source_directory(const fs::path& given) {
  std::error_code error;
  fs::path source = fs::canonical(given, error);
  if (error) return fail(Code::not_found, "cannot find the source {}: {}", given.string(), error.message());
  if (!fs::is_directory(source)) return fail(Code::invalid, "the source {} is no directory", given.string());
  return source;
}

// What to build: the source, the plan, and the configurations.
struct Task {
  fs::path source;
  BuildPlan plan;
  std::vector<PlannedConfiguration> configurations;
  std::vector<PlannedConfiguration> on_host;  // which are not built here
};

Result<BuildRecipe> load_recipe(const MakeImageOptions& options) {
  if (options.recipe_file) return load_recipe_file(*options.recipe_file);
  const fs::path beside = options.source / kRecipeFileName;
  std::error_code ignored;
  if (!options.source.empty() && fs::exists(beside, ignored)) return load_recipe_file(beside);
  return BuildRecipe();
}

// Finds the source. `source` in a recipe file is relative to that file. It decides unless the user gives both a recipe
// file and a source.
Result<fs::path> find_source(const MakeImageOptions& options, const BuildRecipe& recipe) {
  if (!recipe.source && options.source.empty()) {
    return fail(Code::invalid, "{} names no source: give SOURCE, or \"source\" in it", options.recipe_file->string());
  }
  if (!recipe.source || (options.recipe_file && !options.source.empty())) return source_directory(options.source);
  const fs::path directory = options.recipe_file ? options.recipe_file->parent_path() : options.source;
  return source_directory(directory / *recipe.source);
}

std::vector<PlannedConfiguration> all_configurations(const Task& task) {
  std::vector<PlannedConfiguration> all = task.configurations;
  all.insert(all.end(), task.on_host.begin(), task.on_host.end());
  return all;
}

// Configurations that hosts build need the source, and what is installed as it is must be in it.
Status check_host_builds(const Task& task) {
  if (task.on_host.empty()) return {};
  if (!task.plan.with_source) {
    return fail(Code::invalid,
                "{} is built on the host, which needs the source: give --with-source, or with_source = true",
                task.on_host.front().name);
  }
  for (const InstalledAsIs& file : task.plan.files) {
    if (!fs::path(file.from).is_absolute()) continue;
    return fail(Code::invalid, "{}: {} is not in the source, from which {} is built on the host", file.place, file.from,
                task.on_host.front().name);
  }
  return {};
}

Result<Task> plan_task(const MakeImageOptions& options) {
  XAAS_ASSIGN(const BuildRecipe recipe, load_recipe(options));
  Task task;
  XAAS_ASSIGN(task.source, find_source(options, recipe));
  XAAS_ASSIGN(task.configurations, plan_configurations(recipe, options.restrictions));
  const auto first = std::ranges::find_if(task.configurations, [](const auto& one) { return one.on_host.has_value(); });
  task.on_host.assign(std::make_move_iterator(first), std::make_move_iterator(task.configurations.end()));
  task.configurations.erase(first, task.configurations.end());
  XAAS_ASSIGN(task.plan, make_build_plan(task.source, recipe, options.overrides, options.arguments));
  XAAS_TRY(check_host_builds(task));
  return task;
}

// Takes the state that a failed run in `work` has left, if this run is like that one (`now`). The state's file is
// removed, because the directory changes from now on.
std::optional<BuildState> take_state(const WorkDirectory& work, const BuildState& now) {
  auto state = load_build_state(work.state());
  std::error_code ignored;
  fs::remove(work.state(), ignored);
  if (!state || state->made_for != now.made_for || !fs::is_directory(work.source(), ignored)) return std::nullopt;
  // CMake and Meson configure again when necessary. Nothing runs a changed configure script again.
  const SourceChanges changes = compare_listings(state->source, now.source);
  for (const auto* paths : {&changes.changed, &changes.vanished}) {
    if (std::ranges::find(*paths, kConfigureScript) != paths->end()) return std::nullopt;
  }
  return state;
}

// Checks that the tree has the main program. Empty: none was named.
Status check_main(const InstalledTree& tree, const std::string& main) {
  if (main.empty() || is_program(tree.root / main)) return {};
  return fail(Code::invalid, "the main program \"{}\" is no program among the files that were installed", main);
}

// Keeps the work directory, and adds its place to the error. If `state` is null, the next run begins anew.
Error keep_work(WorkDirectory& work, BuildState* state, Stage failed, Error error) {
  yield_to_interrupt();
  work.keep();
  bool is_saved = false;
  if (state != nullptr && failed != Stage::configure) {
    state->failed = failed;
    is_saved = save_build_state(work.state(), *state).has_value();
  }
  const std::string where = is_saved ? fmt::format("; the next run takes up in {}", work.root().string())
                                     : fmt::format("; its files are kept in {}", work.root().string());
  error.message.insert(std::min(error.message.find('\n'), error.message.size()), where);
  return error;
}

// Builds all configurations and collects their contents. Returns the environment of the last one's compilers.
Result<CaptureEnvironment> build_all(const MakeImageOptions& options, const Task& task,
                                     const std::vector<fs::path>& without, WorkDirectory& work, Progress& progress,
                                     ImageContents& contents) {
  const bool shares_units = task.configurations.size() > 1;
  BuildState state;
  state.fortran = task.plan.fortran.value_or(FortranChoice::flang);
  state.made_for = describe_build(task.source, task.plan, task.configurations.front());
  XAAS_ASSIGN(state.source, list_source(task.source, without));
  const auto earlier = shares_units ? std::nullopt : take_state(work, state);
  XAAS_TRY(earlier ? work.take_up() : work.begin_anew());
  if (task.plan.with_source) {
    XAAS_ASSIGN(contents.source,
                record_source(task.source, without, task.plan.sources_left_out, work.parts() / "source"));
  }
  if (options.toolchain == ToolchainChoice::full) {
    XAAS_ASSIGN(contents.worker, bundle_worker(work.parts()));
  }
  if (shares_units || work.is_kept()) XAAS_TRY(CaptureCache(work.cache()).begin());

  CaptureEnvironment environment;
  const BuildTask build_task{task.source, without, state.source, task.plan};
  for (const PlannedConfiguration& configuration : task.configurations) {
    if (shares_units) progress.say(fmt::format("configuration {}", configuration.name));
    BuildDriver driver(work, task.plan, configuration, shares_units, options.jobs, progress);
    ConfigurationBuild build(work, build_task, driver, progress);
    Status status = earlier ? build.take_up(*earlier, state.fortran) : build.run(state.fortran);
    environment = driver.environment();
    std::optional<Stage> failed = driver.failed();
    if (status) {
      failed = Stage::install;  // the remedy is probably another install command
      status = build.install_as_they_are();
    }
    if (status) {
      status = collect_configuration({work, task.plan, configuration, environment, options.jobs}, progress, contents);
    }
    if (status) status = check_main(contents.configurations.back().tree, task.plan.main);
    if (status) continue;
    if (!failed) return tl::unexpected(status.error());
    return tl::unexpected(keep_work(work, shares_units ? nullptr : &state, *failed, status.error()));
  }
  return environment;
}

std::string summary(const fs::path& image, const CaptureCounts& counts, std::size_t configurations,
                    std::uint64_t size) {
  return fmt::format("{}: {:.1f} MB, {}{} of {} programs and libraries can be lowered, {} units ({} distinct)",
                     image.string(), static_cast<double>(size) / 1e6,
                     configurations == 1 ? "" : fmt::format("{} configurations, ", configurations), counts.lowerable,
                     counts.programs, counts.units, counts.distinct_units);
}

// The line that says which compiler Fortran had, since the image does not show why its Fortran is slower than that of
// another build, or not lowered.
std::string describe_fortran(const std::string& compiler, bool is_chosen) {
  if (!is_flang(compiler)) return fmt::format("Fortran: built by {}, whose code is not lowered", compiler);
  if (is_chosen) return fmt::format("Fortran: built by {}", compiler);
  return fmt::format(
      "Fortran: built by {}; some programs are faster with gfortran, which fortran = \"gfortran\" in xaas.toml chooses "
      "and whose code is not lowered",
      compiler);
}

std::string describe_padded(const PaddedStrings& padded) {
  const std::string others =
      padded.files == 1 ? "" : fmt::format(" and {} other file{}", padded.files - 1, padded.files == 2 ? "" : "s");
  return fmt::format(
      "paths: {} in {}{} will show the mountpoint with extra slashes, as /mnt//////bin, which is the same path",
      padded.count == 1 ? "one" : fmt::format("{}", padded.count), printable(padded.example), others);
}

// The slots of the recipe file of which no configuration needs a library. An image that brings no libraries has none.
std::vector<std::string> unused_slots(const BuildPlan& plan, const ImageContents& contents) {
  if (!plan.bundles) return {};
  std::vector<std::string> unused;
  std::ranges::copy_if(plan.slots, std::back_inserter(unused), [&](const std::string& name) {
    return std::ranges::none_of(contents.configurations, [&](const ConfigurationContents& configuration) {
      return std::ranges::find(configuration.slots, name, &Slot::name) != configuration.slots.end();
    });
  });
  return unused;
}

std::vector<std::string> describe_high_floors(const ImageContents& contents) {
  std::vector<std::string> lines;
  for (const ConfigurationContents& configuration : contents.configurations) {
    const HostNeeds& needs = configuration.needs;
    if (is_high(needs.libc_floor))
      lines.push_back(fmt::format("libc floor {}: {}", needs.libc_floor, needs.libc_floor_cause));
  }
  return lines;
}

// The patterns of the recipe file's libraries_left_out that name no library which a file of the image needs.
std::vector<std::string> idle_patterns(const BuildPlan& plan, const ImageContents& contents) {
  if (!plan.bundles) return {};
  std::vector<std::string> idle;
  std::ranges::copy_if(plan.libraries_left_out, std::back_inserter(idle), [&](const std::string& pattern) {
    return std::ranges::none_of(contents.configurations, [&](const ConfigurationContents& configuration) {
      return std::ranges::any_of(configuration.needs.libraries,
                                 [&](const std::string& soname) { return matches_any({pattern}, soname); });
    });
  });
  return idle;
}

// Prints size and counts, the reasons why code is not lowered, which compiler Fortran had, and whether paths look odd.
void say_what_was_made(const fs::path& image, const BuildPlan& plan, const ImageContents& contents, const fs::path& ir,
                       const WrittenImage& written, Progress& progress) {
  const CaptureCounts counts = count_captured(contents);
  if (counts.programs > 0 && counts.lowerable == 0) {
    progress.warn("no program can be lowered: every host will run them as the build compiled them");
  }
  for (const std::string& slot : unused_slots(plan, contents)) {
    progress.warn(fmt::format("the slot {} is left out: no program needs a library that belongs there", slot));
  }
  for (const std::string& pattern : idle_patterns(plan, contents)) {
    progress.warn(
        fmt::format("libraries_left_out names \"{}\", but no file of the image needs such a library", pattern));
  }
  progress.say(summary(image, counts, contents.configurations.size(), written.size));
  for (const std::string& line : describe_native(contents)) progress.say(line);
  if (const GpuCode code = count_gpu_code(contents); !code.forms.empty()) {
    progress.say("code for GPUs: " + describe(code));
  }
  for (const std::string& line : describe_high_floors(contents)) progress.say(line);
  for (const std::string& line : describe_asks(contents, ir)) progress.say(line);
  for (const std::string& line : describe_ready(contents)) progress.say(line);
  for (const std::string& compiler : fortran_compilers(contents)) {
    progress.say(describe_fortran(compiler, plan.fortran.has_value()));
  }
  if (written.padded.count > 0) progress.say(describe_padded(written.padded));
}

// Writes an image that only the worker reads, and has it make the ready files from it.
Status add_ready_files(const MakeImageOptions& options, const BuildPlan& plan, const WorkDirectory& work,
                       const CaptureStore& objects, ImageContents& contents, Progress& progress) {
  const std::vector<std::string> cpus = ready_cpus(plan.ready, contents);
  if (!contents.worker || cpus.empty() || count_captured(contents).lowerable == 0) return {};
  const fs::path draft = work.parts() / "draft.xaas";
  WriterOptions writer;
  writer.jobs = options.jobs;
  writer.zstd_level = 1;
  progress.begin("write", "a draft of the image");
  XAAS_TRY(write_image(draft, writer, objects, work.ir(), contents, make_manifest(plan, contents)));
  progress.end();
  XAAS_TRY(make_ready_files({draft, work.lowered(), options.jobs}, cpus, contents, progress));
  std::error_code ignored;
  fs::remove(draft, ignored);
  return {};
}

}  // namespace

Status check_arguments(const MakeImageOptions& options) {
  const auto task = plan_task(options);
  if (!task || task->plan.takes_arguments) return {};
  return fail(Code::invalid,
              "no command takes the words behind --,{}: write \"$@\" into the command that is to have them",
              shell_words(task->plan.arguments));
}

Result<std::string> describe_configurations(const MakeImageOptions& options) {
  XAAS_ASSIGN(const Task task, plan_task(options));
  return describe_commands(task.plan) + "\n" + describe_plan(all_configurations(task));
}

Status make_image(const MakeImageOptions& options, Progress& progress) {
  XAAS_ASSIGN(const Task task, plan_task(options));
  if (options.toolchain == ToolchainChoice::none && task.plan.ready.is_chosen && !task.plan.ready.names.empty()) {
    return fail(Code::invalid,
                "ready files are made by the compiler in the image: leave out --toolchain=none or ready");
  }
  XAAS_ASSIGN(const fs::path image, image_path(options.image));  // before the build, which may take hours
  WriterOptions writer;
  writer.jobs = options.jobs;
  writer.zstd_level = options.compression.value_or(writer.zstd_level);
  XAAS_ASSIGN(writer.mtime, source_date_epoch());
  if (options.executable) {
    XAAS_ASSIGN(writer.runner, load_runner());
  }

  const fs::path beside = image.string() + ".build";
  XAAS_ASSIGN(WorkDirectory work,
              WorkDirectory::create(options.work.value_or(beside),
                                    options.keep_build ? WorkDirectory::Keep::yes : WorkDirectory::Keep::no));
  ImageContents contents;
  XAAS_ASSIGN(const CaptureEnvironment environment,
              build_all(options, task, {work.root(), image, beside}, work, progress, contents));

  find_required_features(environment.c_compiler, contents);
  leave_out_native_objects(contents);
  XAAS_TRY(offer_levels(task.plan.levels, environment.store(), contents));
  XAAS_TRY(add_ready_files(options, task.plan, work, environment.store(), contents, progress));
  if (contents.source) {
    contents.about_source = describe_source(*contents.source, task.plan, all_configurations(task), environment);
  }
  const Manifest manifest = make_manifest(task.plan, contents);
  const MergeStages stages = measure_stages(contents, work.ir());
  if (options.report) XAAS_TRY(write_file(*options.report, capture_report(contents, manifest, stages)));
  progress.begin("write", image.string());
  XAAS_ASSIGN(const WrittenImage written,
              write_image(image, writer, environment.store(), work.ir(), contents, manifest));
  progress.end();
  if (work.is_kept()) CaptureCache(work.cache()).end();
  if (task.configurations.size() > 1) progress.say(stage_table(stages));
  say_what_was_made(options.image, task.plan, contents, work.ir(), written, progress);
  return {};
}

}  // namespace xaas
