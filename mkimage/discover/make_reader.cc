// Reads makefiles; see build_readers.h. Both ways of a condition are read, because the user decides by variables.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "format/base/split.h"
#include "format/base/text.h"
#include "mkimage/discover/build_readers.h"
#include "mkimage/discover/foreign_directories.h"
#include "mkimage/discover/machine_file.h"
#include "mkimage/discover/make_commands.h"
#include "mkimage/discover/make_condition.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr std::size_t kMaxIncludes = 200;
constexpr std::size_t kMaxGuards = 100;
constexpr std::size_t kMaxRereadBytes = 64ULL << 20;
constexpr std::size_t kMaxMakePoints = 5000;
constexpr std::size_t kMaxMakeFlags = 50000;
constexpr std::size_t kMaxMakeListBytes = 4ULL << 20;  // of lists of directories, together

struct MakeVariable {
  std::string value;
  BuildPlace place;
  std::string help;
  bool is_users = false;            // assigned by ?=, or tested by a condition
  bool has_default = false;         // an assignment has given it the value
  bool is_of_host = false;          // what it is by default depends on the host
  std::vector<std::string> tested;  // the texts with which conditions compare it, without ""
};

// A condition around a line.
struct Guard {
  std::string variable;     // the variable that must have a value; "" for a condition that is no such test
  bool is_of_host = false;  // it asks for more than one variable: what a program prints, or what a name has in it
};

// Variables that say where make runs, and with which programs. The user sets them for other reasons.
bool is_of_surroundings(const std::string& name) {
  constexpr auto kNames = std::to_array<std::string_view>({"AR", "CC", "CXX", "F77", "F90", "FC", "HOME", "HOSTNAME",
                                                           "HOSTTYPE", "LD", "MAKECMDGOALS", "MAKEFLAGS", "MSYSTEM",
                                                           "OS", "OSTYPE", "PATH", "SHELL", "USER"});
  return is_in(kNames, name) || name.starts_with("UNAME");
}

class MakeReader {
 public:
  explicit MakeReader(SourceTree& tree, const Knowledge& knowledge) : tree_(tree), knowledge_(knowledge) {
    build_.build_system = "make";
  }

  BuildDescription read() {
    read_directory("");
    // Makefiles below tell by options of compilers. What they let the user set is theirs: PREFIX, BUILD_STATIC.
    for (const std::string& name : order_) add_point(name, variables_.at(name));
    for (std::size_t i = 0; i < makes_.size(); ++i) {
      forget_variables();  // each call of make has its own
      read_directory(makes_[i]);
    }
    return std::move(build_);
  }

 private:
  void note_once(std::string text) {
    if (!is_in(build_.notes, text)) build_.notes.push_back(printable(text));
  }
  void forget_variables() {
    variables_.clear();
    order_.clear();
    assigned_.clear();
    includes_.clear();
    guards_.clear();
    deeper_ = 0;
    definitions_ = 0;
    texts_.clear();
    is_in_rule_ = false;
  }
  void read_makefile(const std::string& path) {
    if (!includes_.insert(path).second) return;
    const bool is_new = read_.insert(path).second;
    if (read_.size() > kMaxIncludes) return note_once(fmt::format("more than {} makefiles are not read", kMaxIncludes));
    const std::string* text = tree_.read(path);
    if (text == nullptr) return;
    if (!is_new) reread_bytes_ += text->size();
    if (reread_bytes_ > kMaxRereadBytes) return note_once("makefiles that many others include are not read again");
    const bool was_read = std::exchange(is_read_again_, !is_new);
    std::size_t number = 0;
    std::string statement;
    std::size_t begin = 0;
    for_each_piece(*text, '\n', [&](std::string_view line) {
      ++number;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (statement.empty()) begin = number;
      const bool continues = line.ends_with('\\');
      statement += continues ? line.substr(0, line.size() - 1) : line;
      if (continues) return void(statement += ' ');
      read_statement(statement, {path, begin});
      statement.clear();
    });
    is_read_again_ = was_read;
  }

  void read_statement(std::string_view text, const BuildPlace& place) {
    if (text.starts_with('\t') && is_in_rule_) return note_makes(text, place);
    const std::size_t hash = text.find('#');
    const std::string comment(hash == std::string_view::npos ? "" : without_blanks(text.substr(hash + 1)));
    text = without_blanks(text.substr(0, hash));
    if (text.empty()) return note_explained(comment, place);
    if (is_in_definition(text)) return;
    const std::string_view word = text.substr(0, text.find_first_of(" \t("));
    if (word == "else") return read_else(without_blanks(text.substr(4)), place);
    if (word == "endif") return end_condition();
    if (word.starts_with("if")) return read_condition(text, place, true);
    if (word == "include" || word == "-include" || word == "sinclude")
      return read_include(text.substr(word.size()), place);
    read_assignment(text, comment, place);
  }
  // The makefile that make reads in a directory.
  void read_directory(const std::string& directory) {
    for (const char* name : {"GNUmakefile", "makefile", "Makefile"}) {
      const auto path = path_in_tree(directory, name);
      if (path && tree_.has_file(*path)) return read_makefile(*path);
    }
  }
  void note_makes(std::string_view command, const BuildPlace& place) {
    const MakeDirectories found = directories_of_make(command);
    if (!found.is_whole) note_left_out(place);
    for (const std::string& named : found.names) {
      const std::size_t reference = std::min(named.find('$'), named.size());
      const std::size_t end = std::min(named.find_first_of(")}", reference), named.size() - 1) + 1;
      const auto variable = variables_.find(variable_in(named.substr(reference, end - reference)));
      if (variable == variables_.end()) {
        note_make(named, place);
        continue;
      }
      list_bytes_ += variable->second.value.size() + 1;
      if (list_bytes_ > kMaxMakeListBytes) return note_left_out(place);
      for (const std::string_view name : split(variable->second.value, ' ')) {
        if (!name.empty()) note_make(named.substr(0, reference) + std::string(name) + named.substr(end), place);
      }
    }
  }
  void note_make(const std::string& directory, const BuildPlace& place) {
    if (directory.find('$') != std::string::npos) return;
    const auto path = path_in_tree(directory_of(place.file), directory);
    if (!path || is_foreign_directory(*path) || known_makes_.contains(*path)) return;
    if (makes_.size() >= kMaxMakeDirectories) return note_left_out(place);
    known_makes_.insert(*path);
    makes_.push_back(*path);
  }
  void note_left_out(const BuildPlace& place) {
    if (std::exchange(is_left_out_, true)) return;
    note_once(
        fmt::format("{}:{}: make is not followed into more directories than before here, because they are too many",
                    place.file, place.line));
  }
  // "# -DHAVE_MPI  Define this to use MPI" explains a macro for the user.
  void note_explained(std::string_view comment, const BuildPlace& place) {
    const std::string_view macro = comment.substr(0, comment.find_first_of(" \t"));
    const bool is_macro = macro.starts_with("-D") && is_identifier(macro.substr(2));
    if (is_macro) add_flag({std::string(macro), "", place, true});
  }
  // Whether the line begins or ends a text of `define`, or is part of one. Nothing is assigned there: what such a text
  // does is known only where make uses it.
  bool is_in_definition(std::string_view text) {
    for (const std::string_view word : {"export ", "override "}) {
      if (text.starts_with(word)) text = without_blanks(text.substr(word.size()));
    }
    const bool begins = text.starts_with("define ") && !without_blanks(text.substr(7)).starts_with('=');
    const bool ends = text == "endef" && definitions_ != 0;
    if (begins) ++definitions_;
    const bool is_inside = definitions_ != 0;
    // What $(call name,…) gives is known for a text of one line.
    if (begins && definitions_ == 1) defined_ = without_blanks(text.substr(7));
    if (is_inside && !begins && !ends) texts_.try_emplace(defined_, text);
    if (ends) --definitions_;
    return is_inside;
  }
  void end_condition() {
    if (deeper_ > 0) return void(--deeper_);
    if (!guards_.empty()) guards_.pop_back();
  }
  void read_else(std::string_view rest, const BuildPlace& place) {
    if (guards_.empty() || deeper_ > 0) return;
    guards_.back().variable.clear();
    if (rest.starts_with("if")) read_condition(rest, place, false);
  }
  void read_condition(std::string_view text, const BuildPlace& place, bool opens) {
    if (opens && guards_.size() >= kMaxGuards) {
      ++deeper_;
      return note_once(fmt::format("{}: conditions more than {} deep are not read", place.file, kMaxGuards));
    }
    if (opens) guards_.emplace_back();
    const auto condition = read_make_condition(text, [&](const std::string& name) { return value_of(name); });
    const bool is_of_host = !condition || (condition->looks_for_words && is_searched_on_host(condition->variable));
    if (is_of_host) return void(guards_.back().is_of_host = true);
    MakeVariable& variable = variable_of(condition->variable, place);
    variable.is_users = true;
    for (const std::string& value : condition->values) note_tested(condition->variable, variable, value);
    if (condition->asks_for) guards_.back().variable = condition->variable;
  }
  std::string value_of(const std::string& name) const {
    const auto found = variables_.find(name);
    const auto text = texts_.find(name);
    return found != variables_.end() ? found->second.value : text != texts_.end() ? text->second : "";
  }
  // Whether the host decides what is in the variable.
  bool is_searched_on_host(const std::string& name) const {
    return is_of_surroundings(name) || value_of(name).find('$') != std::string::npos;
  }
  void note_tested(const std::string& name, MakeVariable& variable, const std::string& value) {
    if (value.empty() || value.find('$') != std::string::npos || is_in(variable.tested, value)) return;
    if (variable.tested.size() < kMaxChoices) return variable.tested.push_back(value);
    if (!std::exchange(has_noted_values_, true))
      note_once(fmt::format("{}: more than {} values are not read", name, kMaxChoices));
  }
  void read_include(std::string_view files, const BuildPlace& place) {
    const std::string directory = directory_of(place.file);
    for (const std::string_view word : split(files, ' ')) {
      const std::string text = word.empty() ? "" : with_values(word, 0);
      // `$(TOP)/make.inc` is meant for a directory of the source.
      const std::string_view file = text.starts_with("*/") ? std::string_view(text).substr(2) : text;
      if (file.empty()) continue;
      // A makefile may be meant for a directory below, and name its includes from there.
      for (const std::string_view name : {file, file.starts_with("../") ? file.substr(3) : file}) {
        const auto path = path_in_tree(directory, name);
        const auto found = path ? find_machine_file(tree_, *path) : std::nullopt;
        if (found) read_makefile(*found);
      }
    }
  }
  // `text` with the values of variables, and kAnyText for what has none.
  std::string with_values(std::string_view text, std::size_t depth) const {
    constexpr std::size_t kDeepest = 4;
    constexpr std::size_t kLongestPath = 1000;
    std::string result;
    while (!text.empty() && result.size() < kLongestPath) {
      const std::size_t begin = std::min(text.find('$'), text.size());
      result += text.substr(0, begin);
      text.remove_prefix(begin);
      if (text.empty()) break;
      const std::size_t end = std::min(text.find_first_of(")}"), text.size() - 1) + 1;
      const auto variable = variables_.find(variable_in(text.substr(0, end)));
      const bool has_value = variable != variables_.end() && !variable->second.value.empty() && depth < kDeepest;
      result += has_value ? with_values(variable->second.value, depth + 1) : std::string(1, kAnyText);
      text.remove_prefix(end);
    }
    return result;
  }

  void read_assignment(std::string_view text, const std::string& comment, const BuildPlace& place) {
    for (const std::string_view word : {"export ", "override "}) {
      if (text.starts_with(word)) text = without_blanks(text.substr(word.size()));
    }
    const std::size_t equals = text.find('=');
    const std::size_t colon = text.substr(0, equals).find(':');
    // `:=`, `::=` and `:::=` assign.
    const bool is_rule = colon != std::string_view::npos &&
                         (equals == std::string_view::npos || text.find_first_not_of(':', colon) != equals);
    is_in_rule_ = is_rule || (is_in_rule_ && equals == std::string_view::npos);
    if (equals == std::string_view::npos) return;
    std::string_view left = text.substr(0, equals);
    char sign = ' ';
    if (!left.empty() && std::string_view("?:+!").find(left.back()) != std::string_view::npos) sign = left.back();
    while (!left.empty() && std::string_view("?:+! \t").find(left.back()) != std::string_view::npos)
      left.remove_suffix(1);
    const std::string name(without_blanks(left));
    const std::string value(without_blanks(text.substr(equals + 1)));
    read_flags(value, place);
    if (!is_identifier(name)) return;
    MakeVariable& variable = variable_of(name, place);
    assigned_.insert(name);
    if (sign == '?') variable.is_users = true;
    // The first assignment under no condition is the default.
    if (variable.has_default || !is_unguarded()) return;
    variable.has_default = true;
    variable.is_of_host = std::ranges::any_of(guards_, &Guard::is_of_host);
    variable.value = value;
    variable.help = comment;
    variable.place = place;
  }
  bool is_unguarded() const {
    return std::ranges::all_of(guards_, [](const Guard& guard) { return guard.variable.empty(); });
  }
  void read_flags(const std::string& value, const BuildPlace& place) {
    std::string guard;
    for (const Guard& one : guards_) guard = one.variable.empty() ? guard : one.variable;
    for (const std::string_view word : split(value, ' ')) {
      const bool is_flag = word.starts_with('-') || knowledge_.flag(word) != nullptr;
      if (is_flag && word.find('$') == std::string_view::npos) add_flag({std::string(word), guard, place});
    }
  }
  void add_flag(UsedFlag flag) {
    if (is_read_again_) return;
    if (build_.flags.size() < kMaxMakeFlags) return build_.flags.push_back(std::move(flag));
    note_once(fmt::format("more than {} options of compilers are not read", kMaxMakeFlags));
  }

  MakeVariable& variable_of(const std::string& name, const BuildPlace& place) {
    const auto [entry, is_new] = variables_.try_emplace(name);
    if (is_new) {
      order_.push_back(name);
      entry->second.place = place;
    }
    return entry->second;
  }
  void add_point(const std::string& name, const MakeVariable& variable) {
    if (!variable.is_users || build_.points.size() >= kMaxMakePoints) return;
    BuildPoint point;
    point.name = name;
    point.form = FlagForm::make;
    point.help = variable.help;
    point.places = {variable.place};
    point.is_implicit = false;
    const bool is_known = !variable.is_of_host && variable.value.find('$') == std::string::npos;
    if (is_known) point.default_value = variable.value;
    for (const std::string& value : variable.tested) point.values.push_back({value, value});
    const auto is_switch = [](const BuildValue& value) { return is_on(value.value) || is_off(value.value); };
    const bool is_tested = !variable.tested.empty() || !assigned_.contains(name);
    point.kind = !is_tested                                     ? PointKind::text
                 : std::ranges::all_of(point.values, is_switch) ? PointKind::boolean
                                                                : PointKind::choice;
    build_.points.push_back(std::move(point));
  }

  SourceTree& tree_;
  const Knowledge& knowledge_;
  BuildDescription build_;
  std::map<std::string, MakeVariable> variables_;
  std::vector<std::string> order_;
  std::set<std::string> assigned_;
  std::set<std::string> includes_;  // that this call of make has read
  std::set<std::string> read_;      // of all calls
  std::size_t reread_bytes_ = 0;
  bool is_read_again_ = false;                // the file being read has been read for another call of make
  std::vector<Guard> guards_;                 // of the conditions around a line
  std::size_t deeper_ = 0;                    // conditions inside of those that are not read
  std::size_t definitions_ = 0;               // texts of `define` around a line
  std::string defined_;                       // the name of the outermost
  std::map<std::string, std::string> texts_;  // the first lines of such texts
  bool is_in_rule_ = false;                   // a line that begins with a tab is a command here
  std::vector<std::string> makes_;            // directories below in which commands call make
  std::set<std::string> known_makes_;
  std::size_t list_bytes_ = 0;
  bool is_left_out_ = false;
  bool has_noted_values_ = false;
};

}  // namespace

BuildDescription read_make(SourceTree& tree, const Knowledge& knowledge) { return MakeReader(tree, knowledge).read(); }

}  // namespace xaas
