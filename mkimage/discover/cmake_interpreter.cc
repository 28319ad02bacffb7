// How code is followed; see cmake_interpreter.h. Its words are expanded in cmake_expansion.cc, and the commands
// themselves are in cmake_commands.cc.
#include "mkimage/discover/cmake_interpreter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "format/base/text.h"
#include "mkimage/discover/cmake_functions.h"
#include "mkimage/discover/cmake_regex.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr std::size_t kMaxCommands = 1500000;
constexpr std::size_t kMaxBytes = 256ULL << 20;
constexpr std::size_t kMaxNesting = 300;
constexpr std::size_t kMaxRounds = 10000;      // of foreach
constexpr std::size_t kMaxWhileRounds = 1000;  // the condition may never become false
constexpr std::size_t kMaxNotes = 20;

// The numbers of `RANGE stop` or `RANGE start stop step`; one unknown number if the host or the text decides.
std::vector<std::string> range_items(const std::vector<std::string>& words) {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const bool is_number =
        !words[i].empty() && words[i].size() < 10 && words[i].find_first_not_of("0123456789") == std::string::npos;
    if (!is_number) return {kUnknownValue};
    numbers.push_back(std::stoul(words[i]));
  }
  if (numbers.empty() || numbers.size() > 3) return {kUnknownValue};
  const std::size_t first = numbers.size() == 1 ? 0 : numbers[0];
  const std::size_t last = numbers.size() == 1 ? numbers[0] : numbers[1];
  const std::size_t step = numbers.size() == 3 ? std::max<std::size_t>(numbers[2], 1) : 1;
  std::vector<std::string> items;
  for (std::size_t i = first; i <= last && items.size() < kMaxRounds; i += step) items.push_back(std::to_string(i));
  return items;
}

// `if(APPLE)` and the like, of which one that stands alone, or with others that must hold, too.
bool asks_for_another_system(const CmakeCommand& condition) {
  constexpr auto kSystems =
      std::to_array<std::string_view>({"ANDROID", "APPLE", "CYGWIN", "EMSCRIPTEN", "IOS", "MINGW", "MSVC", "WIN32"});
  bool is_negated = false;
  for (const CmakeArgument& argument : condition.arguments) {
    if (argument.text == "OR" || argument.text == "(") return false;
    if (!is_negated && is_in(kSystems, argument.text)) return true;
    is_negated = argument.text == "NOT";
  }
  return false;
}

// X of `if(NOT X)` and `if(NOT DEFINED X)`; "" for other conditions.
std::string variable_without_value(const CmakeCommand& condition) {
  const auto& words = condition.arguments;
  const bool asks = words.size() == 2 || (words.size() == 3 && words[1].text == "DEFINED");
  return asks && words[0].text == "NOT" && is_identifier(words.back().text) ? words.back().text : "";
}

// A and B in `A AND B AND NOT C`, if nothing but AND joins them.
std::vector<std::string> conjuncts_of(const CmakeCommand& condition) {
  std::vector<std::string> found;
  std::vector<std::string> part;
  const auto end_part = [&] {
    if (part.size() == 1 && is_identifier(part.front())) found.push_back(part.front());
    part.clear();
  };
  for (const CmakeArgument& argument : condition.arguments) {
    if (argument.text == "OR" || argument.text == "(") return {};
    if (argument.text == "AND") {
      end_part();
    } else {
      part.push_back(argument.text);
    }
  }
  end_part();
  return found;
}

}  // namespace

void CmakeInterpreter::run() {
  const CmakeCommand start{"", {}, 0};
  run_file(build_.directory + (build_.directory.empty() ? "" : "/") + "CMakeLists.txt", {start, {}});
  points_.finish(!is_exhausted_);
}

void CmakeInterpreter::note(std::string text) {
  if (build_.notes.size() < kMaxNotes) build_.notes.push_back(printable(text));
}

bool CmakeInterpreter::use_up(std::size_t work) {
  bytes_ += work;
  if (is_exhausted_ || (commands_ < kMaxCommands && bytes_ < kMaxBytes)) return !is_exhausted_;
  is_exhausted_ = true;
  note(fmt::format("{}:{}: CMake's files are followed no further than here, because they run for too long", file_,
                   line_));
  return false;
}

const CmakeFile* CmakeInterpreter::parsed(const std::string& path) {
  const auto known = files_.find(path);
  if (known != files_.end()) return &known->second;
  const std::string* text = tree_.read(path);
  if (text == nullptr) return nullptr;
  CmakeFile& file = files_[path] = parse_cmake(*text);
  if (!file.note.empty()) note(fmt::format("{}: {}", path, file.note));
  return &file;
}

void CmakeInterpreter::run_file(const std::string& path, const Call& call) {
  // Code that does not run is followed once, to find what it declares.
  int& runs = runs_[path];
  if (depth_ >= kMaxNesting || runs >= (mode_ == Mode::dead ? 1 : 200)) return;
  const CmakeFile* file = parsed(path);
  if (file == nullptr) return;
  ++runs;
  ++depth_;
  frames_.push_back({{file_, line_}, call.words, written_arguments(call.command), ""});
  const std::string outer = std::exchange(file_, path);
  const auto outer_file = variables_.get("CMAKE_CURRENT_LIST_FILE");
  const auto outer_directory = variables_.get("CMAKE_CURRENT_LIST_DIR");
  variables_.set("CMAKE_CURRENT_LIST_FILE", absolute(path));
  variables_.set("CMAKE_CURRENT_LIST_DIR", absolute(directory_of(path)));
  // Arguments of a macro stand for text of its body only.
  const auto outer_arguments = std::exchange(macro_arguments_, {});
  run_nodes(file->nodes);
  macro_arguments_ = outer_arguments;
  variables_.set("CMAKE_CURRENT_LIST_FILE", outer_file);
  variables_.set("CMAKE_CURRENT_LIST_DIR", outer_directory);
  file_ = outer;
  frames_.pop_back();
  --depth_;
}

CmakeInterpreter::Flow CmakeInterpreter::run_nodes(const std::vector<CmakeNode>& nodes) {
  for (const CmakeNode& node : nodes) {
    if (is_exhausted_) return Flow::leave_body;
    const Flow flow = run_node(node);
    if (flow != Flow::next) return flow;
  }
  return Flow::next;
}

CmakeInterpreter::Flow CmakeInterpreter::run_node(const CmakeNode& node) {
  const std::string& name = node.command.name;
  line_ = node.command.line;
  ++commands_;
  if (!use_up(0)) return Flow::leave_body;
  if (node.branches.empty()) {
    run_command(node.command);
    return std::exchange(flow_, Flow::next);
  }
  if (depth_ >= kMaxNesting) return Flow::next;
  ++depth_;
  Flow flow = Flow::next;
  if (name == "if") flow = run_if(node);
  if (name == "foreach") flow = run_foreach(node);
  if (name == "while") flow = run_while(node);
  if (name == "block") flow = run_nodes(node.branches.front().body);
  --depth_;
  if (name == "function" || name == "macro") {
    const Words words = expand_arguments(node.command);
    if (words.empty()) return flow;
    Function function{&node, name == "macro", file_};
    if (mode_ == Mode::live) {
      functions_[lower_case(words.front())] = function;
    } else {
      functions_.try_emplace(lower_case(words.front()), function);
    }
  }
  return flow;
}

CmakeInterpreter::Flow CmakeInterpreter::run_branch(const CmakeBranch& branch, Mode mode, Decision taken,
                                                    std::string text) {
  const Truth truth = taken.truth;
  const std::string written = written_arguments(branch.opening);
  const bool is_choice = depends_on_choice(branch.opening, text);
  Condition condition;
  condition.asked = written + " " + text;
  condition.required = variable_without_value(branch.opening);
  condition.is_users = is_choice || truth == Truth::unknown;
  condition.is_of_host = !is_choice;
  condition.is_open = truth == Truth::unknown;
  condition.is_of_compiler = condition.is_open && taken.if_able == Truth::yes;
  // `if(${X})` asks for X where X has a constant for its value, and for the variable that X names where it has not.
  const bool is_reference = written.starts_with("${") && written.ends_with("}");
  std::string guard = is_reference && constant_truth(text) ? written.substr(2, written.size() - 3) : text;
  if (is_identifier(guard)) condition.guard = std::move(guard);
  if (condition.guard.empty() && branch.opening.name != "else") condition.conjuncts = conjuncts_of(branch.opening);
  if (condition.is_users || truth == Truth::no) condition.text = std::move(text);
  condition.is_elsewhere = truth == Truth::no && asks_for_another_system(branch.opening);
  conditions_.push_back(std::move(condition));
  const Mode outer = std::exchange(mode_, mode);
  const Flow flow = run_nodes(branch.body);
  mode_ = outer;
  conditions_.pop_back();
  return flow;
}

CmakeInterpreter::Flow CmakeInterpreter::run_if(const CmakeNode& node) {
  Decision reached;
  std::vector<CmakeVariables::Changes> ways;
  std::string others;
  for (const CmakeBranch& branch : node.branches) {
    std::string text;
    const bool is_else = branch.opening.name == "else";
    line_ = branch.opening.line;
    const Decision holds = is_else ? Decision() : decide(branch.opening, text);
    if (is_else) text = fmt::format("NOT ({})", others);
    if (!is_else) others += (others.empty() ? "" : " OR ") + text;
    const Decision taken = {both(reached.truth, holds.truth), both(reached.if_able, holds.if_able)};
    reached = {both(reached.truth, !holds.truth), both(reached.if_able, !holds.if_able)};
    if (taken.truth == Truth::yes && ways.empty()) {
      const Flow flow = run_branch(branch, mode_, taken, std::move(text));
      if (flow != Flow::next && mode_ == Mode::live) return flow;
      continue;
    }
    const Mode mode = taken.truth == Truth::no || mode_ == Mode::dead ? Mode::dead : Mode::maybe;
    const std::size_t mark = variables_.begin_trial();
    run_branch(branch, mode, taken, std::move(text));
    CmakeVariables::Changes changes = variables_.end_trial(mark);
    if (taken.truth != Truth::no) ways.push_back(std::move(changes));
  }
  if (!ways.empty()) merge(std::move(ways), reached.truth == Truth::no);
  return Flow::next;
}

// Makes variables what they are after any of these ways, or unknown where the ways differ. If they are not exhaustive,
// nothing may have happened, too.
void CmakeInterpreter::merge(std::vector<CmakeVariables::Changes> ways, bool is_exhaustive) {
  std::map<CmakeVariables::Key, std::vector<CmakeVariables::State>> states;
  for (const auto& way : ways) {
    for (const auto& [key, state] : way) states[key].push_back(state);
  }
  for (auto& [key, found] : states) {
    if (!is_exhaustive || found.size() < ways.size()) found.push_back(variables_.state(key));
    const bool is_same = std::ranges::adjacent_find(found, std::not_equal_to<>()) == found.end();
    variables_.restore(key, is_same ? found.front() : CmakeVariables::State(kUnknownValue));
  }
}

CmakeInterpreter::Flow CmakeInterpreter::run_loop_body(const CmakeNode& node) {
  const Flow flow = run_nodes(node.branches.front().body);
  return flow == Flow::next_round ? Flow::next : flow;
}

CmakeInterpreter::Flow CmakeInterpreter::run_foreach(const CmakeNode& node) {
  Words words = expand_arguments(node.command);
  if (words.empty()) return Flow::next;
  const std::string name = words.front();
  Words items(words.begin() + 1, words.end());
  if (!items.empty() && items.front() == "IN") {
    Words listed;
    bool is_list = false;
    for (std::size_t i = 1; i < items.size(); ++i) {
      if (items[i] == "LISTS" || items[i] == "ITEMS") {
        is_list = items[i] == "LISTS";
      } else if (is_list) {
        for (std::string& element : list_elements(lookup(items[i]).value_or(""))) listed.push_back(std::move(element));
      } else {
        listed.push_back(items[i]);
      }
    }
    items = std::move(listed);
  } else if (!items.empty() && items.front() == "RANGE") {
    items = range_items(items);
  }
  const auto before = variables_.get(name);
  for (std::size_t i = 0; i < std::min(items.size(), kMaxRounds); ++i) {
    set_variable(name, items[i]);
    const Flow flow = run_loop_body(node);
    if (flow == Flow::leave_loop) break;
    if (flow == Flow::leave_body) return flow;
  }
  variables_.set(name, before);
  return Flow::next;
}

CmakeInterpreter::Flow CmakeInterpreter::run_while(const CmakeNode& node) {
  for (std::size_t round = 0; round < kMaxWhileRounds; ++round) {
    std::string text;
    const Truth holds = decide(node.command, text).truth;
    if (holds == Truth::no && mode_ != Mode::dead) return Flow::next;
    const Flow flow = run_loop_body(node);
    if (flow == Flow::leave_body) return flow;
    if (flow == Flow::leave_loop || holds != Truth::yes || mode_ != Mode::live) return Flow::next;
  }
  return Flow::next;
}

void CmakeInterpreter::run_command(const CmakeCommand& command) {
  const auto function = functions_.find(command.name);
  if (function != functions_.end()) {
    const bool is_useful =
        mode_ == Mode::live || (!is_running(command.name) && (mode_ == Mode::maybe || declares(command.name)));
    if (is_useful && depth_ < kMaxNesting) call_function(function->second, {command, expand_arguments(command)});
    return;
  }
  const Call call{command, expand_arguments(command)};
  const auto handler = handlers().find(command.name);
  if (handler != handlers().end()) return (this->*handler->second)(call);
  if (!use_up(work_of(call)) || is_removal_by_host(call)) return;
  if (!run_value_command(command.name, call.words, variables_)) do_unknown(call);
}

// Whether the host decides if elements leave a list: one of the conditions around is unknown, whatever the others ask
// for. A choice that is made of the list has them on some host.
bool CmakeInterpreter::is_removal_by_host(const Call& call) const {
  return mode_ == Mode::maybe && call.command.name == "list" && !call.words.empty() &&
         call.words.front() == "REMOVE_ITEM";
}

// The work of a command beyond reading its arguments: a list is read from its variable, and an expression is tried at
// each byte.
std::size_t CmakeInterpreter::work_of(const Call& call) {
  const Words& words = call.words;
  if (words.size() < 2) return 0;
  if (call.command.name == "list") {
    constexpr std::size_t kFilterWork = 50;
    return lookup(words[1]).value_or("").size() * (words[0] == "FILTER" ? kFilterWork : 1);
  }
  if (call.command.name != "string" || words[0] != "REGEX" || words.size() < 4) return 0;
  std::string text;
  for (std::size_t i = 3; i < words.size(); ++i) text += words[i];
  return regex_work(words[2], text);
}

bool CmakeInterpreter::is_running(const std::string& callee) const {
  return std::ranges::find(frames_, callee, &Frame::callee) != frames_.end();
}

void CmakeInterpreter::call_function(const Function& function, const Call& call) {
  const CmakeBranch& branch = function.node->branches.front();
  Words parameters;
  for (const CmakeArgument& argument : branch.opening.arguments) parameters.push_back(argument.text);
  if (!parameters.empty()) parameters.erase(parameters.begin());
  std::map<std::string, std::string> bound;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    bound[parameters[i]] = i < call.words.size() ? call.words[i] : "";
  }
  for (std::size_t i = 0; i < call.words.size(); ++i) bound["ARGV" + std::to_string(i)] = call.words[i];
  const std::size_t named = std::min(parameters.size(), call.words.size());
  bound["ARGC"] = std::to_string(call.words.size());
  bound["ARGV"] = join_list(call.words);
  bound["ARGN"] = join_list({call.words.begin() + static_cast<std::ptrdiff_t>(named), call.words.end()});

  ++depth_;
  frames_.push_back({{file_, line_}, call.words, written_arguments(call.command), call.command.name});
  const std::string outer_file = std::exchange(file_, function.file);
  if (!function.is_macro) {
    variables_.push_scope();
    for (const auto& [name, value] : bound) variables_.set(name, value);
    bound.clear();
  }
  std::swap(macro_arguments_, bound);
  run_nodes(branch.body);
  std::swap(macro_arguments_, bound);
  if (!function.is_macro) variables_.pop_scope();
  file_ = outer_file;
  frames_.pop_back();
  --depth_;
}

// Whether following the function can find anything: only then is it called in code that does not run.
bool CmakeInterpreter::declares(const std::string& function) {
  const auto [known, is_new] = declares_.try_emplace(function, false);
  if (!is_new) return known->second;
  const auto found = functions_.find(function);
  const bool result = found != functions_.end() && has_declaration(found->second.node->branches.front().body);
  return declares_[function] = result;
}

bool CmakeInterpreter::has_declaration(const std::vector<CmakeNode>& nodes) {
  return std::ranges::any_of(nodes, [&](const CmakeNode& node) {
    const std::string& name = node.command.name;
    if (name.find("option") != std::string::npos || name == "include" || name == "find_package" ||
        name == "add_subdirectory" || name == "set_property") {
      return true;
    }
    const auto is_cache = [](const CmakeArgument& argument) {
      return argument.text == "CACHE" || argument.text == "PARENT_SCOPE";
    };
    if (name == "set" && std::ranges::any_of(node.command.arguments, is_cache)) return true;
    if (functions_.contains(name) && declares(name)) return true;
    return std::ranges::any_of(node.branches, [&](const CmakeBranch& branch) { return has_declaration(branch.body); });
  });
}

CmakeContext CmakeInterpreter::context(const Call& call) const {
  CmakeContext context;
  const auto add = [&](const BuildPlace& place, const Words& arguments, std::string written) {
    context.places.push_back(place);
    context.arguments.push_back(arguments);
    context.written.push_back(std::move(written));
  };
  add({file_, call.command.line}, call.words, written_arguments(call.command));
  for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
    if (frame->callee.empty()) break;  // the file that is being followed was included there
    add(frame->place, frame->arguments, frame->written);
  }
  std::size_t users = 0;
  for (const Condition& condition : conditions_) {
    if (!condition.text.empty()) context.condition += (context.condition.empty() ? "" : " AND ") + condition.text;
    if (condition.is_users) ++users;
    if (condition.is_users) context.guard = condition.guard;
    if (!condition.guard.empty()) context.guards.push_back(condition.guard);
    context.guards.insert(context.guards.end(), condition.conjuncts.begin(), condition.conjuncts.end());
  }
  if (users != 1) context.guard.clear();
  context.is_always = users == 0;
  context.is_of_host =
      std::ranges::all_of(conditions_, [](const Condition& one) { return !one.is_users || one.is_of_host; });
  context.is_of_compiler =
      std::ranges::all_of(conditions_, [](const Condition& one) { return !one.is_open || one.is_of_compiler; });
  context.is_elsewhere = std::ranges::any_of(conditions_, &Condition::is_elsewhere);
  context.is_of_module = modules_ > 0;
  context.is_live = mode_ == Mode::live;
  context.is_possible = mode_ != Mode::dead;
  context.is_foreign = std::ranges::any_of(
      foreign_directories_, [&](const std::string& directory) { return file_.starts_with(directory + "/"); });
  return context;
}

}  // namespace xaas
