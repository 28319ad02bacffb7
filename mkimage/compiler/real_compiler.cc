// Names of compilers and the search in PATH; see real_compiler.h.
#include "mkimage/compiler/real_compiler.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "format/base/process.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

struct Family {
  std::string_view name;
  CompilerRole role;
};

constexpr auto kFamilies = std::to_array<Family>({{"c++", CompilerRole::cxx},
                                                  {"c89", CompilerRole::c},
                                                  {"c99", CompilerRole::c},
                                                  {"cc", CompilerRole::c},
                                                  {"clang++", CompilerRole::cxx},
                                                  {"clang", CompilerRole::c},
                                                  {"f77", CompilerRole::fortran},
                                                  {"f90", CompilerRole::fortran},
                                                  {"f95", CompilerRole::fortran},
                                                  {"flang-new", CompilerRole::fortran},
                                                  {"flang", CompilerRole::fortran},
                                                  {"g++", CompilerRole::cxx},
                                                  {"gcc", CompilerRole::c},
                                                  {"gfortran", CompilerRole::fortran},
                                                  {"xaas-c++", CompilerRole::cxx},
                                                  {"xaas-fc", CompilerRole::fortran}});
#if defined(__aarch64__)
constexpr std::array<std::string_view, 2> kTriples = {"aarch64-linux-gnu-", "aarch64-unknown-linux-gnu-"};
#else
constexpr std::array<std::string_view, 2> kTriples = {"x86_64-linux-gnu-", "x86_64-pc-linux-gnu-"};
#endif
constexpr std::array<std::string_view, 7> kLaunchers = {"buildcache", "ccache",  "distcc", "icecc",
                                                        "icerun",     "sccache", "xaas-cc"};

bool is_launcher(const fs::path& path) {
  std::error_code ignored;
  return std::ranges::find(kLaunchers, fs::canonical(path, ignored).filename().string()) != kLaunchers.end();
}

bool is_version_suffix(std::string_view text) {
  return text.empty() ||
         (text.size() > 1 && text[0] == '-' && text.find_first_not_of("0123456789.", 1) == std::string_view::npos);
}

// The family of a compiler's name; null if it has none.
const Family* family_of(std::string_view name) {
  name = without_triple(name);
  const auto found = std::ranges::find_if(kFamilies, [&](const Family& family) {
    return name.starts_with(family.name) && is_version_suffix(name.substr(family.name.size()));
  });
  return found == kFamilies.end() ? nullptr : &*found;
}

}  // namespace

std::string_view without_triple(std::string_view name) {
  for (const std::string_view triple : kTriples) {
    if (name.starts_with(triple)) return name.substr(triple.size());
  }
  return name;
}

std::set<std::string> programs_in_path(bool (*is_wanted)(std::string_view name)) {
  std::set<std::string> names;
  for (const fs::path& directory : path_directories()) {
    std::error_code error;
    fs::directory_iterator entry(directory, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (is_wanted(name) && is_program(entry->path())) names.insert(name);
    }
  }
  return names;
}

CompilerRole compiler_role(std::string_view name) {
  const Family* family = family_of(name);
  if (family != nullptr) return family->role;
  return name.find("++") == std::string_view::npos ? CompilerRole::c : CompilerRole::cxx;
}

std::string_view compiler_family(std::string_view name) {
  const Family* family = family_of(name);
  return family == nullptr ? std::string_view() : family->name;
}

std::set<std::string> compiler_names_in_path() {
  return programs_in_path([](std::string_view name) { return !compiler_family(name).empty(); });
}

Result<fs::path> find_real_compiler(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    XAAS_ASSIGN(fs::path path, find_program(name));
    if (!is_launcher(path)) return path;
    return fail(Code::invalid, "{} only starts compilers; name the compiler itself", name);
  }
  for (const fs::path& directory : path_directories()) {
    const fs::path path = directory / name;
    if (is_program(path) && !is_launcher(path)) return fs::absolute(path);
  }
  return fail(Code::not_found, "{} is not in PATH; install it", name);
}

Result<std::optional<fs::path>> library_of_compiler(const std::string& compiler, std::string_view soname) {
  XAAS_ASSIGN(const ProcessOutput answer, run_and_read({compiler, fmt::format("-print-file-name={}", soname)}));
  const fs::path path = answer.output.substr(0, answer.output.find('\n'));
  return path.is_absolute() && fs::exists(path) ? std::optional(path) : std::nullopt;
}

void leave_path() {
  const auto own = own_executable();
  if (!own) return;
  std::string kept;
  for (const fs::path& directory : path_directories()) {
    std::error_code ignored;
    if (fs::equivalent(directory / "cc", *own, ignored) || fs::equivalent(directory / "nvcc", *own, ignored)) continue;
    kept += fmt::format("{}{}", kept.empty() ? "" : ":", directory.string());
  }
  setenv("PATH", kept.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
}

}  // namespace xaas
