// The commands of CMake that look for packages and link with libraries; see cmake_interpreter.h.
#include <algorithm>

#include "format/base/text.h"
#include "mkimage/discover/cmake_interpreter.h"
#include "mkimage/discover/names.h"

namespace xaas {

void CmakeInterpreter::do_find_package(const Call& call) {
  if (call.words.empty()) return;
  const std::string& name = call.words.front();
  const bool is_required = is_in(call.words, "REQUIRED");
  const std::string version = call.words.size() > 1 && is_version_text(call.words[1]) ? call.words[1] : "";
  if (modules_ == 0 || (is_required && is_unconditional()))
    points_.use_package(name, version, is_required, context(call));
  if (!is_known(name)) return;
  if (is_required && is_unconditional()) follow_module(name, call);
  // Examples and tests look for the project itself. Its options are no variables of a package.
  if (upper(name) != upper(variables_.get("CMAKE_PROJECT_NAME").value_or(""))) found_prefixes_.insert(upper(name));
  const std::string found = is_required ? "TRUE" : kUnknownValue;
  variables_.set(name + "_FOUND", found);
  variables_.set(upper(name) + "_FOUND", found);
}

// Whether no condition around decides. A module may try many libraries, and needs those that it looks for in any case.
bool CmakeInterpreter::is_unconditional() const {
  return std::ranges::all_of(conditions_, [](const Condition& condition) { return condition.text.empty(); });
}

// Follows the project's own FindX.cmake for the packages that it looks for. What it sets depends on the host.
void CmakeInterpreter::follow_module(const std::string& package, const Call& call) {
  for (const std::string& directory : list_elements(variables_.get("CMAKE_MODULE_PATH").value_or(""), false)) {
    const std::string module = in_source(directory + "/Find" + package + ".cmake");
    if (!is_known(module) || !tree_.has_file(module)) continue;
    const std::size_t mark = variables_.begin_trial();
    ++modules_;
    run_file(module, call);
    --modules_;
    variables_.end_trial(mark);
    return;
  }
}

void CmakeInterpreter::do_pkg_check_modules(const Call& call) {
  if (call.words.empty() || modules_ > 0) return;
  const bool is_required = is_in(call.words, "REQUIRED");
  for (std::size_t i = 1; i < call.words.size(); ++i) {
    const std::string& word = call.words[i];
    if (upper(word) == word) continue;  // REQUIRED, IMPORTED_TARGET
    const std::size_t end = word.find_first_of("<>=");
    const std::size_t version = word.find_first_of("0123456789", end == std::string::npos ? word.size() : end);
    points_.use_package(word.substr(0, end), version == std::string::npos ? "" : word.substr(version), is_required,
                        context(call));
  }
  found_prefixes_.insert(upper(call.words.front()));
  variables_.set(call.words.front() + "_FOUND", is_required ? "1" : kUnknownValue);
}

// Names of libraries and of targets: "lapack", "CUDA::cufft".
void CmakeInterpreter::do_link_libraries(const Call& call) {
  const CmakeContext here = context(call);
  for (std::size_t i = 1; i < call.words.size(); ++i) {
    const std::string& word = call.words[i];
    const bool is_name = !word.empty() && std::ranges::all_of(word, [](char c) {
      return is_identifier(std::string("_") + c) || c == ':' || c == '+' || c == '-';
    });
    if (is_name && upper(word) != word) points_.link(word, here);
  }
}

void CmakeInterpreter::do_find_file(const Call& call) {
  if (call.words.empty()) return;
  points_.note_set(call.words.front());
  if (!variables_.get(call.words.front())) variables_.set_cached(call.words.front(), kUnknownValue);
}

void CmakeInterpreter::do_enable_language(const Call& call) {
  for (const std::string& word : call.words) {
    if (word == "OPTIONAL" || !is_known(word)) continue;
    points_.use_package(word, "", true, context(call));
    if (mode_ == Mode::live && !is_in(build_.languages, word)) build_.languages.push_back(word);
  }
}

}  // namespace xaas
