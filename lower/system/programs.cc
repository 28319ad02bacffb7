// See programs.h.
#include "lower/system/programs.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "format/base/process.h"
#include "format/base/version_number.h"
#include "lower/bounded_run.h"
#include "lower/system/versions.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// Programs that are looked for, also with a version behind their name: "gcc-12". `asks` are the options that make it
// say its version, tried in order.
struct KnownProgram {
  std::string_view name;
  std::string_view kind;
  std::array<std::string_view, 2> asks;
};
constexpr std::string_view kCompiler = "compiler";
constexpr std::string_view kMpi = "mpi";
constexpr std::array<std::string_view, 2> kAskVersion{"--version", ""};
// A wrapper of MPI hands --version on to its compiler, so it is asked in the way of each family.
constexpr std::array<std::string_view, 2> kAskWrapper{"--showme:version", "-v"};
constexpr auto kPrograms = std::to_array<KnownProgram>({
    {"clang", kCompiler, kAskVersion},     {"clang++", kCompiler, kAskVersion}, {"flang", kCompiler, kAskVersion},
    {"flang-new", kCompiler, kAskVersion}, {"g++", kCompiler, kAskVersion},     {"gcc", kCompiler, kAskVersion},
    {"gfortran", kCompiler, kAskVersion},  {"hipcc", kCompiler, kAskVersion},   {"icpx", kCompiler, kAskVersion},
    {"icx", kCompiler, kAskVersion},       {"ifort", kCompiler, kAskVersion},   {"ifx", kCompiler, kAskVersion},
    {"mpicc", kMpi, kAskWrapper},          {"mpicxx", kMpi, kAskWrapper},       {"mpiexec", kMpi, kAskVersion},
    {"mpif90", kMpi, kAskWrapper},         {"mpifort", kMpi, kAskWrapper},      {"mpirun", kMpi, kAskVersion},
    {"nvc", kCompiler, kAskVersion},       {"nvc++", kCompiler, kAskVersion},   {"nvcc", kCompiler, kAskVersion},
    {"nvfortran", kCompiler, kAskVersion},
});

bool is_suffix(std::string_view text) {
  return text.empty() ||
         (text.size() > 1 && text.front() == '-' && text.find_first_not_of("0123456789.", 1) == std::string_view::npos);
}

const KnownProgram* known_program(std::string_view name) {
  const auto found = std::ranges::find_if(kPrograms, [&](const KnownProgram& program) {
    return name.starts_with(program.name) && is_suffix(name.substr(program.name.size()));
  });
  return found == kPrograms.end() ? nullptr : &*found;
}

Variables asking_environment(const Surroundings& surroundings) {
  return {{"LC_ALL", "C"}, {"PATH", surroundings.variable("PATH")}};
}

// Asks in one way after the other, until the program says a family and a version.
void ask(const Surroundings& surroundings, std::span<const std::string_view> asks, std::chrono::milliseconds limit,
         FoundProgram& program) {
  const Variables environment = asking_environment(surroundings);
  for (const std::string_view option : asks) {
    if (option.empty()) continue;
    const auto output = bounded_run({surroundings.at(program.path).string(), std::string(option)}, environment, limit);
    const ProgramVersion said = output ? program_version(*output) : ProgramVersion();
    program.problem = output ? "it does not say which version it is" : output.error().message;
    if (said.version.empty()) continue;
    program.family = said.family;
    program.version = said.version;
    program.problem.clear();
    return;
  }
}

}  // namespace

std::vector<FoundProgram> find_programs(const Surroundings& surroundings, std::chrono::milliseconds limit) {
  std::vector<FoundProgram> programs;
  std::set<std::string> names;
  std::set<std::pair<fs::path, std::string_view>> files;  // with what each is called without a version
  for (const fs::path& directory : surroundings.directories("PATH")) {
    for (const std::string& name : names_in(surroundings.at(directory))) {
      const KnownProgram* known = known_program(name);
      const fs::path path = directory / name;
      if (known == nullptr || !is_program(surroundings.at(path)) || !names.insert(name).second) continue;
      std::error_code error;
      const fs::path file = fs::canonical(surroundings.at(path), error);
      if (!error && !files.emplace(file, known->name).second) continue;
      FoundProgram& program = programs.emplace_back();
      program.name = name;
      program.path = path.string();
      program.kind = known->kind;
      ask(surroundings, known->asks, limit, program);
    }
  }
  return programs;
}

Result<FoundProgram> find_tool(const Surroundings& surroundings, const std::string& name,
                               std::chrono::milliseconds limit) {
  for (const fs::path& directory : surroundings.directories("PATH")) {
    FoundProgram program;
    program.name = name;
    program.path = (directory / name).string();
    if (!is_program(surroundings.at(program.path))) continue;
    const KnownProgram* known = known_program(name);
    program.kind = known != nullptr ? known->kind : "tool";
    if (known != nullptr) {
      ask(surroundings, known->asks, limit, program);
      return program;
    }
    const auto output =
        bounded_run({surroundings.at(program.path).string(), "--version"}, asking_environment(surroundings), limit);
    program.version = output ? first_version(*output) : "";
    return program;
  }
  return fail(Code::not_found, "{} is not in PATH", name);
}

}  // namespace xaas
