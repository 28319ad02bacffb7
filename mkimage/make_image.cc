// The phases of mkxaas; see make_image.h.
#include "mkimage/make_image.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "format/file.h"
#include "format/image.h"
#include "mkimage/build_driver.h"
#include "mkimage/capture_cache.h"
#include "mkimage/capture_report.h"
#include "mkimage/contents_writer.h"
#include "mkimage/fortran_capture.h"
#include "mkimage/image_contents.h"
#include "mkimage/merge_stages.h"
#include "mkimage/native_reasons.h"
#include "mkimage/shell_quoted.h"
#include "mkimage/work_directory.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecipeFileName = "xaas.toml";

Result<fs::path> source_directory(const fs::path& given) {
  std::error_code error;
  fs::path source = fs::canonical(given, error);
  if (error) return fail(Code::not_found, "cannot find the source {}: {}", given.string(), error.message());
  if (!fs::is_directory(source)) return fail(Code::invalid, "the source {} is no directory", given.string());
  return source;
}

// Checked before the build, which may take hours.
Result<fs::path> image_path(const fs::path& given) {
  std::error_code error;
  const fs::path directory = fs::canonical(given.has_parent_path() ? given.parent_path() : ".", error);
  if (error) return fail(Code::not_found, "cannot write {}: {}", given.string(), error.message());
  if (!given.has_filename() || fs::is_directory(given)) {
    return fail(Code::invalid, "{} is a directory; give the image a name of its own", given.string());
  }
  return directory / given.filename();
}

Result<std::int64_t> source_date_epoch() {
  const char* text = std::getenv(kEpochVariable);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  if (text == nullptr || *text == '\0') return kDefaultEpoch;
  const std::string_view digits(text);
  std::int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec == std::errc() && result.ptr == digits.data() + digits.size() && value >= 0) return value;
  return fail(Code::invalid, "{} is \"{}\", which is no number of seconds", kEpochVariable, text);
}

// What to build: the source, how, and in which configurations.
struct Task {
  fs::path source;
  BuildPlan plan;
  std::vector<PlannedConfiguration> configurations;
};

Result<BuildRecipe> load_recipe(const MakeImageOptions& options) {
  if (options.recipe_file) return load_recipe_file(*options.recipe_file);
  const fs::path beside = options.source / kRecipeFileName;
  std::error_code ignored;
  if (!options.source.empty() && fs::exists(beside, ignored)) return load_recipe_file(beside);
  return BuildRecipe();
}

// The recipe's `source` is relative to the recipe; a recipe of its own says which source it is for unless the command
// line does.
Result<fs::path> find_source(const MakeImageOptions& options, const BuildRecipe& recipe) {
  if (!recipe.source && options.source.empty()) {
    return fail(Code::invalid, "{} names no source: give SOURCE, or \"source\" in it", options.recipe_file->string());
  }
  if (!recipe.source || (options.recipe_file && !options.source.empty())) return source_directory(options.source);
  const fs::path directory = options.recipe_file ? options.recipe_file->parent_path() : options.source;
  return source_directory(directory / *recipe.source);
}

Result<Task> plan_task(const MakeImageOptions& options) {
  XAAS_ASSIGN(const BuildRecipe recipe, load_recipe(options));
  Task task;
  XAAS_ASSIGN(task.source, find_source(options, recipe));
  XAAS_ASSIGN(task.configurations, plan_configurations(recipe, options.restrictions));
  XAAS_ASSIGN(task.plan, make_build_plan(task.source, recipe, options.overrides, options.arguments));
  return task;
}

// Files that the recipe adds to what the build has installed.
Status install_as_they_are(const WorkDirectory& work, const BuildPlan& plan) {
  for (const InstalledAsIs& file : plan.files) {
    const fs::path target = work.installed() / fs::path(plan.prefix).relative_path() / file.to;
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    fs::copy(work.source() / file.from, target,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing | fs::copy_options::copy_symlinks,
             error);
    if (error) return fail(Code::invalid, "{}: cannot install {}: {}", file.place, file.from, error.message());
  }
  return {};
}

// Builds a copy of `source` but for `without`; where flang cannot and nobody chose it, with gfortran, and then so for
// later configurations.
Status build(const WorkDirectory& work, const fs::path& source, const std::vector<fs::path>& without,
             const BuildPlan& plan, BuildDriver& driver, FortranChoice& fortran, Progress& progress) {
  const auto attempt = [&]() -> Status {
    XAAS_TRY(work.clear_build());
    XAAS_TRY(copy_tree(source, work.source(), without));
    XAAS_TRY(driver.prepare(fortran));
    return driver.run();
  };
  Status status = attempt();
  const bool may_change = !status && fortran == FortranChoice::flang;
  if (const auto refusal = may_change ? driver.wants_gfortran() : std::nullopt) {
    progress.warn(
        fmt::format("flang does not build it ({}); once more with gfortran, whose code is not lowered", *refusal));
    driver.environment().store().remove_records();
    fortran = FortranChoice::gfortran;
    status = attempt();
  }
  if (!status) driver.show_failure();
  return status ? install_as_they_are(work, plan) : status;
}

std::string summary(const fs::path& image, const CaptureCounts& counts, std::size_t configurations,
                    std::uint64_t size) {
  return fmt::format("{}: {:.1f} MB, {}{} of {} programs and libraries can be lowered, {} units ({} distinct)",
                     image.string(), static_cast<double>(size) / 1e6,
                     configurations == 1 ? "" : fmt::format("{} configurations, ", configurations), counts.lowerable,
                     counts.programs, counts.units, counts.distinct_units);
}

// Nobody sees from the image alone why its Fortran is slower than that of another build, or not lowered.
std::string describe_fortran(const std::string& compiler, bool is_chosen) {
  if (!is_flang(compiler)) return fmt::format("Fortran: built by {}, whose code is not lowered", compiler);
  if (is_chosen) return fmt::format("Fortran: built by {}", compiler);
  return fmt::format(
      "Fortran: built by {}; some programs are faster with gfortran, which fortran = \"gfortran\" in xaas.toml chooses "
      "and whose code is not lowered",
      compiler);
}

// Size and counts, why what is not lowered is not, and which compiler Fortran had.
void say_what_was_made(const fs::path& image, const BuildPlan& plan, const ImageContents& contents, std::uint64_t size,
                       Progress& progress) {
  const CaptureCounts counts = count_captured(contents);
  if (counts.programs > 0 && counts.lowerable == 0) {
    progress.warn("no program can be lowered: every host will run them as the build compiled them");
  }
  progress.say(summary(image, counts, contents.configurations.size(), size));
  for (const std::string& line : describe_native(contents)) progress.say(line);
  for (const std::string& compiler : fortran_compilers(contents)) {
    progress.say(describe_fortran(compiler, plan.fortran.has_value()));
  }
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
  return describe_commands(task.plan) + "\n" + describe_plan(task.configurations);
}

Status make_image(const MakeImageOptions& options, Progress& progress) {
  XAAS_ASSIGN(const Task task, plan_task(options));
  XAAS_ASSIGN(const fs::path image, image_path(options.image));
  XAAS_ASSIGN(const std::int64_t epoch, source_date_epoch());

  const fs::path beside = image.string() + ".build";
  XAAS_ASSIGN(const WorkDirectory work,
              WorkDirectory::create(options.work.value_or(beside),
                                    options.keep_build ? WorkDirectory::Keep::yes : WorkDirectory::Keep::no));
  ImageContents contents;
  if (options.toolchain == ToolchainChoice::full) {
    XAAS_ASSIGN(contents.worker, bundle_worker(work.parts()));
  }
  const bool shares_units = task.configurations.size() > 1;
  const bool uses_cache = shares_units || work.is_kept();
  if (uses_cache) XAAS_TRY(CaptureCache(work.cache()).begin());
  CaptureEnvironment environment;
  FortranChoice fortran = task.plan.fortran.value_or(FortranChoice::flang);
  for (const PlannedConfiguration& configuration : task.configurations) {
    if (shares_units) progress.say(fmt::format("configuration {}", configuration.name));
    BuildDriver driver(work, task.plan, configuration, shares_units, options.jobs, progress);
    XAAS_TRY(build(work, task.source, {work.root(), image, beside}, task.plan, driver, fortran, progress));
    environment = driver.environment();
    XAAS_TRY(collect_configuration(work, task.plan, configuration, environment, options.jobs, progress, contents));
  }

  const auto required = required_features(contents, environment.c_compiler);
  leave_out_native_objects(required, contents);
  const Manifest manifest = make_manifest(task.plan, contents, required);
  const MergeStages stages = measure_stages(contents, work.ir());
  if (options.report) XAAS_TRY(write_file(*options.report, capture_report(contents, manifest, stages)));
  progress.begin("write", image.string());
  WriterOptions writer;
  writer.jobs = options.jobs;
  writer.mtime = epoch;
  XAAS_ASSIGN(const std::uint64_t size, write_image(image, writer, environment.store(), work.ir(), contents, manifest));
  progress.end();
  if (work.is_kept()) CaptureCache(work.cache()).end();
  if (shares_units) progress.say(stage_table(stages));
  say_what_was_made(options.image, task.plan, contents, size, progress);
  return {};
}

}  // namespace xaas
