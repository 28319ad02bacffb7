// The phases of mkxaas; see make_image.h.
#include "mkimage/make_image.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "format/file.h"
#include "format/image.h"
#include "mkimage/build_driver.h"
#include "mkimage/build_sources.h"
#include "mkimage/bundled_libraries.h"
#include "mkimage/capture_cache.h"
#include "mkimage/capture_report.h"
#include "mkimage/captured_programs.h"
#include "mkimage/image_assembler.h"
#include "mkimage/installed_tree.h"
#include "mkimage/interrupts.h"
#include "mkimage/native_archives.h"
#include "mkimage/process.h"
#include "mkimage/work_directory.h"
#include "mkimage/worker_bundle.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfiguration = "default";
constexpr const char* kRecipeFileName = "xaas.toml";

// Everything that goes into the image, once the build is done.
struct Contents {
  std::string triple;
  InstalledTree tree;
  std::vector<UnitRecord> units;
  std::vector<InstalledProgram> programs;
  CanonicalStore canonical;
  BundledLibraries bundled;
  HostNeeds needs;
  std::map<std::string, fs::path> sources;  // path in the image -> file
  std::optional<WorkerBundle> worker;
};

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

Result<BuildPlan> plan_build(const MakeImageOptions& options, const fs::path& source) {
  BuildRecipe file;
  if (options.recipe_file) {
    XAAS_ASSIGN(file, load_recipe_file(*options.recipe_file));
  } else if (fs::exists(source / kRecipeFileName)) {
    XAAS_ASSIGN(file, load_recipe_file(source / kRecipeFileName));
  }
  return make_build_plan(source, file, options.overrides);
}

Result<std::string> target_triple(const std::string& compiler) {
  XAAS_ASSIGN(const ProcessOutput answer, run_and_read({compiler, "-print-target-triple"}));
  std::string triple = answer.output.substr(0, answer.output.find('\n'));
  if (!answer.status.ok() || triple.empty()) return fail(Code::failed, "{} does not tell its target", compiler);
  return triple;
}

// Builds a copy of `source` but for `without`; also with gfortran, where flang cannot.
Status build(const WorkDirectory& work, const fs::path& source, const std::vector<fs::path>& without,
             BuildDriver& driver, Progress& progress) {
  const auto attempt = [&](FortranChoice fortran) -> Status {
    XAAS_TRY(copy_tree(source, work.source(), without));
    XAAS_TRY(driver.prepare(fortran));
    return driver.run();
  };
  Status status = attempt(FortranChoice::flang);
  if (const auto refusal = status ? std::nullopt : driver.wants_gfortran()) {
    progress.warn(
        fmt::format("flang does not build it ({}); once more with gfortran, whose code is not lowered", *refusal));
    XAAS_TRY(work.clear_build());
    status = attempt(FortranChoice::gfortran);
  }
  if (!status) driver.show_failure();
  return status;
}

// After the build: what was installed, what was captured of it, and what belongs with it.
Result<Contents> collect(const MakeImageOptions& options, const WorkDirectory& work, const BuildPlan& plan,
                         const CaptureEnvironment& environment, Progress& progress) {
  const CaptureStore store = environment.store();
  Contents contents;
  XAAS_ASSIGN(contents.triple, target_triple(environment.c_compiler));
  XAAS_ASSIGN(contents.tree, scan_tree(work.installed(), plan.prefix));
  XAAS_ASSIGN(const std::vector<Digest> archived, make_archives_native(contents.tree, contents.tree.warnings));
  for (const std::string& warning : contents.tree.warnings) progress.warn(warning);
  for (const std::string& note : store.notes()) progress.warn(note);
  XAAS_ASSIGN(const auto links, store.links());
  XAAS_ASSIGN(contents.bundled,
              bundle_libraries(contents.tree, links, environment.c_compiler, contents.triple, work.parts() / "lib"));
  XAAS_ASSIGN(contents.needs, host_needs(contents.tree, contents.bundled));
  XAAS_ASSIGN(contents.programs, find_programs(contents.tree, links));

  XAAS_ASSIGN(contents.units, store.units());
  std::set<Digest> objects = linked_objects(contents.programs);
  progress.begin("canonicalise", "units");
  XAAS_ASSIGN(contents.canonical, canonicalise_units(store, contents.units, objects, environment.c_compiler, work.ir(),
                                                     options.jobs, [&](std::size_t done, std::size_t all) {
                                                       progress.update(fmt::format("{}/{} units", done, all));
                                                     }));
  XAAS_TRY(make_recipes(contents.tree, contents.canonical, source_names(environment, contents.units), contents.triple,
                        contents.programs));
  progress.end();

  objects.insert(archived.begin(), archived.end());
  contents.sources = build_sources(environment, contents.units, objects);
  return contents;
}

// What every unit requires, so that nothing can do without. What only some require is for code that a program chooses
// at run time.
std::vector<std::string> common_features(const CanonicalUnits& units) {
  std::optional<std::vector<std::string>> common;
  for (const auto& [object, unit] : units) {
    std::vector<std::string> required;
    std::ranges::copy_if(unit.features, std::back_inserter(required),
                         [](const std::string& feature) { return feature.starts_with('+'); });
    std::vector<std::string> both;
    if (common) std::ranges::set_intersection(*common, required, std::back_inserter(both));
    common = common ? std::move(both) : std::move(required);
  }
  return common.value_or(std::vector<std::string>());
}

Manifest make_manifest(const BuildPlan& plan, const Contents& contents) {
  Manifest manifest;
  manifest.name = plan.name;
  manifest.version = plan.version;
  manifest.prefix = plan.prefix;
  if (plan.movable) manifest.features.incompat.emplace_back(kMovablePrefix);
  manifest.triples = {contents.triple};
  manifest.default_configuration = kConfiguration;

  Configuration configuration;
  configuration.name = kConfiguration;
  configuration.triple = contents.triple;
  configuration.requires_.features = common_features(contents.canonical.units);
  configuration.libc_floor = contents.needs.libc_floor;
  configuration.host_libraries = contents.needs.libraries;
  manifest.configurations.push_back(std::move(configuration));

  if (contents.worker) {
    manifest.toolchains.push_back({contents.triple,
                                   fmt::format("{}/{}/xaas-lower", kToolchainDirectory, contents.triple),
                                   contents.worker->digest, contents.worker->llvm, contents.worker->targets});
  }
  return manifest;
}

Status add_tree(const Contents& contents, ImageAssembler& image) {
  std::map<std::string, Digest> recipes;
  for (const InstalledProgram& program : contents.programs) {
    if (program.recipe) recipes.emplace(program.path, Digest::of(to_json(*program.recipe)));
  }
  for (const TreeEntry& entry : contents.tree.entries) {
    const EntryOptions options{entry.permissions, entry.xattrs};
    if (S_ISDIR(entry.type)) {
      XAAS_TRY(image.add_directory(entry.path, options));
    } else if (S_ISLNK(entry.type)) {
      XAAS_TRY(image.add_symlink(entry.path, entry.link_target, options));
    } else if (!entry.same_as.empty()) {
      XAAS_TRY(image.add_hard_link(entry.path, entry.same_as));
    } else {
      const auto recipe = recipes.find(entry.path);
      const Digest digest = recipe == recipes.end() ? Digest() : recipe->second;
      XAAS_TRY(image.add_file(entry.path, contents.tree.path_of(entry), options, digest));
    }
  }
  return {};
}

Status add_recipe_parts(const Recipe& recipe, const CaptureStore& store, const fs::path& ir, ImageAssembler& image) {
  const auto add_object = [&](const Digest& digest) { return image.add_object(digest, store.object_path(digest)); };
  const auto add_input = [&](const auto& input) -> Status {
    if constexpr (std::is_same_v<std::decay_t<decltype(input)>, IrInput>) {
      if (input.native) XAAS_TRY(add_object(*input.native));
      return image.add_ir(input.digest, ir / input.digest.hex());
    } else {
      return add_object(input.digest);
    }
  };
  for (const LinkArgument& argument : recipe.arguments) {
    if (const auto* unit = std::get_if<IrInput>(&argument)) XAAS_TRY(add_input(*unit));
    if (const auto* object = std::get_if<ObjectInput>(&argument)) XAAS_TRY(add_input(*object));
    if (const auto* option = std::get_if<FileOption>(&argument)) XAAS_TRY(add_object(option->digest));
    if (const auto* archive = std::get_if<ArchiveInput>(&argument)) {
      for (const auto& member : archive->members) XAAS_TRY(std::visit(add_input, member));
    }
  }
  std::string json = to_json(recipe);
  const Digest digest = Digest::of(json);
  return image.add_recipe(digest, std::move(json));
}

Result<std::uint64_t> write_image(const fs::path& target, const WriterOptions& writer, const WorkDirectory& work,
                                  const Contents& contents, const Manifest& manifest) {
  XAAS_ASSIGN(ImageAssembler image,
              ImageAssembler::create(target, writer, is_movable(manifest) ? manifest.prefix : ""));
  XAAS_TRY(add_tree(contents, image));
  const CaptureStore store(work.capture());
  for (const InstalledProgram& program : contents.programs) {
    if (program.recipe) XAAS_TRY(add_recipe_parts(*program.recipe, store, work.ir(), image));
  }
  for (const auto& [path, file] : contents.sources) XAAS_TRY(image.add_file(path, file, {}));
  const EntryOptions executable{0755, {}};
  for (const auto& [path, file] : contents.bundled) XAAS_TRY(image.add_file(path, file, executable));
  if (contents.worker) XAAS_TRY(image.add_file(manifest.toolchains.front().worker, contents.worker->file, executable));
  return image.finish(manifest);
}

// Writes into a directory of its own beside the image: whatever ends the process, only a whole image gets its name.
Result<std::uint64_t> write_beside(const fs::path& image, const WriterOptions& writer, const WorkDirectory& work,
                                   const Contents& contents, const Manifest& manifest) {
  XAAS_ASSIGN(const TempDirectory staging, TempDirectory::create(image.parent_path()));
  remove_on_interrupt(staging.path());
  const fs::path staged = staging.path() / image.filename();
  auto size = write_image(staged, writer, work, contents, manifest);
  if (size && rename(staged.c_str(), image.c_str()) != 0)
    size = fail_errno(fmt::format("cannot create {}", image.string()));
  keep_on_interrupt(staging.path());
  return size;
}

}  // namespace

Status make_image(const MakeImageOptions& options, Progress& progress) {
  XAAS_ASSIGN(const fs::path source, source_directory(options.source));
  XAAS_ASSIGN(const fs::path image, image_path(options.image));
  XAAS_ASSIGN(const std::int64_t epoch, source_date_epoch());
  XAAS_ASSIGN(const BuildPlan plan, plan_build(options, source));

  const fs::path beside = image.string() + ".build";
  XAAS_ASSIGN(const WorkDirectory work,
              WorkDirectory::create(options.work.value_or(beside),
                                    options.keep_build ? WorkDirectory::Keep::yes : WorkDirectory::Keep::no));
  std::optional<WorkerBundle> worker;
  if (options.toolchain == ToolchainChoice::full) {
    XAAS_ASSIGN(worker, bundle_worker(work.parts()));
  }
  BuildDriver driver(work, plan, options.jobs, progress);
  XAAS_TRY(build(work, source, {work.root(), image, beside}, driver, progress));

  XAAS_ASSIGN(Contents contents, collect(options, work, plan, driver.environment(), progress));
  contents.worker = std::move(worker);
  const Manifest manifest = make_manifest(plan, contents);
  if (options.report) {
    XAAS_TRY(write_file(*options.report, capture_report(contents.programs, contents.units, contents.canonical.units,
                                                        contents.bundled, contents.needs)));
  }
  progress.begin("write", image.string());
  WriterOptions writer;
  writer.jobs = options.jobs;
  writer.mtime = epoch;
  XAAS_ASSIGN(const std::uint64_t size, write_beside(image, writer, work, contents, manifest));
  progress.end();
  if (work.is_kept()) CaptureCache(work.cache()).end();

  const CaptureCounts counts = count_captured(contents.programs, contents.canonical.units);
  progress.say(fmt::format("{}: {:.1f} MB, {} of {} programs and libraries can be lowered, {} units ({} distinct)",
                           options.image.string(), static_cast<double>(size) / 1e6, counts.lowerable, counts.programs,
                           counts.units, counts.distinct_units));
  return {};
}

}  // namespace xaas
