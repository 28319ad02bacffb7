// Reads and writes the file build-state.json; see build_state.h.
#include "mkimage/build_state.h"

#include <sys/stat.h>

#include <array>
#include <string>

#include "format/base/file.h"
#include "format/base/json_fields.h"
#include "format/base/process.h"
#include "format/version.h"
#include "mkimage/compiler/real_compiler.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kVersionOfState = 1;

// The variables that build systems read when they configure.
constexpr std::array kVariables = {"PATH",
                                   "CFLAGS",
                                   "CXXFLAGS",
                                   "CPPFLAGS",
                                   "FFLAGS",
                                   "FCFLAGS",
                                   "LDFLAGS",
                                   "LIBS",
                                   "CPATH",
                                   "LIBRARY_PATH",
                                   "PKG_CONFIG_PATH",
                                   "CMAKE_GENERATOR",
                                   "CMAKE_PREFIX_PATH",
                                   "CONFIG_SITE",
                                   "LD_LIBRARY_PATH",
                                   kEpochVariable};

// The compilers that a build may start: the variable that names each, and the usual compiler.
constexpr std::array<std::pair<const char*, const char*>, 4> kCompilers = {
    {{"XAAS_REAL_CC", kDefaultC}, {"XAAS_REAL_CXX", kDefaultCxx}, {"XAAS_REAL_FC", kDefaultFortran}, {"", "gfortran"}}};

// A sequence of fields of any text, written so that different sequences give different texts.
class Description {
 public:
  void add(std::string_view field) { text_ += fmt::format("{}:{}\n", field.size(), field); }
  // Adds a program by its path, size and modification time.
  void add_program(const fs::path& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) return add("none");
    add(fmt::format("{} {} {}.{:09}", path.string(), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec));
  }
  Digest digest() const { return Digest::of(text_); }

 private:
  std::string text_;
};

void add_compilers(Description& description) {
  for (const auto& [variable, usual] : kCompilers) {
    const std::string asked = *variable == '\0' ? "" : environment_variable(variable);
    const auto path = find_real_compiler(asked.empty() ? usual : asked);
    description.add_program(path.value_or(fs::path()));
  }
  const fs::path own = own_executable().value_or(fs::path());
  description.add_program(own);
  description.add_program(own.parent_path() / "xaas-cc");
}

Result<Stage> parse_stage(const std::string& text) {
  for (const Stage stage : {Stage::configure, Stage::build, Stage::install}) {
    if (text == stage_name(stage)) return stage;
  }
  return fail(Code::invalid, "there is no step {}", text);
}

Result<BuildState> parse_state(const fs::path& file) {
  XAAS_ASSIGN(const std::string text, read_file(file));
  XAAS_ASSIGN(const Json json, parse_json(text, file.string()));
  XAAS_ASSIGN(const JsonObject object, JsonObject::of(json, file.string()));
  XAAS_TRY(object.integer("version", kVersionOfState, kVersionOfState));
  BuildState state;
  XAAS_ASSIGN(state.made_for, object.digest("made_for"));
  XAAS_ASSIGN(const std::string failed, object.string("failed"));
  XAAS_ASSIGN(state.failed, parse_stage(failed));
  XAAS_ASSIGN(const bool is_gfortran, object.boolean("gfortran"));
  state.fortran = is_gfortran ? FortranChoice::gfortran : FortranChoice::flang;
  XAAS_ASSIGN(const auto lines, object.strings("source"));
  for (const std::string& line : lines) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) return fail(Code::invalid, "{}: no tab in \"{}\"", file.string(), line);
    state.source.emplace(line.substr(tab + 1), line.substr(0, tab));
  }
  return state;
}

}  // namespace

Digest describe_build(const fs::path& source, const BuildPlan& plan, const PlannedConfiguration& configuration) {
  Description description;
  for (const std::string& field :
       {std::string(kVersion), source.string(), plan.name, plan.version, plan.prefix,
        std::string(plan.movable ? "movable" : "fixed"), plan.configure, plan.build, plan.policy, configuration.name}) {
    description.add(field);
  }
  for (const std::string& level : plan.levels.names) description.add(level);
  for (const unsigned family : plan.cuda_families) description.add(std::to_string(family));
  description.add("fortran");
  description.add(plan.fortran ? std::to_string(static_cast<int>(*plan.fortran)) : "");
  for (const std::string& argument : plan.arguments) description.add(argument);
  for (const auto& [name, value] : configuration.variables) {
    description.add(name);
    description.add(value);
  }
  for (const char* name : kVariables) description.add(environment_variable(name));
  add_compilers(description);
  return description.digest();
}

std::optional<BuildState> load_build_state(const fs::path& file) {
  auto state = parse_state(file);
  if (!state) return std::nullopt;
  return std::move(*state);
}

Status save_build_state(const fs::path& file, const BuildState& state) {
  OrderedJson json;
  json["version"] = kVersionOfState;
  json["made_for"] = state.made_for.to_string();
  json["failed"] = stage_name(state.failed);
  json["gfortran"] = state.fortran == FortranChoice::gfortran;
  std::vector<std::string> lines;
  lines.reserve(state.source.size());
  for (const auto& [path, text] : state.source) lines.push_back(text + "\t" + path);
  json["source"] = lines;
  if (!holds_only_utf8(json)) return fail(Code::invalid, "a name in the source is not UTF-8");
  return write_file(file, dump_json(json, 1) + "\n");
}

}  // namespace xaas
