// See versions.h.
#include "lower/system/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "format/base/split.h"
#include "format/base/version_number.h"

namespace xaas {
namespace {

// Words by which a program is known, and behind which its version stands. The first that occurs counts, so a special
// one stands in front of the general one that it contains.
struct ProgramRule {
  std::string_view words;
  std::string_view family;
  std::string_view before{};  // words directly in front of the version; empty: `words`
};
constexpr auto kProgramRules = std::to_array<ProgramRule>({
    {"Cuda compiler driver", "CUDA", ", V"},
    {"HIP version: ", "HIP"},
    {"Intel(R) oneAPI DPC++/C++ Compiler ", "Intel oneAPI"},
    {"ifx (IFX) ", "Intel oneAPI"},
    {"ifort (IFORT) ", "Intel classic"},
    {"icc (ICC) ", "Intel classic"},
    {"nvc ", "NVHPC"},
    {"nvc++ ", "NVHPC"},
    {"nvfortran ", "NVHPC"},
    {"Cray Fortran : Version ", "Cray"},
    {"Cray clang version ", "Cray"},
    {"AMD clang version ", "AMD clang"},
    {"flang-new version ", "flang"},
    {"flang version ", "flang"},
    {"clang version ", "clang"},
    {"(Open MPI) ", "Open MPI"},
    {"(OpenRTE) ", "Open MPI"},
    {": Open MPI ", "Open MPI"},
    {"Intel(R) MPI Library", "Intel MPI", "Version "},
    {"for MPICH version ", "MPICH"},
    {"HYDRA build details", "MPICH", "Version:"},
    {"Free Software Foundation", "GCC", ") "},
});

std::string version_behind(std::string_view text, std::string_view words) {
  const std::size_t at = text.find(words);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + words.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return std::string(leading_version(text));
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\"");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\"") - first + 1);
}

// Replaces ${name}, also in what it has put there, so far as there is no circle.
std::string expanded(std::string text, const std::map<std::string, std::string, std::less<>>& variables) {
  constexpr int kMostReplacements = 32;
  for (int i = 0; i < kMostReplacements; ++i) {
    const std::size_t begin = text.find("${");
    const std::size_t end = text.find('}', begin);
    if (begin == std::string::npos || end == std::string::npos) return text;
    const auto value = variables.find(text.substr(begin + 2, end - begin - 2));
    text.replace(begin, end - begin + 1, value == variables.end() ? "" : value->second);
  }
  return text;
}

// The value of "#define NAME value"; empty if the header does not define it.
std::string_view defined_value(std::string_view text, std::string_view name) {
  std::string_view value;
  for_each_piece(text, '\n', [&](std::string_view line) {
    line = trimmed(line);
    if (!line.starts_with('#')) return;
    line = trimmed(line.substr(1));
    if (!line.starts_with("define")) return;
    line = trimmed(line.substr(std::string_view("define").size()));
    if (!line.starts_with(name) || line.size() == name.size()) return;
    if (line[name.size()] == ' ' || line[name.size()] == '\t') value = trimmed(line.substr(name.size()));
  });
  return value;
}

}  // namespace

ProgramVersion program_version(std::string_view output) {
  for (const ProgramRule& rule : kProgramRules) {
    if (output.find(rule.words) == std::string_view::npos) continue;
    return {std::string(rule.family), version_behind(output, rule.before.empty() ? rule.words : rule.before)};
  }
  return {};
}

std::string pkg_config_version(std::string_view text) {
  std::map<std::string, std::string, std::less<>> variables;
  std::string version;
  for_each_piece(text, '\n', [&](std::string_view line) {
    const std::size_t sign = line.find_first_of("=:");
    if (sign == std::string_view::npos) return;
    const std::string_view name = trimmed(line.substr(0, sign));
    const std::string_view value = trimmed(line.substr(sign + 1));
    if (line[sign] == '=') {
      variables[std::string(name)] = value;
    } else if (name == "Version") {
      version = value;
    }
  });
  return expanded(version, variables);
}

std::string header_version(std::string_view text, const std::vector<std::string_view>& macros) {
  std::string version;
  for (const std::string_view macro : macros) {
    const std::string_view value = defined_value(text, macro);
    if (value.empty()) return {};
    const std::string_view number = leading_version(value);
    if (macros.size() == 1 && number.empty()) return first_version(value);
    if (number.empty()) return {};
    version += (version.empty() ? "" : ".") + std::string(number);
  }
  return version;
}

}  // namespace xaas
