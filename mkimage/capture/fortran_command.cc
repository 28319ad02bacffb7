// See fortran_command.h.
#include "mkimage/capture/fortran_command.h"

#include <algorithm>
#include <filesystem>

namespace xaas {

bool is_flang(const std::string& compiler) {
  return compiler_family(std::filesystem::path(compiler).filename().string()).starts_with("flang");
}

std::string pass_plugin(const CaptureEnvironment& environment) {
  return "-fpass-plugin=" + environment.prefix_pass.string();
}

std::vector<std::string> fortran_arguments(const CaptureEnvironment& environment, const Compilation& compilation) {
  std::vector<std::string> arguments = compilation.arguments;
  const auto end = arguments.insert(std::ranges::find(arguments, "--"), "-fno-lto");
  arguments.insert(end + 1, pass_plugin(environment));
  return arguments;
}

}  // namespace xaas
