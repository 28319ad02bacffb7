// The commands of CMake that matter here; see cmake_interpreter.h.
#include <algorithm>
#include <array>

#include "format/base/text.h"
#include "mkimage/discover/cmake_glob.h"
#include "mkimage/discover/cmake_interpreter.h"
#include "mkimage/discover/foreign_directories.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

// What is set when CMake begins, on Linux for x86-64 with GCC.
constexpr auto kInitialVariables = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"CMAKE_COMPILER_IS_GNUCC", "1"},
    {"CMAKE_COMPILER_IS_GNUCXX", "1"},
    {"CMAKE_COMPILER_IS_GNUG77", "1"},
    {"CMAKE_CXX_COMPILER_ID", "GNU"},
    {"CMAKE_CXX_FLAGS", ""},
    {"CMAKE_C_COMPILER_ID", "GNU"},
    {"CMAKE_C_FLAGS", ""},
    {"CMAKE_Fortran_COMPILER_ID", "GNU"},
    {"CMAKE_GENERATOR", "Unix Makefiles"},
    {"CMAKE_HOST_SYSTEM_NAME", "Linux"},
    {"CMAKE_HOST_SYSTEM_PROCESSOR", "x86_64"},
    {"CMAKE_HOST_UNIX", "1"},
    {"CMAKE_INSTALL_PREFIX", "/usr/local"},
    {"CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT", "1"},
    {"CMAKE_SHARED_LIBRARY_SUFFIX", ".so"},
    {"CMAKE_SIZEOF_VOID_P", "8"},
    {"CMAKE_STATIC_LIBRARY_SUFFIX", ".a"},
    {"CMAKE_SYSTEM", "Linux"},
    {"CMAKE_SYSTEM_NAME", "Linux"},
    {"CMAKE_SYSTEM_PROCESSOR", "x86_64"},
    {"CMAKE_VERSION", "3.30.0"},
    {"LINUX", "1"},
    {"UNIX", "1"},
});

constexpr auto kInstallDirectories =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"BINDIR", "bin"},
                                                                  {"DATADIR", "share"},
                                                                  {"DATAROOTDIR", "share"},
                                                                  {"DOCDIR", "share/doc"},
                                                                  {"INCLUDEDIR", "include"},
                                                                  {"LIBDIR", "lib"},
                                                                  {"LIBEXECDIR", "libexec"},
                                                                  {"MANDIR", "share/man"},
                                                                  {"SBINDIR", "sbin"},
                                                                  {"SYSCONFDIR", "etc"}});

// The place of the variable that gets the result, for commands whose results only the host knows.
constexpr auto kResultPlaces = std::to_array<std::pair<std::string_view, std::size_t>>({
    {"build_name", 0},
    {"cmake_host_system_information", 1},
    {"get_cmake_property", 0},
    {"get_directory_property", 0},
    {"get_property", 0},
    {"get_source_file_property", 1},
    {"get_target_property", 0},
    {"get_test_property", 2},
    {"pkg_get_variable", 0},
    {"site_name", 0},
    {"try_compile", 0},
    {"try_run", 0},
});

// The version in cmake_minimum_required(VERSION 3.14...3.28).
std::string lower_bound_of(const std::string& text) {
  const std::size_t range = text.find("...");
  return range == std::string::npos ? text : text.substr(0, range);
}

// Calls `use` with each name of a variable that configure_file would look up in the text.
void for_each_name_in_template(std::string_view text, const auto& use) {
  std::string_view before;  // the word before the name
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_identifier(std::string("_") + text[end])) ++end;
    if (end == i) {
      ++i;
      continue;
    }
    const std::string_view word = text.substr(i, end - i);
    const bool is_marked = i > 0 && end < text.size() && text[i - 1] == '@' && text[end] == '@';
    const bool is_reference = i > 1 && text[i - 1] == '{' && text[i - 2] == '$';
    if (is_marked || is_reference || before == "cmakedefine" || before == "cmakedefine01") use(word);
    before = word;
    i = end;
  }
}

bool is_keyword_of_result(const std::string& word) {
  return word.ends_with("RESULT") || word.ends_with("OUTPUT") || word.ends_with("_VARIABLE") ||
         word.ends_with("RESULT_VAR");
}

}  // namespace

CmakeInterpreter::CmakeInterpreter(SourceTree& tree, BuildDescription& build)
    : tree_(tree), build_(build), points_(build) {
  for (const auto& [name, value] : kInitialVariables) variables_.set(std::string(name), std::string(value));
  for (const char* name :
       {"CMAKE_SOURCE_DIR", "CMAKE_CURRENT_SOURCE_DIR", "PROJECT_SOURCE_DIR", "CMAKE_HOME_DIRECTORY"}) {
    variables_.set(name, absolute(build_.directory));
  }
  for (const char* name : {"CMAKE_BINARY_DIR", "CMAKE_CURRENT_BINARY_DIR", "PROJECT_BINARY_DIR"}) {
    variables_.set(name, std::string(kCmakeBinaryRoot));
  }
}

const std::map<std::string_view, CmakeInterpreter::Handler>& CmakeInterpreter::handlers() {
  static const std::map<std::string_view, Handler> kHandlers = {
      {"add_compile_definitions", &CmakeInterpreter::do_nothing},
      {"add_compile_options", &CmakeInterpreter::do_nothing},
      {"add_custom_command", &CmakeInterpreter::do_nothing},
      {"add_custom_target", &CmakeInterpreter::do_add_target},
      {"add_definitions", &CmakeInterpreter::do_nothing},
      {"add_executable", &CmakeInterpreter::do_add_target},
      {"add_library", &CmakeInterpreter::do_add_target},
      {"add_link_options", &CmakeInterpreter::do_nothing},
      {"add_subdirectory", &CmakeInterpreter::do_add_subdirectory},
      {"add_test", &CmakeInterpreter::do_nothing},
      {"break", &CmakeInterpreter::do_break},
      {"cmake_dependent_option", &CmakeInterpreter::do_dependent_option},
      {"cmake_minimum_required", &CmakeInterpreter::do_minimum_version},
      {"cmake_policy", &CmakeInterpreter::do_policy},
      {"configure_file", &CmakeInterpreter::do_configure_file},
      {"continue", &CmakeInterpreter::do_continue},
      {"define_property", &CmakeInterpreter::do_nothing},
      {"enable_language", &CmakeInterpreter::do_enable_language},
      {"find_file", &CmakeInterpreter::do_find_file},
      {"find_library", &CmakeInterpreter::do_find_file},
      {"file", &CmakeInterpreter::do_file},
      {"find_package", &CmakeInterpreter::do_find_package},
      {"find_path", &CmakeInterpreter::do_find_file},
      {"find_program", &CmakeInterpreter::do_find_file},
      {"include", &CmakeInterpreter::do_include},
      {"include_directories", &CmakeInterpreter::do_nothing},
      {"include_guard", &CmakeInterpreter::do_include_guard},
      {"install", &CmakeInterpreter::do_nothing},
      {"link_libraries", &CmakeInterpreter::do_nothing},
      {"mark_as_advanced", &CmakeInterpreter::do_nothing},
      {"message", &CmakeInterpreter::do_message},
      {"option", &CmakeInterpreter::do_option},
      {"pkg_check_modules", &CmakeInterpreter::do_pkg_check_modules},
      {"pkg_search_module", &CmakeInterpreter::do_pkg_check_modules},
      {"project", &CmakeInterpreter::do_project},
      {"return", &CmakeInterpreter::do_return},
      {"set", &CmakeInterpreter::do_set},
      {"set_property", &CmakeInterpreter::do_set_property},
      {"set_target_properties", &CmakeInterpreter::do_nothing},
      {"target_compile_definitions", &CmakeInterpreter::do_nothing},
      {"target_compile_options", &CmakeInterpreter::do_nothing},
      {"target_include_directories", &CmakeInterpreter::do_nothing},
      {"target_link_libraries", &CmakeInterpreter::do_link_libraries},
      {"target_link_options", &CmakeInterpreter::do_nothing},
      {"target_sources", &CmakeInterpreter::do_nothing},
      {"unset", &CmakeInterpreter::do_unset},
  };
  return kHandlers;
}

std::string CmakeInterpreter::absolute(const std::string& path) const {
  return std::string(kCmakeSourceRoot) + (path.empty() ? "" : "/") + path;
}

std::string CmakeInterpreter::in_source(const std::string& path) const {
  std::string from_root = path;
  if (!path.starts_with('/')) from_root = variables_.get("CMAKE_CURRENT_SOURCE_DIR").value_or("") + "/" + path;
  if (!is_known(from_root)) return kUnknownValue;
  if (from_root != kCmakeSourceRoot && !from_root.starts_with(std::string(kCmakeSourceRoot) + "/"))
    return kUnknownValue;
  from_root.erase(0, std::min(kCmakeSourceRoot.size() + 1, from_root.size()));
  return path_in_tree("", from_root).value_or(kUnknownValue);
}

void CmakeInterpreter::set_variable(const std::string& name, std::optional<std::string> value) {
  if (value) points_.note_set(name);
  variables_.set(name, std::move(value));
}

void CmakeInterpreter::do_set(const Call& call) {
  Words words = call.words;
  if (words.empty() || words.front().starts_with("ENV{") || !is_known(words.front())) return;
  const std::string name = words.front();
  const auto cache = std::find(words.begin() + 1, words.end(), "CACHE");
  if (cache != words.end() && words.end() - cache >= 3) {
    const std::string value = join_list({words.begin() + 1, cache});
    const std::string type = *(cache + 1);
    if (type == "BOOL" || type == "STRING" || type == "PATH" || type == "FILEPATH") {
      const bool is_forced = words.back() == "FORCE" && !yields_to_user(name);
      points_.declare(
          {name, type == "BOOL" ? PointKind::boolean : PointKind::text, value, *(cache + 2), "", true, is_forced},
          context(call));
      points_.note_preset(name);
    }
    points_.note_set(name);
    if (!variables_.cached(name) || words.back() == "FORCE" || type == "INTERNAL") variables_.set_cached(name, value);
    return;
  }
  const bool is_parents = words.back() == "PARENT_SCOPE" && words.size() > 1;
  if (is_parents) words.pop_back();
  if (words.size() == 1)
    return is_parents ? variables_.set_in_parent(name, std::nullopt) : variables_.set(name, std::nullopt);
  const std::string value = join_list({words.begin() + 1, words.end()});
  if (!conditions_.empty() && conditions_.back().required == name && mode_ == Mode::live && !lookup(name))
    points_.ask_unset(name, context(call), value);
  if (is_parents) {
    points_.note_set(name);
    variables_.set_in_parent(name, value);
  } else {
    set_variable(name, value);
  }
  note_replacement(call, name);
}

// Looks whether this turns on a choice in place of one that is deprecated: `if(OLD) message("OLD is deprecated…")
// set(NEW ON …)`.
void CmakeInterpreter::note_replacement(const Call& call, const std::string& name) {
  if (conditions_.empty() || call.words.size() < 2 || constant_truth(call.words[1]) != true) return;
  const Condition& condition = conditions_.back();
  if (condition.text.empty() || condition.guard.empty() || points_.is_declared(condition.guard)) return;
  if (condition.says_deprecated) points_.replace_deprecated(condition.guard, name, context(call));
}

void CmakeInterpreter::do_message(const Call& call) {
  if (conditions_.empty()) return;
  note_required(call);
  if (conditions_.back().guard.empty()) return;
  const bool says_so = std::ranges::any_of(call.words, [](const std::string& word) {
    const std::string text = lower_case(word);
    return text.find("deprecated") != std::string::npos || text.find("renamed") != std::string::npos;
  });
  if (says_so) conditions_.back().says_deprecated = true;
}

// Looks whether the build ends because a variable has no value: `if(NOT DEFINED X) message(FATAL_ERROR …)`. Then X is
// a choice that the user must make.
void CmakeInterpreter::note_required(const Call& call) {
  const std::string& name = conditions_.back().required;
  const bool is_end = !call.words.empty() && (call.words[0] == "FATAL_ERROR" || call.words[0] == "SEND_ERROR");
  if (!is_end || name.empty() || mode_ != Mode::live || lookup(name)) return;
  points_.declare({name, PointKind::text, std::string(kUnknownValue), "must be given", "", true}, context(call));
  variables_.set_cached(name, std::string(kUnknownValue));
}

void CmakeInterpreter::do_unset(const Call& call) {
  if (call.words.empty() || call.words.front().starts_with("ENV{")) return;
  const bool is_cache = call.words.size() > 1 && call.words[1] == "CACHE";
  if (is_cache) return variables_.set_cached(call.words.front(), std::nullopt);
  variables_.set(call.words.front(), std::nullopt);
}

void CmakeInterpreter::do_option(const Call& call) {
  if (call.words.empty()) return;
  const std::string& name = call.words.front();
  points_.note_set(name);
  points_.note_option(name);
  const bool is_hidden = option_yields_ && mode_ == Mode::live && variables_.is_normal(name);
  const std::string given = call.words.size() > 2 ? call.words[2] : "OFF";
  std::string value = given;
  if (is_known(given)) value = constant_truth(given).value_or(false) ? "ON" : "OFF";
  // CMake takes a text for OFF. One that conditions compare with others is a value all the same.
  if (!constant_truth(given)) points_.note_comparison(name, given);
  points_.declare({name, PointKind::boolean, value, call.words.size() > 1 ? call.words[1] : "", "", !is_hidden},
                  context(call));
  if (!is_hidden && !variables_.cached(name)) variables_.set_cached(name, value);
}

void CmakeInterpreter::do_dependent_option(const Call& call) {
  if (call.words.size() < 5) return do_option(call);
  const std::string& name = call.words.front();
  points_.note_set(name);
  points_.note_option(name);
  Truth holds = Truth::yes;
  for (const std::string& condition : list_elements(call.words[3], false)) {
    std::vector<ConditionWord> words;
    std::string word;
    for (const char c : condition + " ") {
      const bool ends = c == ' ' || c == '(' || c == ')' || c == '\n' || c == '\t';
      if (!ends) word += c;
      if (ends && !word.empty()) words.push_back({std::exchange(word, {}), false});
      if (c == '(' || c == ')') words.push_back({std::string(1, c), false});
    }
    holds = both(holds, decide(words));
  }
  std::string value = call.words[2];
  if (is_known(value)) value = constant_truth(value).value_or(false) ? "ON" : "OFF";
  points_.declare({name, PointKind::boolean, value, call.words[1], call.words[3], holds != Truth::no}, context(call));
  if (holds == Truth::no) return variables_.set(name, call.words[4]);
  if (!variables_.cached(name)) variables_.set_cached(name, holds == Truth::yes ? value : kUnknownValue);
}

void CmakeInterpreter::do_set_property(const Call& call) {
  const Words& words = call.words;
  const auto property = std::ranges::find(words, "PROPERTY");
  if (words.size() < 4 || words[0] != "CACHE" || property == words.end() || words.end() - property < 3) return;
  for (auto name = words.begin() + 1; name != property; ++name) {
    if (*(property + 1) == "STRINGS") {
      points_.set_choices(*name, list_elements(join_list({property + 2, words.end()}), false), context(call));
    } else if (*(property + 1) == "TYPE" && *(property + 2) == "INTERNAL") {
      points_.hide(*name, context(call));
    }
  }
}

void CmakeInterpreter::do_include(const Call& call) {
  if (call.words.empty() || !is_known(call.words.front())) return;
  const std::string& name = call.words.front();
  if (name == "GNUInstallDirs") {
    for (const auto& [directory, value] : kInstallDirectories) {
      const std::string variable = "CMAKE_INSTALL_" + std::string(directory);
      if (!variables_.get(variable)) variables_.set_cached(variable, std::string(value));
    }
    return;
  }
  if (name == "CTest") {
    points_.declare({"BUILD_TESTING", PointKind::boolean, "ON", "Build the testing tree.", "", true}, context(call));
    if (!variables_.cached("BUILD_TESTING")) variables_.set_cached("BUILD_TESTING", "ON");
    return;
  }
  if (const std::string package = package_of_module(name); !package.empty()) {
    points_.use_package(package, "", false, context(call));
  }
  Words candidates = {in_source(name)};
  if (!name.starts_with('/')) {
    for (const std::string& directory : list_elements(variables_.get("CMAKE_MODULE_PATH").value_or(""), false)) {
      candidates.push_back(in_source(directory + "/" + name + ".cmake"));
    }
  }
  for (const std::string& candidate : candidates) {
    if (!is_known(candidate) || !tree_.has_file(candidate) || guarded_.contains(candidate)) continue;
    return run_file(candidate, call);
  }
}

void CmakeInterpreter::do_include_guard(const Call&) {
  if (mode_ == Mode::live) guarded_.insert(file_);
}

void CmakeInterpreter::do_add_subdirectory(const Call& call) {
  if (call.words.empty()) return;
  const std::string directory = in_source(call.words.front());
  if (!is_known(directory) || directory.empty()) return;
  const std::string file = directory + "/CMakeLists.txt";
  if (!tree_.has_file(file)) return;
  if (is_foreign_directory(directory)) foreign_directories_.insert(directory);
  variables_.push_scope();
  variables_.set("CMAKE_CURRENT_SOURCE_DIR", absolute(directory));
  variables_.set("CMAKE_CURRENT_BINARY_DIR", std::string(kCmakeBinaryRoot) + "/" + directory);
  run_file(file, call);
  variables_.pop_scope();
}

// Only GLOB is followed: what other forms give depends on more than the source.
void CmakeInterpreter::do_file(const Call& call) {
  const Words& words = call.words;
  if (words.size() < 2 || words.front() != "GLOB") return do_unknown(call);
  std::optional<std::string> base;
  Words found;
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "CONFIGURE_DEPENDS") continue;
    if (words[i] == "LIST_DIRECTORIES") {
      ++i;
      continue;
    }
    const bool is_base = words[i] == "RELATIVE" && i + 1 < words.size();
    const std::string path = in_source(words[is_base ? ++i : i]);
    if (!is_known(path)) return set_variable(words[1], kUnknownValue);
    if (is_base) {
      base = path;
      continue;
    }
    for (std::string& match : paths_that_match(tree_, path)) found.push_back(std::move(match));
  }
  for (std::string& path : found) {
    path = base ? std::filesystem::path("/" + path).lexically_relative("/" + *base).string() : absolute(path);
  }
  set_variable(words[1], join_list(found));
}

// The text asks for variables: `#cmakedefine X`, `@X@` and `${X}`.
void CmakeInterpreter::do_configure_file(const Call& call) {
  const std::string path = call.words.empty() ? std::string(kUnknownValue) : in_source(call.words.front());
  if (!is_known(path) || !tree_.has_file(path) || !templates_.insert(path).second) return;
  const std::string* text = tree_.read(path);
  if (text == nullptr || !use_up(text->size())) return;
  for_each_name_in_template(*text, [&](std::string_view name) { points_.note_read(std::string(name)); });
}

void CmakeInterpreter::do_project(const Call& call) {
  if (call.words.empty()) return;
  const std::string& name = call.words.front();
  const std::string here = variables_.get("CMAKE_CURRENT_SOURCE_DIR").value_or("");
  const std::string directory = in_source(here);
  const bool is_top = directory == build_.directory;
  if (is_top && build_.project.empty() && is_known(name)) build_.project = name;
  if (!is_top && is_known(directory) && mode_ == Mode::dead) foreign_directories_.insert(directory);
  variables_.set("PROJECT_NAME", name);
  if (is_top) variables_.set("CMAKE_PROJECT_NAME", name);
  for (const std::string& prefix : {std::string("PROJECT"), name}) {
    variables_.set(prefix + "_SOURCE_DIR", here);
    variables_.set(prefix + "_BINARY_DIR", variables_.get("CMAKE_CURRENT_BINARY_DIR"));
    variables_.set(prefix + "_IS_TOP_LEVEL", is_top ? "ON" : "OFF");
  }
  std::string version;
  bool is_version = false;
  for (std::size_t i = 1; i < call.words.size(); ++i) {
    if (is_version) version = call.words[i];
    is_version = call.words[i] == "VERSION";
    for (const char* language : {"C", "CXX", "Fortran", "CUDA", "HIP"}) {
      if (call.words[i] == language && mode_ == Mode::live && !is_in(build_.languages, language)) {
        build_.languages.emplace_back(language);
      }
    }
  }
  set_version("PROJECT", version);
  set_version(name, version);
  if (is_top) set_version("CMAKE_PROJECT", version);
}

// A part that the version does not have is empty.
void CmakeInterpreter::set_version(const std::string& prefix, const std::string& version) {
  constexpr auto kParts = std::to_array<const char*>({"_MAJOR", "_MINOR", "_PATCH", "_TWEAK"});
  variables_.set(prefix + "_VERSION", version);
  std::string rest = version;
  for (const char* part : kParts) {
    const std::size_t end = std::min(rest.find('.'), rest.size());
    variables_.set(prefix + "_VERSION" + part, is_known(version) ? rest.substr(0, end) : std::string(kUnknownValue));
    rest.erase(0, std::min(end + 1, rest.size()));
  }
}

void CmakeInterpreter::do_minimum_version(const Call& call) {
  if (call.words.size() < 2 || !is_known(call.words[1])) return;
  const std::string version = lower_bound_of(call.words[1]);
  // Of two ways of the first file, the one that is taken counts.
  const bool is_better = mode_ == Mode::live && !is_minimum_live_ && minimum_file_ == file_;
  if (is_version_text(version) && (build_.minimum_version.empty() || is_better)) {
    build_.minimum_version = version;
    minimum_file_ = file_;
    is_minimum_live_ = mode_ == Mode::live;
  }
  option_yields_ = option_yields_ || compare_versions(version, "3.13") >= 0;
}

void CmakeInterpreter::do_policy(const Call& call) {
  const Words& words = call.words;
  if (words.size() > 2 && words[0] == "SET" && words[1] == "CMP0077") option_yields_ = words[2] == "NEW";
  if (words.size() > 1 && words[0] == "VERSION")
    option_yields_ = option_yields_ || compare_versions(words[1], "3.13") >= 0;
}

void CmakeInterpreter::do_add_target(const Call& call) {
  if (!call.words.empty() && mode_ == Mode::live) targets_.insert(call.words.front());
}

void CmakeInterpreter::do_return(const Call&) {
  if (mode_ == Mode::live) flow_ = Flow::leave_body;
}
void CmakeInterpreter::do_break(const Call&) {
  if (mode_ == Mode::live) flow_ = Flow::leave_loop;
}
void CmakeInterpreter::do_continue(const Call&) {
  if (mode_ == Mode::live) flow_ = Flow::next_round;
}

// A command that is not defined in the source. It may declare a choice, and what it sets is unknown.
void CmakeInterpreter::do_unknown(const Call& call) {
  const std::string& name = call.command.name;
  const Words& words = call.words;
  if (const auto shaped = declaration_by_shape(name, words)) {
    const CmakeDeclaration& declaration = shaped->declaration;
    points_.note_set(declaration.name);
    points_.note_option(declaration.name);
    points_.declare(declaration, context(call));
    points_.set_choices(declaration.name, shaped->values, context(call));
    if (!variables_.get(declaration.name)) variables_.set_cached(declaration.name, declaration.default_value);
    if (declaration.name.starts_with("ENABLE_"))
      variables_.set("HAVE_" + declaration.name.substr(7), declaration.default_value);
    return;
  }
  for (const auto& [command, place] : kResultPlaces) {
    if (name == command && place < words.size()) set_variable(words[place], kUnknownValue);
  }
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (is_keyword_of_result(words[i]) && is_identifier(words[i + 1])) set_variable(words[i + 1], kUnknownValue);
  }
  if (name == "file" && words.size() > 1) {
    for (std::size_t i = 1; i < std::min<std::size_t>(words.size(), 3); ++i) {
      if (is_identifier(words[i])) set_variable(words[i], kUnknownValue);
    }
  }
  if (name == "find_package_handle_standard_args" && !words.empty()) {
    set_variable(words.front() + "_FOUND", kUnknownValue);
    set_variable(upper(words.front()) + "_FOUND", kUnknownValue);
  }
  if (name.starts_with("check_") || name.starts_with("test_")) {
    const auto last = std::find_if(words.rbegin(), words.rend(), [](const auto& word) { return is_identifier(word); });
    if (last == words.rend()) return;
    set_variable(*last, kUnknownValue);
    // What a program prints that is made so, depends on more.
    if (name.ends_with("_compiler_flag") || name.ends_with("_source_compiles")) compiler_checks_.insert(*last);
  }
}

}  // namespace xaas
