// The variables XAAS_CAPTURE, XAAS_CONFIGURATION, XAAS_SHARES_UNITS, XAAS_CAPTURE_CACHE, XAAS_SRC,
// XAAS_BUILD, XAAS_PREFIX, XAAS_PREFIX_PASS, XAAS_ASKS_PLUGIN, XAAS_LEVELS, XAAS_CUDA_FAMILIES, XAAS_MOVABLE,
// XAAS_LINKERS, XAAS_LLD, XAAS_REAL_CC, XAAS_REAL_CXX, XAAS_REAL_FC; see capture_environment.h.
#include "mkimage/record/capture_environment.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "format/base/file.h"
#include "format/base/split.h"
#include "format/image.h"

namespace xaas {
namespace {

constexpr const char* kCaptureVariable = "XAAS_CAPTURE";
constexpr const char* kVariablesFile = ".xaas-variables";  // NAME=VALUE, each with a NUL behind it
constexpr std::string_view kOwnVariables = "XAAS_";        // each variable's name begins so

// `path` relative to `root`, or nullopt if it is outside.
std::optional<std::filesystem::path> inside(const std::filesystem::path& path, const std::filesystem::path& root) {
  if (root.empty()) return std::nullopt;
  std::filesystem::path relative = path.lexically_relative(root);
  if (relative.empty() || *relative.begin() == "..") return std::nullopt;
  return relative;
}

}  // namespace

std::string CaptureEnvironment::display_name(const std::filesystem::path& path,
                                             const std::filesystem::path& directory) const {
  const std::filesystem::path absolute = (directory / path).lexically_normal();
  if (const auto relative = inside(absolute, build))
    return (std::filesystem::path(kBuildName) / *relative).lexically_normal().string();
  if (const auto relative = inside(absolute, source)) return relative->string();
  return absolute.string();
}

std::string CaptureEnvironment::without_directories(std::string text) const {
  for (const std::string& directory : {build.string(), source.string()}) {
    if (directory.empty()) continue;
    for (std::size_t at = text.find(directory); at != std::string::npos; at = text.find(directory, at)) {
      text.erase(at, directory.size());
    }
  }
  return text;
}

std::vector<std::string> CaptureEnvironment::prefix_maps() const {
  const std::filesystem::path sources = prefix / kSourceDirectory;
  return {fmt::format("-ffile-prefix-map={}={}", source.string(), sources.string()),
          fmt::format("-ffile-prefix-map={}={}", build.string(), (sources / kBuildName).string())};
}

std::optional<CaptureEnvironment> capture_environment() {
  CaptureEnvironment environment;
  environment.capture = environment_variable("XAAS_CAPTURE");
  if (environment.capture.empty()) return std::nullopt;
  environment.configuration = environment_variable("XAAS_CONFIGURATION");
  environment.shares_units = !environment_variable("XAAS_SHARES_UNITS").empty();
  environment.cache = environment_variable("XAAS_CAPTURE_CACHE");
  environment.source = environment_variable("XAAS_SRC");
  environment.build = environment_variable("XAAS_BUILD");
  environment.prefix = environment_variable("XAAS_PREFIX");
  environment.prefix_pass = environment_variable("XAAS_PREFIX_PASS");
  environment.asks_plugin = environment_variable("XAAS_ASKS_PLUGIN");
  const std::string levels = environment_variable("XAAS_LEVELS");
  for (const std::string_view level : split(levels, ',')) environment.levels.emplace_back(level);
  const std::string families = environment_variable("XAAS_CUDA_FAMILIES");
  for (const std::string_view family : split(families, ',')) {
    environment.cuda_families.push_back(static_cast<unsigned>(std::strtoul(std::string(family).c_str(), nullptr, 10)));
  }
  environment.movable = !environment_variable("XAAS_MOVABLE").empty();
  environment.linkers = environment_variable("XAAS_LINKERS");
  environment.lld = environment_variable("XAAS_LLD");
  environment.c_compiler = environment_variable("XAAS_REAL_CC");
  environment.cxx_compiler = environment_variable("XAAS_REAL_CXX");
  environment.fortran_compiler = environment_variable("XAAS_REAL_FC");
  return environment;
}

Variables to_variables(const CaptureEnvironment& environment) {
  const auto flag = [](bool value) { return value ? "1" : ""; };
  return {{kCaptureVariable, environment.capture.string()},
          {"XAAS_CONFIGURATION", environment.configuration},
          {"XAAS_SHARES_UNITS", flag(environment.shares_units)},
          {"XAAS_CAPTURE_CACHE", environment.cache.string()},
          {"XAAS_SRC", environment.source.string()},
          {"XAAS_BUILD", environment.build.string()},
          {"XAAS_PREFIX", environment.prefix.string()},
          {"XAAS_PREFIX_PASS", environment.prefix_pass.string()},
          {"XAAS_ASKS_PLUGIN", environment.asks_plugin.string()},
          {"XAAS_LEVELS", fmt::format("{}", fmt::join(environment.levels, ","))},
          {"XAAS_CUDA_FAMILIES", fmt::format("{}", fmt::join(environment.cuda_families, ","))},
          {"XAAS_MOVABLE", flag(environment.movable)},
          {"XAAS_LINKERS", environment.linkers.string()},
          {"XAAS_LLD", environment.lld.string()},
          {"XAAS_REAL_CC", environment.c_compiler},
          {"XAAS_REAL_CXX", environment.cxx_compiler},
          {"XAAS_REAL_FC", environment.fortran_compiler}};
}

Status write_variables(const CaptureEnvironment& environment, const std::filesystem::path& tools) {
  std::string text;
  for (const auto& [name, value] : to_variables(environment)) text += fmt::format("{}={}{}", name, value, '\0');
  return write_file(tools / kVariablesFile, text);
}

void remove_variables(const std::filesystem::path& tools) {
  std::error_code ignored;
  std::filesystem::remove(tools / kVariablesFile, ignored);
}

bool has_capture_variables() {
  return std::getenv(kCaptureVariable) != nullptr;  // NOLINT(concurrency-mt-unsafe): one thread
}

bool restore_variables(const std::filesystem::path& tools) {
  const auto text = read_file(tools / kVariablesFile);
  if (!text) return false;
  for (const std::string_view line : split(*text, '\0')) {
    const std::size_t end = std::min(line.find('='), line.size());
    const std::string name(line.substr(0, end));
    const std::string value(line.substr(std::min(end + 1, line.size())));
    if (name.starts_with(kOwnVariables)) setenv(name.c_str(), value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  }
  return true;
}

Variables without_capture() { return {{kCaptureVariable, ""}}; }

}  // namespace xaas
