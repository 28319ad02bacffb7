// Reads four languages, as far as is needed to find two literals; see project_name.h.
#include "mkimage/plan/project_name.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "format/base/file.h"
#include "format/base/split.h"
#include "format/base/text.h"

namespace xaas {
namespace {

constexpr std::uint64_t kMaxBuildFile = 8ULL << 20;
constexpr std::size_t kMaxLength = 64;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Whether a text is a literal in all of these languages, and can be a name in an image: one component of a path, on one
// line.
bool is_literal(std::string_view text) {
  return !text.empty() && text.size() <= kMaxLength &&
         text.find_first_of("$@\\()[]{}'\"`/,;#") == std::string_view::npos && text != "." && text != ".." &&
         printable(text) == text;
}

bool is_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  return is_literal(text) && is_digit(text.front()) && std::ranges::none_of(text, is_space);
}

// The name and the version, each empty if it cannot be used in an image.
ProjectName checked(std::string_view name, std::string_view version) {
  return {std::string(is_literal(name) ? name : ""), std::string(is_version(version) ? version : "")};
}

// A text that is consumed from its beginning.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool at(std::string_view text) const { return rest_.starts_with(text); }
  char front() const { return rest_.front(); }

  std::string_view take(std::size_t length) {
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  bool take_if(std::string_view text) {
    if (!at(text)) return false;
    take(text.size());
    return true;
  }
  std::string_view take_while(const auto& is_part) {
    return take(static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_part) - rest_.begin()));
  }
  // Takes the text before `text`, and `text` itself. If `text` does not occur, takes everything.
  std::string_view take_through(std::string_view text) {
    const std::string_view taken = take(std::min(rest_.find(text), rest_.size()));
    take_if(text);
    return taken;
  }
  // Takes a string whose first quote was taken. A backslash keeps the quote behind it from ending the string.
  std::string_view take_string(char quote) {
    std::size_t length = 0;
    while (length < rest_.size() && rest_[length] != quote) length += rest_[length] == '\\' ? 2 : 1;
    const std::string_view taken = take(length);
    take(1);
    return taken;
  }
  std::string_view take_word() {
    return take_while([](char c) { return is_letter(c) || is_digit(c); });
  }

 private:
  std::string_view rest_;
};

// CMake: project(NAME [VERSION version] …), in any case of letters.
class CmakeReader {
 public:
  explicit CmakeReader(std::string_view text) : scanner_(text) {}

  ProjectName read() {
    while (!scanner_.at_end()) {
      if (skip_blank()) continue;
      std::string word(scanner_.take_word());
      if (word.empty()) {
        scanner_.take(1);
        continue;
      }
      std::ranges::transform(word, word.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
      while (!scanner_.at_end() && skip_blank()) {
      }
      if (!scanner_.take_if("(")) continue;
      const std::vector<std::string_view> arguments = take_arguments();
      if (word == "project" && !arguments.empty()) return name_of(arguments);
    }
    return {};
  }

 private:
  static ProjectName name_of(const std::vector<std::string_view>& arguments) {
    const auto keyword = std::ranges::find(arguments.begin() + 1, arguments.end(), "VERSION");
    const bool has_version = keyword != arguments.end() && keyword + 1 != arguments.end();
    return checked(arguments.front(), has_version ? *(keyword + 1) : std::string_view());
  }

  // Skips spaces or a comment.
  bool skip_blank() {
    if (!scanner_.take_while(is_space).empty()) return true;
    if (!scanner_.take_if("#")) return false;
    if (!take_bracketed()) scanner_.take_through("\n");
    return true;
  }

  // Takes "[==[…]==]" and returns the text within the brackets.
  std::optional<std::string_view> take_bracketed() {
    Scanner ahead = scanner_;
    if (!ahead.take_if("[")) return std::nullopt;
    const std::string_view level = ahead.take_while([](char c) { return c == '='; });
    if (!ahead.take_if("[")) return std::nullopt;
    const std::string_view text = ahead.take_through("]" + std::string(level) + "]");
    scanner_ = ahead;
    return text;
  }

  // Takes the arguments of a command whose opening parenthesis was taken. Nested parentheses are skipped.
  std::vector<std::string_view> take_arguments() {
    std::vector<std::string_view> arguments;
    std::size_t open = 1;
    while (!scanner_.at_end() && open > 0) {
      if (skip_blank()) continue;
      if (const auto text = take_bracketed()) {
        arguments.push_back(*text);
      } else if (scanner_.take_if("\"")) {
        arguments.push_back(scanner_.take_string('"'));
      } else if (scanner_.front() == '(' || scanner_.front() == ')') {
        open = scanner_.take(1) == "(" ? open + 1 : open - 1;
      } else {
        arguments.push_back(
            scanner_.take_while([](char c) { return !is_space(c) && c != '(' && c != ')' && c != '#'; }));
      }
    }
    return arguments;
  }

  Scanner scanner_;
};

// Meson: project('name', …, version: 'version', …).
class MesonReader {
 public:
  explicit MesonReader(std::string_view text) : scanner_(text) {}

  ProjectName read() {
    while (!scanner_.at_end()) {
      const Token token = take();
      if (token.kind == Kind::word && token.text == "project" && take().text == "(") return read_arguments();
    }
    return {};
  }

 private:
  enum class Kind { end, word, string, other };
  struct Token {
    Kind kind = Kind::end;
    std::string_view text;
  };

  // A value counts as a literal if it is a string and the argument ends behind it.
  ProjectName read_arguments() {
    std::string_view name;
    std::string_view version;
    std::size_t open = 1;
    std::array<Token, 3> last;  // up to three tokens since the last comma
    std::size_t count = 0;
    bool is_first = true;
    while (open > 0) {
      const Token token = take();
      if (token.kind == Kind::end) break;
      if (token.kind == Kind::other && (token.text == "(" || token.text == "[" || token.text == "{")) ++open;
      if (token.kind == Kind::other && (token.text == ")" || token.text == "]" || token.text == "}")) --open;
      const bool ends = open == 0 || (open == 1 && token.text == "," && token.kind == Kind::other);
      if (!ends) {
        if (count < last.size()) last[count] = token;
        ++count;
        continue;
      }
      if (is_first && count == 1 && last[0].kind == Kind::string) name = last[0].text;
      const bool is_version = count == 3 && last[0].text == "version" && last[1].text == ":";
      if (is_version && last[2].kind == Kind::string) version = last[2].text;
      is_first = false;
      count = 0;
    }
    return checked(name, version);
  }

  Token take() {
    while (!scanner_.take_while(is_space).empty() || scanner_.at("#")) {
      if (scanner_.at("#")) scanner_.take_through("\n");
    }
    if (scanner_.at_end()) return {};
    if (scanner_.take_if("'''")) return {Kind::string, scanner_.take_through("'''")};
    if (scanner_.take_if("'")) return {Kind::string, scanner_.take_string('\'')};
    const std::string_view word = scanner_.take_word();  // also takes the f of f'…', which is no literal
    if (!word.empty()) return {Kind::word, word};
    return {Kind::other, scanner_.take(1)};
  }

  Scanner scanner_;
};

// Autoconf: AC_INIT([name], [version], …), unless the name or the version is a macro.
class AutoconfReader {
 public:
  explicit AutoconfReader(std::string_view text) : text_(text) {}

  ProjectName read() const {
    for (std::string_view rest = text_; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
      std::string_view line = trimmed(rest.substr(0, end));
      if (line.starts_with("AC_INIT")) {
        Scanner scanner(rest);
        scanner.take_through("AC_INIT");
        if (scanner.take_if("(")) return name_of(take_arguments(scanner));
      }
      rest.remove_prefix(end);
    }
    return {};
  }

 private:
  // With a single argument, AC_INIT has its old form, which names a file of the source.
  ProjectName name_of(const std::vector<std::string>& arguments) const {
    if (arguments.size() < 2) return {};
    return checked(literal(arguments[0]), literal(arguments[1]));
  }

  std::string_view literal(std::string_view argument) const {
    argument = trimmed(argument);
    while (argument.size() > 1 && argument.starts_with('[') && argument.ends_with(']')) {
      argument = argument.substr(1, argument.size() - 2);
    }
    const bool is_macro = argument.starts_with("m4_") || argument.starts_with("AC_") ||
                          text_.find("define([" + std::string(argument) + "]") != std::string_view::npos ||
                          text_.find("define(" + std::string(argument) + ",") != std::string_view::npos;
    return is_macro ? std::string_view() : argument;
  }

  // Splits at the commas that are outside nested brackets and parentheses.
  static std::vector<std::string> take_arguments(Scanner& scanner) {
    std::vector<std::string> arguments(1);
    std::size_t open = 1;
    while (!scanner.at_end()) {
      const char c = scanner.take(1).front();
      if (c == '(' || c == '[') ++open;
      if ((c == ')' || c == ']') && --open == 0) break;
      if (c == ',' && open == 1) {
        arguments.emplace_back();
      } else {
        arguments.back() += c;
      }
    }
    return arguments;
  }

  std::string_view text_;
};

// Reads what Autoconf writes into a configure script: PACKAGE_NAME='name'.
ProjectName read_configure(std::string_view text) {
  const auto value = [&](std::string_view variable) -> std::string_view {
    const std::size_t found = text.find("\n" + std::string(variable) + "='");
    if (found == std::string_view::npos) return {};
    Scanner scanner(text.substr(found));
    scanner.take_through("'");
    return scanner.take_through("'\n");
  };
  return checked(value("PACKAGE_NAME"), value("PACKAGE_VERSION"));
}

struct NamingFile {
  const char* file;
  ProjectName (*read)(std::string_view text);
};

// The files that name a project. The first one that tells counts.
constexpr std::array kFiles = std::to_array<NamingFile>({
    {"CMakeLists.txt", [](std::string_view text) { return CmakeReader(text).read(); }},
    {"meson.build", [](std::string_view text) { return MesonReader(text).read(); }},
    {"configure.ac", [](std::string_view text) { return AutoconfReader(text).read(); }},
    {"configure.in", [](std::string_view text) { return AutoconfReader(text).read(); }},
    {"configure", read_configure},
});

}  // namespace

ProjectName read_project_name(const std::filesystem::path& source) {
  ProjectName result;
  for (const NamingFile& naming : kFiles) {
    const std::filesystem::path file = source / naming.file;
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) continue;
    const auto text = read_file(file, kMaxBuildFile);
    if (!text) continue;
    const ProjectName found = naming.read(*text);
    if (result.name.empty()) result.name = found.name;
    if (result.version.empty()) result.version = found.version;
  }
  return result;
}

}  // namespace xaas
