// Reads configure.ac and the macros that it uses, or the help of a configure script; see build_readers.h. Of m4 it
// knows what m4_text.h does. It expands no macros but follows those that the source defines.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "format/base/split.h"
#include "format/base/text.h"
#include "mkimage/discover/build_readers.h"
#include "mkimage/discover/configure_help.h"
#include "mkimage/discover/m4_text.h"
#include "mkimage/discover/names.h"
#include "mkimage/discover/option_cases.h"
#include "mkimage/discover/shell_conditions.h"

namespace xaas {
namespace {

constexpr int kMaxMacroDepth = 12;
constexpr std::size_t kMaxMacroCalls = 200000;
constexpr std::size_t kMaxMacroBytes = 64ULL << 20;  // looked through, together
constexpr std::size_t kMaxMacroDirectories = 100;
constexpr std::size_t kMaxConfigurePoints = 5000;

// The text of a line of a help, which a script may print by itself: `echo -e '\t--with-cuda  use CUDA'`.
std::string_view printed_text(std::string_view line) {
  std::string_view text = without_blanks(line);
  if (!text.starts_with("echo ") && !text.starts_with("printf ")) return text;
  text = without_blanks(text.substr(text.find(' ')));
  if (text.starts_with("-e ")) text = without_blanks(text.substr(3));
  if (text.empty() || (text.front() != '\'' && text.front() != '"')) return text;
  text = text.substr(1, text.rfind(text.front()) - 1);
  while (text.starts_with("\\t") || text.starts_with("\\n")) text.remove_prefix(2);
  return without_blanks(text);
}

class ConfigureReader {
 public:
  ConfigureReader(SourceTree& tree, const Knowledge& knowledge) : tree_(tree), knowledge_(knowledge) {
    build_.build_system = "configure";
  }

  BuildDescription read() {
    for (const char* name : {"configure.ac", "configure.in"}) {
      if (!tree_.has_file(name)) continue;
      read_input(name);
      cases_.add_values(build_.points);
      for (UsedPackage& package : build_.packages) package.guard = cases_.point_of(package.guard, build_.points);
      if (!cases_.is_whole())
        note_once(fmt::format("{}: some `case` statements are left out, because they are too many or too deep", name));
      return std::move(build_);
    }
    if (const std::string* script = tree_.read("configure")) read_script_help(*script);
    return std::move(build_);
  }

 private:
  struct Definition {
    std::string body;
    BuildPlace place;
  };

  void read_input(const std::string& file) {
    const std::string* text = tree_.read(file);
    if (text == nullptr) return;
    const std::string plain = without_m4_comments(*text);
    for (const char* directory : {"", "m4", "config", "config/m4", "build-aux/m4", "autoconf", "aclocal"}) {
      read_directory(directory);
    }
    const auto names_directories = [](const std::string& name) { return name.starts_with("AC_CONFIG_MACRO_DIR"); };
    for_each_macro(plain, names_directories, [&](const MacroCall& call) {
      for (const std::string& names : call.arguments) {
        for (const std::string_view name : split(names, ' ')) {
          if (const auto directory = path_in_tree("", name)) read_directory(*directory);
        }
      }
    });
    read_definitions(file);
    follow(plain, {file, 1}, 0, {});
    cases_.note_text(plain);
  }
  void read_directory(const std::string& directory) {
    if (directories_.contains(directory)) return;
    if (directories_.size() >= kMaxMacroDirectories) {
      return note_once(
          fmt::format("configure.ac: more than {} directories of macros are not read", kMaxMacroDirectories));
    }
    directories_.insert(directory);
    for (const std::string& name : tree_.files_in(directory)) {
      if (name.ends_with(".m4") && name != "aclocal.m4")
        read_definitions(directory + (directory.empty() ? "" : "/") + name);
    }
  }
  static bool is_definition(const std::string& name) {
    constexpr auto kDefinitions =
        std::to_array<std::string_view>({"AC_DEFUN", "AC_DEFUN_ONCE", "AU_DEFUN", "m4_define"});
    return is_in(kDefinitions, name);
  }

  void read_definitions(const std::string& file) {
    const std::string* text = tree_.read(file);
    if (text == nullptr || !use_up(text->size(), {file, 1})) return;
    const std::string plain = without_m4_comments(*text);
    for_each_macro(plain, is_definition, [&](const MacroCall& call) {
      if (call.arguments.size() < 2) return;
      if (call.name == "m4_define") return void(texts_.try_emplace(call.arguments[0], call.arguments[1]));
      definitions_.try_emplace(call.arguments[0], Definition{call.arguments[1], place_at(plain, call.at, {file, 1})});
    });
  }

  static BuildPlace place_at(std::string_view text, std::size_t at, const BuildPlace& begin) {
    return {begin.file, begin.line + static_cast<std::size_t>(std::count(
                                         text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'))};
  }

  void note_once(std::string text) {
    if (!is_in(build_.notes, text)) build_.notes.push_back(printable(text));
  }
  // Whether `bytes` more may be looked through. Once that is not so, it stays so, and a note says where that was.
  bool use_up(std::size_t bytes, const BuildPlace& place) {
    if (is_exhausted_) return false;
    bytes_ += bytes;
    is_exhausted_ = bytes_ > kMaxMacroBytes || calls_ > kMaxMacroCalls;
    if (is_exhausted_) {
      note_once(fmt::format("{}:{}: macros are followed no further than here, because they are too many or too long",
                            place.file, place.line));
    }
    return !is_exhausted_;
  }

  bool is_followed(const std::string& name) const {
    return handlers().contains(name) || definitions_.contains(name) || knowledge_.macros.contains(name) ||
           is_definition(name) || is_loop(name) || is_include(name);
  }
  // Reads the calls in a text that begins at `begin`, within these conditions.
  void follow(const std::string& text, const BuildPlace& begin, int depth, const ShellConditions& conditions) {
    if (!use_up(text.size(), begin)) return;
    std::size_t seen = 0;
    ShellConditions inside = conditions;
    std::size_t line = begin.line;
    const auto is_macro = [&](const std::string& name) { return is_followed(name); };
    for_each_macro(text, is_macro, [&](const MacroCall& call) {
      if (depth > kMaxMacroDepth) return note_depth(begin);
      ++calls_;
      if (!use_up(0, {begin.file, line})) return;
      const std::string_view between = std::string_view(text).substr(seen, call.at - seen);
      const auto link = [&](std::string_view library, std::size_t lines, const ShellConditions& around) {
        use_library(std::string(library), {begin.file, line + lines}, around);
      };
      follow_shell(between, conditions.count(), inside, link);
      line += static_cast<std::size_t>(std::ranges::count(between, '\n'));
      seen = call.at;
      handle(call, {begin.file, line}, depth, inside);
    });
  }
  void note_depth(const BuildPlace& place) {
    if (std::exchange(is_too_deep_, true)) return;
    note_once(fmt::format("{}:{}: macros within more than {} others are not followed", place.file, place.line,
                          kMaxMacroDepth));
  }
  using Handler = void (ConfigureReader::*)(const MacroCall&, const BuildPlace&, const ShellConditions& conditions);
  static const std::map<std::string_view, Handler>& handlers() {
    static const std::map<std::string_view, Handler> kHandlers = {
        {"AC_ARG_ENABLE", &ConfigureReader::add_enable},
        {"AC_ARG_WITH", &ConfigureReader::add_with},
        {"AC_CHECK_LIB", &ConfigureReader::add_library},
        {"AC_INIT", &ConfigureReader::set_project},
        {"AC_SEARCH_LIBS", &ConfigureReader::add_libraries},
        {"PKG_CHECK_MODULES", &ConfigureReader::add_modules},
        {"AC_PROG_CC", &ConfigureReader::add_language},
        {"AC_PROG_CXX", &ConfigureReader::add_language},
        {"AC_PROG_FC", &ConfigureReader::add_language},
        {"AC_PREREQ", nullptr},
        {"AS_IF", nullptr},
        {"AS_CASE", nullptr},
        {"AC_CACHE_CHECK", nullptr},
        {"AC_REQUIRE", nullptr},
    };
    return kHandlers;
  }

  void handle(const MacroCall& call, const BuildPlace& place, int depth, const ShellConditions& conditions) {
    if (is_definition(call.name)) return;  // its body counts where it is called
    if (is_loop(call.name)) return follow_loop(call, place, depth, conditions);
    if (is_include(call.name)) return follow_file(call, depth, conditions);
    const auto handler = handlers().find(call.name);
    if (handler != handlers().end() && handler->second != nullptr) (this->*handler->second)(call, place, conditions);
    const bool is_conditional = call.name == "AS_IF" || call.name == "AS_CASE" || call.name.starts_with("AC_ARG_") ||
                                call.name.starts_with("AC_CHECK");
    for (const std::string& argument : call.arguments) {
      ShellConditions inside = conditions;
      const bool is_then = call.name == "AS_IF" && &argument == &call.arguments[1];
      if (is_conditional) inside.add(is_then ? asked_variable(without_brackets(call.arguments[0])) : "");
      follow(argument, place, depth + 1, inside);
    }
    const auto definition = definitions_.find(call.name);
    const bool is_defined = definition != definitions_.end();
    if (is_defined) expand(call, definition->second, place, depth, conditions);
    // A source that brings a macro of the archive says by it which options there are. What it looks for is known.
    if (const auto known = knowledge_.macros.find(call.name); known != knowledge_.macros.end()) {
      if (!known->second.package.empty()) use_package(known->second.package, place, conditions);
      if (!is_defined) add_known_option(known->second, place);
    }
  }
  static bool is_loop(const std::string& name) { return name == "m4_foreach" || name == "m4_foreach_w"; }
  static bool is_include(const std::string& name) { return name == "m4_include" || name == "m4_sinclude"; }
  void follow_file(const MacroCall& call, int depth, const ShellConditions& conditions) {
    const auto path = call.arguments.empty() ? std::nullopt : path_in_tree("", call.arguments[0]);
    const std::string* text = path && !is_exhausted_ ? tree_.read(*path) : nullptr;
    if (text == nullptr || !included_.insert(*path).second) return;
    read_definitions(*path);
    const std::string plain = without_m4_comments(*text);
    follow(plain, {*path, 1}, depth + 1, conditions);
    cases_.note_text(plain);
  }
  // Follows the body once for each word of the list, which may be a macro that stands for the words.
  void follow_loop(const MacroCall& call, const BuildPlace& place, int depth, const ShellConditions& conditions) {
    if (call.arguments.size() < 3) return;
    const auto list = texts_.find(call.arguments[1]);
    std::string words = without_brackets(list != texts_.end() ? list->second : call.arguments[1]);
    if (!use_up(words.size(), place)) return;
    std::ranges::replace_if(words, [](char c) { return c == ',' || c == '\n' || c == '\t'; }, ' ');
    for (const std::string_view word : split(words, ' ')) {
      if (is_exhausted_) return;
      if (!word.empty())
        follow(with_word_replaced(call.arguments[2], call.arguments[0], word), place, depth + 1, conditions);
    }
  }
  // Follows the body of a macro of the source, with its arguments in place of $1, $2, …
  void expand(const MacroCall& call, const Definition& definition, const BuildPlace& place, int depth,
              const ShellConditions& conditions) {
    if (is_exhausted_ || !running_.insert(call.name).second) return;
    std::string body;
    for (std::size_t i = 0; i < definition.body.size(); ++i) {
      const bool is_argument = definition.body[i] == '$' && i + 1 < definition.body.size() &&
                               definition.body[i + 1] >= '1' && definition.body[i + 1] <= '9';
      if (!is_argument) {
        body += definition.body[i];
        continue;
      }
      const auto index = static_cast<std::size_t>(definition.body[++i] - '1');
      if (index < call.arguments.size()) body += call.arguments[index];
      if (body.size() > (1U << 20)) break;
    }
    follow(body, place, depth + 1, conditions);
    cases_.note_text(body);
    running_.erase(call.name);
  }

  void add_known_option(const KnownMacro& macro, const BuildPlace& place) {
    if (macro.option.empty()) return;
    BuildPoint point;
    point.name = macro.option;
    point.form = macro.form == "with" ? FlagForm::with : FlagForm::enable;
    point.kind = macro.form == "with" ? PointKind::text : PointKind::boolean;
    if (!macro.default_value.empty()) point.default_value = macro.default_value;
    add_point(std::move(point), place);
  }
  void add_point(BuildPoint point, const BuildPlace& place) {
    const auto is_same = [&](const BuildPoint& other) { return other.name == point.name && other.form == point.form; };
    const bool is_name = !point.name.empty() && point.name.find_first_of(" $()\"'`\n") == std::string::npos;
    if (!is_name || build_.points.size() >= kMaxConfigurePoints || std::ranges::any_of(build_.points, is_same)) return;
    point.places = {place};
    build_.points.push_back(std::move(point));
  }

  void add_enable(const MacroCall& call, const BuildPlace& place, const ShellConditions&) {
    add_argument(call, place, FlagForm::enable);
  }
  void add_with(const MacroCall& call, const BuildPlace& place, const ShellConditions&) {
    add_argument(call, place, FlagForm::with);
  }
  void add_argument(const MacroCall& call, const BuildPlace& place, FlagForm form) {
    if (call.arguments.empty()) return;
    const std::string name = without_brackets(evaluated_m4(call.arguments[0]));
    const bool is_whole = name.find("m4_") == std::string::npos && !texts_.contains(name);
    if (!is_whole) return;
    std::string help = call.arguments.size() > 1 ? evaluated_m4(call.arguments[1]) : "";
    for (const std::string_view wrapper : {"AS_HELP_STRING", "AC_HELP_STRING"}) {
      std::size_t open = help.find(std::string(wrapper) + "(");
      if (open == std::string::npos) continue;
      open += wrapper.size();
      const auto parts = take_m4_arguments(help, open);
      if (parts && !parts->empty()) help = (*parts)[0] + "  " + (parts->size() > 1 ? (*parts)[1] : "");
    }
    std::string answer = call.arguments.size() > 3 ? assigned_value(evaluated_m4(call.arguments[3])) : "";
    if (answer.find('$') != std::string::npos) answer.clear();
    cases_.note_option(name, form, call.arguments.size() > 2 ? call.arguments[2] : "");
    add_point(point_of_configure_help(name, without_quadrigraphs(without_brackets(help)), form, answer), place);
  }
  void use_package(const std::string& name, const BuildPlace& place, const ShellConditions& conditions) {
    UsedPackage package;
    package.name = name;
    package.place = place;
    package.is_always = conditions.is_empty();
    package.guard = conditions.only();
    const auto is_same = [&](const UsedPackage& other) {
      return other.name == name && other.is_always == package.is_always && other.guard == package.guard;
    };
    if (std::ranges::none_of(build_.packages, is_same)) build_.packages.push_back(std::move(package));
  }
  void add_library(const MacroCall& call, const BuildPlace& place, const ShellConditions& conditions) {
    if (!call.arguments.empty()) use_library(call.arguments[0], place, conditions);
  }
  void add_libraries(const MacroCall& call, const BuildPlace& place, const ShellConditions& conditions) {
    if (call.arguments.size() < 2) return;
    for (const std::string_view name : split(call.arguments[1], ' ')) use_library(std::string(name), place, conditions);
  }
  void use_library(const std::string& name, const BuildPlace& place, const ShellConditions& conditions) {
    const KnownTerm* term = knowledge_.term_by_library_option(name);
    if (term != nullptr && !term->packages.empty()) use_package(term->packages.front(), place, conditions);
  }
  void add_modules(const MacroCall& call, const BuildPlace& place, const ShellConditions& conditions) {
    if (call.arguments.size() < 2) return;
    const std::string names = without_brackets(call.arguments[1]);
    for (const std::string_view name : split(names, ' ')) {
      const bool is_name =
          !name.empty() && std::string_view("<>=0123456789$").find(name.front()) == std::string_view::npos;
      if (is_name) use_package(std::string(name), place, conditions);
    }
  }
  void set_project(const MacroCall& call, const BuildPlace&, const ShellConditions&) {
    if (!call.arguments.empty() && build_.project.empty()) build_.project = call.arguments[0];
  }
  void add_language(const MacroCall& call, const BuildPlace&, const ShellConditions&) {
    const std::string language = call.name == "AC_PROG_CC" ? "C" : call.name == "AC_PROG_CXX" ? "CXX" : "Fortran";
    if (!is_in(build_.languages, language)) build_.languages.push_back(language);
  }

  // Lines such as "  --enable-mpi   use MPI" of a script for which there is no configure.ac.
  void read_script_help(const std::string& text) {
    std::size_t number = 0;
    for_each_piece(text, '\n', [&](std::string_view line) {
      ++number;
      const std::string_view content = printed_text(line);
      const std::string_view usage = content.substr(0, content.find_first_of(" \t"));
      if (line.empty() || line.front() != ' ' || usage.size() == content.size()) return;
      for (const auto& [start, form] : {std::pair(std::string_view("--enable-"), FlagForm::enable),
                                        {"--disable-", FlagForm::enable},
                                        {"--with-", FlagForm::with},
                                        {"--without-", FlagForm::with}}) {
        if (!usage.starts_with(start)) continue;
        std::string_view name = usage.substr(start.size());
        name = name.substr(0, name.find_first_of("=["));
        const bool is_example = name.empty() || name == "FEATURE" || name == "PACKAGE";
        if (!is_example)
          add_point(point_of_configure_help(std::string(name), std::string(content), form, ""), {"configure", number});
      }
    });
  }

  SourceTree& tree_;
  const Knowledge& knowledge_;
  BuildDescription build_;
  std::map<std::string, Definition> definitions_;
  std::map<std::string, std::string> texts_;  // by m4_define
  OptionCases cases_;
  std::set<std::string> running_;
  std::set<std::string> included_;
  std::set<std::string> directories_;
  std::size_t calls_ = 0;
  std::size_t bytes_ = 0;
  bool is_exhausted_ = false;
  bool is_too_deep_ = false;
};

}  // namespace

BuildDescription read_configure(SourceTree& tree, const Knowledge& knowledge) {
  return ConfigureReader(tree, knowledge).read();
}

}  // namespace xaas
