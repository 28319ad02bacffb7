// Adds the arguments of the capture; see compilation.h.
#include "mkimage/compiler/compilation.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace xaas {

std::vector<std::string> command_line(const Compilation& compilation, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), compilation.compiler);
  return arguments;
}

std::vector<std::string> capturing_arguments(const CaptureEnvironment& environment, const Compilation& compilation,
                                             const std::vector<std::string>& extra) {
  // Whole-program vtables would split a unit, and a unit must be one module.
  std::vector<std::string> ours = {"-flto=thin", "-ffat-lto-objects", "-fno-whole-program-vtables",
                                   "-fno-split-lto-unit"};
  // Without a CPU in the IR, lowering for the host equals compiling for it. A CPU that the project names must stay
  // here, because the project's intrinsics need it. Canonicalising drops it.
  const std::vector<std::string> without_cpu = options_without_cpu(compilation.command.names_cpu);
  ours.insert(ours.end(), without_cpu.begin(), without_cpu.end());
  if (environment.movable) ours.push_back("-fpass-plugin=" + environment.prefix_pass.string());
  ours.insert(ours.end(), extra.begin(), extra.end());

  // The maps come first, so that the project's own win. The other options come last, but before "--", behind which all
  // words are inputs.
  std::vector<std::string> arguments = environment.prefix_maps();
  arguments.insert(arguments.end(), compilation.arguments.begin(), compilation.arguments.end());
  arguments.insert(std::ranges::find(arguments, "--"), ours.begin(), ours.end());
  return arguments;
}

std::filesystem::path object_of(const Compilation& compilation, const CompilerInput& input) {
  if (compilation.command.output) return *compilation.command.output;
  return std::filesystem::path(input.path).stem().string() + ".o";
}

namespace {

// How the names of files begin that build systems compile to learn of the compiler, and parts of directories that hold
// such files: of Autoconf, SCons, Python's setuptools and CMake; of CMake, Meson, SCons, waf and qmake.
constexpr auto kProbeNames =
    std::to_array<std::string_view>({"conftest.", "conftest-", "conftest_", "_configtest.", "cmTC_"});
constexpr auto kProbeDirectories =
    std::to_array<std::string_view>({"/CMakeFiles/CMakeScratch", "/CMakeFiles/CMakeTmp", "/meson-private/tmp",
                                     "/.sconf_temp", "/.conf_check_", "/config.tests/"});

}  // namespace

bool is_probe(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  if (name == "conftest") return true;
  const auto begins = [&](std::string_view start) { return name.starts_with(start); };
  if (std::ranges::any_of(kProbeNames, begins)) return true;
  const std::string directory = std::filesystem::absolute(file).parent_path().string();
  return std::ranges::any_of(kProbeDirectories,
                             [&](std::string_view part) { return directory.find(part) != std::string::npos; });
}

}  // namespace xaas
