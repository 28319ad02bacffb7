// Recognises CMake and Make; see build_plan.h.
#include "mkimage/build_plan.h"

#include <array>

namespace xaas {
namespace {

struct BuildSystem {
  std::string_view file;  // its presence in the source directory tells the system
  std::string_view configure;
  std::string_view build;
  std::string_view install;
};

constexpr std::string_view kCmakeConfigure =
    // Relative build rpaths: else the directory of the build is left behind in what is installed.
    R"(cmake -S "$SRC" -B "$BUILD" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$PREFIX" -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON)";
constexpr std::string_view kCmakeBuild = R"(cmake --build "$BUILD" -j "$JOBS")";
constexpr std::string_view kCmakeInstall = R"(DESTDIR="$DESTDIR" cmake --install "$BUILD")";
constexpr std::string_view kMakeBuild = R"(make -j"$JOBS" CC="$CC" CXX="$CXX" PREFIX="$PREFIX" prefix="$PREFIX")";
constexpr std::string_view kMakeInstall =
    R"(make install CC="$CC" CXX="$CXX" DESTDIR="$DESTDIR" PREFIX="$PREFIX" prefix="$PREFIX")";

// The first whose file is there.
constexpr std::array kSystems = std::to_array<BuildSystem>({
    {"CMakeLists.txt", kCmakeConfigure, kCmakeBuild, kCmakeInstall},
    {"GNUmakefile", "", kMakeBuild, kMakeInstall},
    {"makefile", "", kMakeBuild, kMakeInstall},
    {"Makefile", "", kMakeBuild, kMakeInstall},
});

const BuildSystem* recognise(const std::filesystem::path& source) {
  for (const BuildSystem& system : kSystems) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(source / system.file, ignored)) return &system;
  }
  return nullptr;
}

// "zstd-1.5.4" is version 1.5.4 of zstd.
std::pair<std::string, std::string> split_directory_name(const std::string& name) {
  const std::size_t dash = name.rfind('-');
  const bool has_version =
      dash != std::string::npos && dash > 0 && dash + 1 < name.size() && name[dash + 1] >= '0' && name[dash + 1] <= '9';
  if (!has_version) return {name, ""};
  return {name.substr(0, dash), name.substr(dash + 1)};
}

std::optional<std::string> first_of(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  return a ? a : b;
}

}  // namespace

Result<BuildPlan> make_build_plan(const std::filesystem::path& source, const BuildRecipe& file,
                                  const BuildRecipe& options) {
  const auto [name, version] = split_directory_name(source.filename().string());
  const BuildSystem* system = recognise(source);
  BuildPlan plan;
  plan.name = first_of(options.name, file.name).value_or(name);
  plan.version = first_of(options.version, file.version).value_or(version);
  plan.prefix = first_of(options.prefix, file.prefix).value_or("/opt/" + plan.name);

  const auto build = first_of(options.build, file.build);
  const auto install = first_of(options.install, file.install);
  if (system == nullptr && (!build || !install)) {
    return fail(
        Code::unsupported,
        "{} has no CMakeLists.txt and no Makefile; say how it is built with --build and --install, or in xaas.toml",
        source.string());
  }
  plan.configure = first_of(options.configure, file.configure).value_or(std::string(system ? system->configure : ""));
  plan.build = build.value_or(std::string(system ? system->build : ""));
  plan.install = install.value_or(std::string(system ? system->install : ""));

  std::filesystem::path prefix = std::filesystem::path(plan.prefix).lexically_normal();
  if (!prefix.has_filename()) prefix = prefix.parent_path();
  if (!prefix.is_absolute() || prefix == "/") {
    return fail(Code::invalid, "the prefix {} must be an absolute path below /; give another with --prefix",
                plan.prefix);
  }
  plan.prefix = prefix.string();
  return plan;
}

}  // namespace xaas
