// Recognises CMake, Meson, configure scripts and Make; see build_plan.h.
#include "mkimage/plan/build_plan.h"

#include <algorithm>
#include <array>
#include <vector>

#include "format/base/paths.h"
#include "format/base/shell_quoted.h"
#include "format/base/short_list.h"
#include "format/base/text.h"
#include "format/moved_prefix.h"
#include "mkimage/plan/project_name.h"

namespace xaas {
namespace {

struct BuildSystem {
  std::string_view name;  // one of kBuildSystems
  std::string_view file;  // a file whose presence in the source directory tells the system
  std::string_view configure;
  std::string_view build;
  std::string_view install;
};

constexpr std::string_view kCmakeConfigure =
    // Build rpaths are relative. Otherwise installed files would keep the name of the build directory.
    R"(cmake -S "$SRC" -B "$BUILD" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$PREFIX" -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON)";
constexpr std::string_view kCmakeBuild = R"(cmake --build "$BUILD" -j "$JOBS")";
constexpr std::string_view kCmakeInstall = R"(DESTDIR="$DESTDIR" cmake --install "$BUILD")";
constexpr std::string_view kMesonConfigure =
    R"(meson setup "$BUILD" "$SRC" --prefix="$PREFIX" --libdir=lib --buildtype=release)";
constexpr std::string_view kMesonBuild = R"(meson compile -C "$BUILD" -j "$JOBS")";
constexpr std::string_view kMesonInstall = R"(DESTDIR="$DESTDIR" meson install -C "$BUILD" --no-rebuild)";
// Configures in the source, which is a copy, because not every configure script can run from elsewhere.
constexpr std::string_view kConfigure = R"(./configure --prefix="$PREFIX")";
constexpr std::string_view kAutoreconf = R"(autoreconf -fi && ./configure --prefix="$PREFIX")";
constexpr std::string_view kConfiguredBuild = R"(make -j"$JOBS")";
constexpr std::string_view kConfiguredInstall = R"(make install DESTDIR="$DESTDIR")";
// CC and CXX are not set, because a makefile's own `CC = mpicc` or `CC = clang -Iinc` must stay. Any compiler that it
// calls is xaas-cc, by PATH.
constexpr std::string_view kMakeBuild = R"(make -j"$JOBS" PREFIX="$PREFIX" prefix="$PREFIX")";
constexpr std::string_view kMakeInstall = R"(make install DESTDIR="$DESTDIR" PREFIX="$PREFIX" prefix="$PREFIX")";

// The known build systems. The first one whose file is there is chosen.
constexpr std::array kSystems = std::to_array<BuildSystem>({
    {"cmake", "CMakeLists.txt", kCmakeConfigure, kCmakeBuild, kCmakeInstall},
    {"meson", "meson.build", kMesonConfigure, kMesonBuild, kMesonInstall},
    {"configure", "configure", kConfigure, kConfiguredBuild, kConfiguredInstall},
    {"make", "GNUmakefile", "", kMakeBuild, kMakeInstall},
    {"make", "makefile", "", kMakeBuild, kMakeInstall},
    {"make", "Makefile", "", kMakeBuild, kMakeInstall},
    // Makefiles beside it may be those that make the configure script.
    {"configure", "configure.ac", kAutoreconf, kConfiguredBuild, kConfiguredInstall},
    {"configure", "configure.in", kAutoreconf, kConfiguredBuild, kConfiguredInstall},
});

// The build systems whose file is there.
std::vector<const BuildSystem*> recognise(const std::filesystem::path& source) {
  std::vector<const BuildSystem*> there;
  for (const BuildSystem& system : kSystems) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(source / system.file, ignored)) there.push_back(&system);
  }
  return there;
}

// Says which directories of the source have a file of a build system; empty if none has.
std::string describe_below(const std::filesystem::path& source) {
  constexpr std::size_t kNamedAtMost = 5;
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(source, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (!recognise(entry->path()).empty()) found.push_back(entry->path().filename().string());
  }
  std::ranges::sort(found);
  return found.empty()
             ? ""
             : fmt::format(", but {} {}", short_list(found, kNamedAtMost), found.size() == 1 ? "has" : "have");
}

std::string describe(const std::vector<const BuildSystem*>& systems) {
  std::string text;
  for (const BuildSystem* system : systems) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", system->name, system->file);
  }
  return text.empty() ? "none that is known" : text;
}

// The build system that was asked for. If none was, the first one whose file is there, or null.
Result<const BuildSystem*> choose_system(const std::filesystem::path& source, const std::optional<std::string>& asked) {
  const std::vector<const BuildSystem*> there = recognise(source);
  if (!asked) return there.empty() ? nullptr : there.front();
  const auto found = std::ranges::find(there, *asked, &BuildSystem::name);
  if (found != there.end()) return *found;
  return fail(Code::not_found, "{} has no file for the build system {}; there is {}", source.string(), *asked,
              describe(there));
}

// "zstd-1.5.4" is version 1.5.4 of zstd.
ProjectName split_directory_name(const std::string& name) {
  const std::size_t dash = name.rfind('-');
  const bool has_version =
      dash != std::string::npos && dash > 0 && dash + 1 < name.size() && name[dash + 1] >= '0' && name[dash + 1] <= '9';
  if (!has_version) return {name, ""};
  return {name.substr(0, dash), name.substr(dash + 1)};
}

// The name that the project gives itself, or else that of its directory; likewise the version.
ProjectName name_of(const std::filesystem::path& source) {
  ProjectName name = split_directory_name(source.filename().string());
  const ProjectName own = read_project_name(source);
  if (!own.name.empty()) name.name = own.name;
  if (!own.version.empty()) name.version = own.version;
  return name;
}

// The names of the build systems, other than `chosen`, whose file is there.
std::vector<std::string> systems_beside(const BuildSystem& chosen, const std::filesystem::path& source) {
  std::vector<std::string> others;
  for (const BuildSystem* system : recognise(source)) {
    if (system->name != chosen.name && !is_in(others, system->name)) others.emplace_back(system->name);
  }
  return others;
}

std::optional<std::string> first_of(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  return a ? a : b;
}

bool names_arguments(std::string_view command) {
  return command.find("$@") != std::string_view::npos || command.find("${@") != std::string_view::npos;
}

// Sets each command to the one that was given, or else to that of the build system, which may be null. plan.arguments
// are appended to the build system's own configure command, or if it has none, to all its commands.
void set_commands(const BuildSystem* system, const BuildRecipe& file, const BuildRecipe& options, BuildPlan& plan) {
  const BuildSystem usual = system != nullptr ? *system : BuildSystem();
  plan.takes_arguments = plan.arguments.empty();
  const auto command = [&](std::optional<std::string> BuildRecipe::* which, std::string_view own, bool is_place) {
    if (const auto given = first_of(options.*which, file.*which)) {
      plan.takes_arguments = plan.takes_arguments || names_arguments(*given);
      return *given;
    }
    if (own.empty() || !is_place) return std::string(own);
    plan.takes_arguments = true;
    return std::string(own) + shell_words(plan.arguments);
  };
  const bool configures = !usual.configure.empty();
  plan.configure = command(&BuildRecipe::configure, usual.configure, configures);
  plan.build = command(&BuildRecipe::build, usual.build, !configures);
  plan.install = command(&BuildRecipe::install, usual.install, !configures);
}

bool builds_on_host(const BuildRecipe& file) {
  return std::ranges::any_of(file.points, [](const SpecializationPoint& point) {
    return std::ranges::any_of(point.values, &PointValue::on_host);
  });
}

}  // namespace

std::string_view stage_name(Stage stage) {
  constexpr std::array<std::string_view, 3> kNames = {"configure", "build", "install"};
  return kNames[static_cast<std::size_t>(stage)];
}

Result<BuildPlan> make_build_plan(const std::filesystem::path& source, const BuildRecipe& file,
                                  const BuildRecipe& options, const std::vector<std::string>& arguments) {
  const ProjectName name = name_of(source);
  XAAS_ASSIGN(const BuildSystem* const system,
              choose_system(source, first_of(options.build_system, file.build_system)));
  BuildPlan plan;
  plan.with_source = options.with_source.value_or(file.with_source.value_or(builds_on_host(file)));
  plan.bundles = file.bundle.value_or(true);
  plan.slots = file.slots;
  plan.sources_left_out = file.sources_left_out;
  plan.libraries_left_out = file.libraries_left_out;
  plan.files = file.files;
  if (file.fortran) plan.fortran = *file.fortran == "flang" ? FortranChoice::flang : FortranChoice::gfortran;
  plan.policy = file.policy.value_or(plan.policy);
  plan.main = first_of(options.main, file.main).value_or("");
  plan.levels = options.levels.value_or(file.levels.value_or(plan.levels));
  plan.ready = options.ready.value_or(file.ready.value_or(plan.ready));
  plan.cuda_families = file.cuda_families.value_or(plan.cuda_families);
  plan.name = first_of(options.name, file.name).value_or(name.name);
  plan.version = first_of(options.version, file.version).value_or(name.version);
  const auto prefix_given = first_of(options.prefix, file.prefix);
  plan.movable = !prefix_given;
  plan.prefix = prefix_given.value_or(placeholder_prefix());

  const bool is_told = first_of(options.build, file.build) && first_of(options.install, file.install);
  if (system == nullptr && !is_told) {
    return fail(Code::unsupported,
                "{} has no CMakeLists.txt, meson.build, configure, Makefile or configure.ac{}; say how it is built "
                "with --build and "
                "--install, or in xaas.toml",
                source.string(), describe_below(source));
  }
  plan.arguments = arguments;
  plan.installs_by_default = !first_of(options.install, file.install);
  set_commands(system, file, options, plan);
  const bool is_chosen =
      first_of(options.build_system, file.build_system) || first_of(options.configure, file.configure);
  if (system != nullptr && !is_chosen) plan.other_systems = systems_beside(*system, source);

  if (!plan.main.empty() && !is_normal(plan.main)) {
    return fail(Code::invalid, "the main program \"{}\" must be a path below the prefix, such as bin/{}", plan.main,
                plan.name);
  }

  std::filesystem::path prefix = std::filesystem::path(plan.prefix).lexically_normal();
  if (!prefix.has_filename()) prefix = prefix.parent_path();
  if (!prefix.is_absolute() || prefix == "/") {
    return fail(Code::invalid, "the prefix {} must be an absolute path below /; give another with --prefix",
                plan.prefix);
  }
  plan.prefix = prefix.string();
  return plan;
}

std::string describe_commands(const BuildPlan& plan) {
  std::string text;
  bool names = false;
  for (const auto& [stage, command] :
       {std::pair("configure", &plan.configure), {"build", &plan.build}, {"install", &plan.install}}) {
    if (!command->empty()) text += fmt::format("{:<10} {}\n", stage, *command);
    names = names || names_arguments(*command);
  }
  if (names) text += fmt::format("{:<10}{}\n", "\"$@\"", shell_words(plan.arguments));
  return text;
}

}  // namespace xaas
