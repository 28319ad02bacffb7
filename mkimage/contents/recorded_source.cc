// See recorded_source.h.
#include "mkimage/contents/recorded_source.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "format/base/process.h"
#include "format/base/text.h"
#include "format/base/version_number.h"
#include "mkimage/record/work_directory.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// They hold every version of the source, and sometimes passwords of servers.
constexpr auto kVersionControl = std::to_array<std::string_view>({".bzr", ".git", ".hg", ".svn"});

// Build tools whose versions are recorded if PATH has them.
constexpr auto kBuildTools =
    std::to_array<const char*>({"autoconf", "automake", "cmake", "libtoolize", "make", "meson", "ninja", "pkg-config"});

// The paths in the source that are not recorded, as copy_tree() takes them.
Result<std::vector<fs::path>> left_out_paths(const fs::path& source, std::vector<fs::path> without,
                                             const std::vector<std::string>& patterns) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(source, error), end; !error && at != end; at.increment(error)) {
    const bool is_known = std::ranges::find(without, at->path()) != without.end();
    const bool is_out = is_known || is_in(kVersionControl, at->path().filename().string()) ||
                        is_left_out(patterns, at->path().lexically_relative(source).string());
    if (!is_out) continue;
    at.disable_recursion_pending();
    if (!is_known) without.push_back(at->path());
  }
  if (error) return fail(Code::io, "cannot list {}: {}", source.string(), error.message());
  return without;
}

// What a program says to --version; empty if it says none.
std::string version_of(const std::string& program) {
  const auto answer = run_and_read({program, "--version"});
  return answer && answer->status.ok() ? first_version(answer->output) : std::string();
}

std::map<std::string, std::string> tool_versions(const CaptureEnvironment& environment) {
  std::map<std::string, std::string> versions;
  for (const std::string& compiler :
       {environment.c_compiler, environment.cxx_compiler, environment.fortran_compiler, environment.lld.string()}) {
    if (!compiler.empty()) versions[fs::path(compiler).filename().string()] = version_of(compiler);
  }
  for (const char* tool : kBuildTools) {
    if (const auto path = find_program(tool)) versions[tool] = version_of(path->string());
  }
  return versions;
}

std::vector<std::string> level_words(const LevelPlan& levels) {
  if (!levels.is_chosen) return {levels.names.empty() ? "none" : "auto"};
  return levels.names.empty() ? std::vector<std::string>{"none"} : levels.names;
}

SourceConfiguration describe(const PlannedConfiguration& planned) {
  SourceConfiguration configuration;
  configuration.name = planned.name;
  configuration.points = planned.points;
  for (const auto& [name, value] : planned.points) {
    const std::string variable = SpecializationPoint{name, {}, {}, {}}.variable();
    const auto held = std::ranges::find(planned.variables, variable, &Variables::value_type::first);
    if (held != planned.variables.end()) configuration.substitutes[name] = held->second;
  }
  configuration.on_host = planned.on_host;
  return configuration;
}

}  // namespace

bool is_left_out(const std::vector<std::string>& patterns, const std::string& path) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    // The name of a directory stands for everything in it.
    return fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0 || path.starts_with(pattern + "/");
  });
}

Result<WholeSource> record_source(const fs::path& source, const std::vector<fs::path>& without,
                                  const std::vector<std::string>& left_out, const fs::path& to) {
  XAAS_ASSIGN(const auto paths, left_out_paths(source, without, left_out));
  XAAS_TRY(copy_tree(source, to, paths));
  return read_whole_source(to);
}

SourceRecord describe_source(const WholeSource& tree, const BuildPlan& plan,
                             const std::vector<PlannedConfiguration>& configurations,
                             const CaptureEnvironment& environment) {
  SourceRecord record;
  record.digest = tree.digest;
  record.files = tree.files;
  record.bytes = tree.bytes;
  record.configure = plan.configure;
  record.build = plan.build;
  record.install = plan.install;
  record.arguments = plan.arguments;
  for (const InstalledAsIs& file : plan.files) record.copied.push_back({file.from, file.to});
  if (plan.fortran) record.fortran = *plan.fortran == FortranChoice::flang ? "flang" : "gfortran";
  record.levels = level_words(plan.levels);
  record.slots = plan.slots;
  record.cuda_families = plan.cuda_families;
  record.tools = tool_versions(environment);
  for (const PlannedConfiguration& one : configurations) record.configurations.push_back(describe(one));
  return record;
}

}  // namespace xaas
