// See source_build.h.
#include "lower/source_build/source_build.h"

#include <fcntl.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <stop_token>
#include <system_error>
#include <utility>

#include "format/base/file.h"
#include "format/base/interrupts.h"
#include "format/base/json_fields.h"
#include "format/base/process.h"
#include "format/base/split.h"
#include "format/base/text.h"
#include "format/image_extract.h"
#include "format/version.h"
#include "format/whole_source.h"
#include "lower/gpus.h"
#include "lower/host.h"
#include "lower/source_build/build_recipe.h"
#include "lower/source_build/confined_build.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMemoryOfOne = 1ULL << 30;    // of one compiler
constexpr std::uint64_t kLeastMemory = 256ULL << 20;  // below it nothing is built
constexpr std::uint64_t kBuildSize = 6;               // bytes of a build for each byte of source
constexpr const char* kBuilder = "mkxaas";
// The environment of a build, as far as the user has these.
constexpr auto kEnvironment = std::to_array<const char*>(
    {"CMAKE_PREFIX_PATH", "CPATH", "CPLUS_INCLUDE_PATH", "CUDA_HOME", "CUDA_PATH", "C_INCLUDE_PATH", "LD_LIBRARY_PATH",
     "LIBRARY_PATH", "MKLROOT", "MPI_HOME", "PATH", "PKG_CONFIG_PATH", "ROCM_PATH", "SOURCE_DATE_EPOCH", "XAAS_REAL_CC",
     "XAAS_REAL_CXX", "XAAS_REAL_FC", "XAAS_WORKER"});
// Of these, the directories that a build may read, besides the system's.
constexpr auto kPaths = std::to_array<const char*>({"CMAKE_PREFIX_PATH", "CPATH", "CPLUS_INCLUDE_PATH", "CUDA_HOME",
                                                    "CUDA_PATH", "C_INCLUDE_PATH", "LD_LIBRARY_PATH", "LIBRARY_PATH",
                                                    "MKLROOT", "MPI_HOME", "PATH", "PKG_CONFIG_PATH", "ROCM_PATH"});
constexpr auto kNetworkWords = std::to_array<std::string_view>(
    {"Could not resolve host", "Couldn't resolve host", "Temporary failure in name resolution",
     "Name or service not known", "unable to resolve host", "Network is unreachable"});

void put_in_front(Surroundings& surroundings, const char* variable, const fs::path& directory) {
  std::string& list = surroundings.environment[variable];
  list = list.empty() ? directory.string() : directory.string() + ":" + list;
}

// This host, with the MPI that the user names in front of others.
Result<Surroundings> build_surroundings(const fs::path& mpi) {
  Surroundings here = surroundings_here();
  if (mpi.empty()) return here;
  std::error_code error;
  const fs::path prefix = fs::canonical(mpi, error);
  if (error || !is_program(prefix / "bin/mpicc")) {
    return fail(Code::not_found, "{} has no bin/mpicc: name the directory in which an MPI is installed", mpi.string());
  }
  put_in_front(here, "PATH", prefix / "bin");
  put_in_front(here, "CPATH", prefix / "include");
  put_in_front(here, "LIBRARY_PATH", prefix / "lib");
  put_in_front(here, "LD_LIBRARY_PATH", prefix / "lib");
  put_in_front(here, "PKG_CONFIG_PATH", prefix / "lib/pkgconfig");
  here.environment["MPI_HOME"] = prefix.string();
  return here;
}

// mkxaas beside this program, or else in PATH.
Result<fs::path> find_builder() {
  XAAS_ASSIGN(const fs::path own, own_executable());
  const fs::path beside = own.parent_path() / kBuilder;
  if (is_program(beside)) return beside;
  const auto found = find_program(kBuilder);
  if (found) return *found;
  return fail(Code::not_found, "there is no mkxaas beside {} or in PATH, which builds: install xaas-build",
              own.string());
}

Result<std::vector<SourceConfiguration>> candidates_of(const Image& image,
                                                       const std::map<std::string, std::string>& points) {
  const Manifest& manifest = image.manifest();
  if (!manifest.source) {
    return fail(Code::not_found, "{} does not have its source: make it with mkxaas --with-source",
                image.path().string());
  }
  std::vector<SourceConfiguration> candidates;
  std::set<std::string> names;
  for (const SourceConfiguration& one : manifest.source->configurations) {
    if (!one.on_host) continue;
    for (const auto& [point, value] : one.points) names.insert(point + "=" + value);
    const bool fits = std::ranges::all_of(points, [&](const auto& wanted) {
      const auto own = one.points.find(wanted.first);
      return own != one.points.end() && own->second == wanted.second;
    });
    if (fits) candidates.push_back(one);
  }
  if (names.empty()) {
    return fail(Code::not_found, "{} has no configuration that is built on a host", image.path().string());
  }
  for (const auto& [point, value] : points) {
    if (names.contains(point + "=" + value)) continue;
    return fail(Code::invalid, "-D {}={}: no configuration that is built on a host has this, but {}", point, value,
                fmt::join(names, ", "));
  }
  if (candidates.empty()) return fail(Code::invalid, "no configuration has all values of -D together");
  std::ranges::sort(candidates, [](const SourceConfiguration& a, const SourceConfiguration& b) {
    return std::pair(-a.on_host->rank, a.name) < std::pair(-b.on_host->rank, b.name);
  });
  return candidates;
}

OrderedJson environment_json(const Surroundings& surroundings) {
  OrderedJson json = OrderedJson::object();
  for (const char* name : kEnvironment) {
    if (const std::string value = surroundings.variable(name); !value.empty()) json[name] = value;
  }
  return json;
}

// The GPUs of a build that needs some: what it makes may be for these only.
OrderedJson devices_json(const Surroundings& surroundings, const HostBuild& build) {
  OrderedJson json = OrderedJson::array();
  if (build.devices.empty()) return json;
  for (const Gpu& gpu : find_gpus(surroundings)) json.push_back({gpu.id, gpu.architecture, gpu.driver_version});
  return json;
}

Digest build_key(const Manifest& manifest, const Surroundings& surroundings, const PlannedBuild& plan) {
  OrderedJson tools = OrderedJson::array();
  for (const FoundProgram& tool : plan.offer.tools) tools.push_back({tool.name, tool.family, tool.version, tool.path});
  OrderedJson libraries = OrderedJson::array();
  for (const LinkedLibrary& one : plan.offer.libraries) libraries.push_back({one.soname, one.path, one.identity});
  return Digest::of(dump_json({{"version", 1},
                               {"source", source_id(manifest).to_string()},
                               {"configuration", plan.configuration.name},
                               {"triple", surroundings.triple},
                               {"builder", kVersion},
                               {"tools", tools},
                               {"libraries", libraries},
                               {"devices", devices_json(surroundings, *plan.configuration.on_host)},
                               {"environment", environment_json(surroundings)}}));
}

// The directories outside of the system that a build may read, parents first: those of its tools and libraries. Of a
// program's directory "bin" the one above counts, unless that is a home or the root.
std::vector<fs::path> readable_directories(const Surroundings& surroundings, const fs::path& builder) {
  std::set<fs::path> directories;
  const fs::path home = surroundings.variable("HOME");
  const auto add = [&](const fs::path& given) {
    const fs::path directory = given.lexically_normal();
    const fs::path above = directory.parent_path();
    const bool is_part = directory.filename() == "bin" && above != home && above.has_relative_path();
    const fs::path& shown = is_part ? above : directory;
    std::error_code ignored;
    if (shown.has_relative_path() && shown != home && !is_of_system(shown) && fs::is_directory(shown, ignored)) {
      directories.insert(shown);
    }
  };
  add(builder.parent_path());
  for (const char* variable : kPaths) {
    for (const fs::path& directory : surroundings.directories(variable)) add(directory);
  }
  return {directories.begin(), directories.end()};
}

Status check_room(const Image& image, const fs::path& scratch, std::uint64_t memory) {
  const std::uint64_t wanted = kScratchRoom + kBuildSize * image.manifest().source->bytes;
  const std::uint64_t room = available_bytes(scratch);
  if (room < wanted) {
    return fail(Code::failed, "the disk is too full to build: {} has {} and the build may need {}: set XAAS_CACHE",
                scratch.string(), human_bytes(room), human_bytes(wanted));
  }
  if (memory >= kLeastMemory) return {};
  return fail(Code::failed, "there is too little memory to build: {}, and a compiler needs {}", human_bytes(memory),
              human_bytes(kLeastMemory));
}

Status unpack_source(const Image& image, const fs::path& directory) {
  if (!image.squashfs().resolve(kWholeSource)) {
    return fail(Code::invalid, "the source in {} is missing: fetch the image again", image.path().string());
  }
  XAAS_TRY(create_private_directory(directory));
  const Status unpacked = extract_below(image, kWholeSource, directory);
  if (!unpacked && unpacked.error().code == Code::invalid) {
    return fail(Code::invalid, "the source in {} is damaged: {}", image.path().string(), unpacked.error().message);
  }
  XAAS_TRY(unpacked);
  XAAS_ASSIGN(const WholeSource tree, read_whole_source(directory));
  if (tree.digest == image.manifest().source->digest) return {};
  return fail(Code::invalid, "the source in {} is damaged: its digest is not that of the manifest: fetch it again",
              image.path().string());
}

bool names_arguments(const SourceRecord& source) {
  return std::ranges::any_of(
      std::array{&source.configure, &source.build, &source.install}, [](const std::string* command) {
        return command->find("$@") != std::string::npos || command->find("${@") != std::string::npos;
      });
}

std::vector<std::string> builder_call(const Manifest& manifest, const fs::path& builder, unsigned jobs,
                                      bool is_verbose) {
  const fs::path here = kConfinedDirectory;
  std::vector<std::string> words = {builder.string(),        "-f",     (here / "xaas.toml").string(), "-j",
                                    fmt::format("{}", jobs), "--work", (here / "work").string()};
  words.emplace_back(is_verbose ? "-v" : "-q");
  if (manifest.toolchains.empty()) words.emplace_back("--toolchain=none");
  words.push_back((here / "source").string());
  words.push_back((here / "made.xaas").string());
  if (names_arguments(*manifest.source)) {
    words.emplace_back("--");
    words.insert(words.end(), manifest.source->arguments.begin(), manifest.source->arguments.end());
  }
  return words;
}

Variables build_environment(const Surroundings& surroundings) {
  Variables environment = {{"HOME", std::string(kConfinedDirectory) + "/home"}, {"LC_ALL", "C.UTF-8"}};
  for (const char* name : kEnvironment) {
    if (std::string value = surroundings.variable(name); !value.empty())
      environment.emplace_back(name, std::move(value));
  }
  return environment;
}

// The last line of the log that has one of the words; empty if none has.
std::string line_with(std::string_view log, const auto& words) {
  std::string found;
  for_each_piece(log, '\n', [&](std::string_view line) {
    const bool has = std::ranges::any_of(words, [&](std::string_view word) { return line.find(word) != line.npos; });
    if (has) found = line;
  });
  return found;
}

// Why the build failed, in one line. The work directory that mkxaas names is gone by then.
std::string reason_in(std::string_view log) {
  constexpr std::size_t kMost = 300;
  if (const std::string line = line_with(log, kNetworkWords); !line.empty()) {
    return fmt::format("it wants the network, which a build on the host does not have: {}",
                       shortened(printable(line), kMost));
  }
  if (!line_with(log, std::array{std::string_view("No space left on device")}).empty()) return "the disk is full";
  std::string said = line_with(log, std::array{std::string_view("mkxaas: "), std::string_view("xaas-lower: ")});
  for (const char* place : {"; its files are kept in", "; the next run takes up in"}) {
    said.resize(std::min(said.find(place), said.size()));
  }
  return shortened(printable(said.empty() ? "it was killed" : said), kMost);
}

Status run_build(std::vector<std::string> arguments, const fs::path& log, bool is_verbose, const std::string& name) {
  const Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd log_fd(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log_fd.valid()) return fail_errno(log.string());
  ProcessOptions options{.arguments = std::move(arguments), .environment = {}, .directory = {}, .input = nothing.get()};
  if (!is_verbose) options.output = options.error = log_fd.get();
  XAAS_ASSIGN(const pid_t child, start_interruptible(std::move(options)));
  const auto status = wait_for(child);
  end_interruptible(Leftovers::kill);
  if (!status || !status->ok()) yield_to_interrupt();
  if (!status) return tl::unexpected(status.error());
  if (status->ok()) return {};
  if (is_verbose) return fail(Code::failed, "{} could not be built: {}", name, status->to_string());
  return fail(Code::failed, "{} could not be built: {} (-v shows its output)", name,
              reason_in(read_file(log).value_or("")));
}

// The result must be what was asked for. A build may go on without a library that it does not find.
Status check_result(const fs::path& made, const PlannedBuild& plan) {
  XAAS_ASSIGN(const auto image, Image::open(made));
  const auto& configurations = image->manifest().configurations;
  if (configurations.size() != 1 || configurations.front().name != plan.configuration.name) {
    return fail(Code::failed, "the build made another configuration than {}", plan.configuration.name);
  }
  for (const LinkedLibrary& library : plan.offer.libraries) {
    if (is_in(configurations.front().host_libraries, library.soname)) continue;
    return fail(Code::failed,
                "{} was built, but nothing in it is linked with {}: the project did not take what it was told to use",
                plan.configuration.name, library.soname);
  }
  return {};
}

AddOnRecord record_of(const Manifest& manifest, const PlannedBuild& plan) {
  AddOnRecord record;
  record.configuration = plan.configuration.name;
  record.image = full_name(manifest);
  record.libraries = plan.offer.libraries;
  for (const FoundProgram& tool : plan.offer.tools) record.tools[tool.name] = tool.version;
  return record;
}

Result<PlannedBuild> plan_for(const Image& image, const SourceConfiguration& configuration,
                              const Surroundings& surroundings, const Target& target) {
  PlannedBuild plan;
  plan.configuration = configuration;
  plan.offer = find_offer(surroundings, target, *configuration.on_host);
  if (const auto builder = find_builder(); !builder) plan.offer.problems.push_back(builder.error().message);
  plan.key = build_key(image.manifest(), surroundings, plan);
  return plan;
}

}  // namespace

Result<std::map<std::string, std::string>> parse_point_values(const std::vector<std::string>& words) {
  std::map<std::string, std::string> points;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) return fail(Code::invalid, "-D {}: give it as point=value", word);
    points[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return points;
}

Result<PlannedBuild> plan_source_build(const Image& image, const SourceBuildOptions& options) {
  XAAS_ASSIGN(const auto candidates, candidates_of(image, options.points));
  XAAS_ASSIGN(const Surroundings surroundings, build_surroundings(options.mpi));
  XAAS_ASSIGN(const Target target, this_host()->target(lowering_triple(image.manifest()), {}));
  std::string reasons;
  for (const SourceConfiguration& candidate : candidates) {
    XAAS_ASSIGN(PlannedBuild plan, plan_for(image, candidate, surroundings, target));
    if (plan.offer.problems.empty()) {
      plan.made = find_add_on(*Cache::open(options.cache), source_id(image.manifest()), plan.key);
      return plan;
    }
    reasons +=
        fmt::format("{}{} {}", reasons.empty() ? "" : "; ", candidate.name, fmt::join(plan.offer.problems, ", and "));
  }
  return fail(Code::unsupported, "nothing can be built here: {}", reasons);
}

std::string to_text(const Image& image, const PlannedBuild& plan) {
  const SourceRecord& source = *image.manifest().source;
  std::string text =
      fmt::format("config    {}  {}\n", plan.configuration.name,
                  plan.made ? fmt::format("built already: {}", plan.made->file.string()) : "to be built");
  const auto out = std::back_inserter(text);
  for (const FoundProgram& tool : plan.offer.tools) {
    fmt::format_to(out, "tool      {:<16} {:<10} {}\n", tool.name, printable(tool.version), printable(tool.path));
  }
  for (const LinkedLibrary& library : plan.offer.libraries) {
    fmt::format_to(out, "library   {:<16} {}\n", library.soname, printable(library.path));
  }
  for (const auto& [name, value] : plan.configuration.substitutes) {
    fmt::format_to(out, "point     {:<16} {}\n", name, printable(value));
  }
  for (const auto& [name, command] :
       {std::pair("configure", &source.configure), {"build", &source.build}, {"install", &source.install}}) {
    if (!command->empty()) fmt::format_to(out, "{:<9} {}\n", name, printable(*command));
  }
  fmt::format_to(out, "key       {}\n", plan.key.to_string());
  return text;
}

Result<AddOn> build_from_source(const Image& image, const PlannedBuild& plan, const SourceBuildOptions& options) {
  const Manifest& manifest = image.manifest();
  const auto cache = Cache::open(options.cache);
  XAAS_TRY(cache->writable());
  const Digest source = source_id(manifest);
  const CacheLock lock = cache->lock(plan.key, std::stop_token());
  if (auto made = find_add_on(*cache, source, plan.key)) return std::move(*made);
  const std::uint64_t memory = options.memory != 0 ? options.memory : available_memory() / 2;
  XAAS_TRY(check_room(image, cache->scratch_parent(), memory));
  XAAS_ASSIGN(const fs::path builder, find_builder());
  XAAS_ASSIGN(const Surroundings surroundings, build_surroundings(options.mpi));

  XAAS_ASSIGN(const TempDirectory scratch, TempDirectory::create(cache->scratch_parent()));
  remove_on_interrupt(scratch.path());
  const auto done = [&]() -> Result<AddOn> {
    const fs::path root = scratch.path() / "root";
    XAAS_TRY(create_private_directory(root));
    XAAS_TRY(create_private_directory(root / "home"));
    XAAS_TRY(unpack_source(image, root / "source"));
    XAAS_TRY(create_private_file(root / "xaas.toml", build_recipe(manifest, plan.configuration)));
    const unsigned most = options.jobs != 0 ? options.jobs : usable_cores();
    const auto jobs = static_cast<unsigned>(std::clamp<std::uint64_t>(memory / kMemoryOfOne, 1, most));
    XAAS_ASSIGN(auto call, confined_call({.directory = root,
                                          .shown = readable_directories(surroundings, builder),
                                          .environment = build_environment(surroundings),
                                          .command = builder_call(manifest, builder, jobs, options.verbose)}));
    XAAS_TRY(run_build(std::move(call), scratch.path() / "log", options.verbose, plan.configuration.name));
    XAAS_TRY(check_result(root / "made.xaas", plan));
    return store_add_on(*cache, source, plan.key, root / "made.xaas", record_of(manifest, plan));
  }();
  keep_on_interrupt(scratch.path());
  return done;
}

std::vector<HostBuildChoice> explain_builds(const Image& image) {
  std::vector<HostBuildChoice> builds;
  const auto candidates = image.manifest().source ? candidates_of(image, {}) : tl::unexpected(Error{});
  const auto target = this_host()->target(lowering_triple(image.manifest()), {});
  if (!candidates || !target) return builds;
  const Surroundings surroundings = surroundings_here();
  for (const SourceConfiguration& one : *candidates) {
    const auto plan = plan_for(image, one, surroundings, *target);
    if (plan) builds.push_back({one.name, plan->offer.problems});
  }
  return builds;
}

}  // namespace xaas
