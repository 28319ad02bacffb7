// A tokenizer, a parser for three commands, and a search for names of files; see linker_script.h.
#include "mkimage/capture/linker_script.h"

#include <array>
#include <optional>

#include "format/base/text.h"

namespace xaas {
namespace {

// Splits the text into words, quoted or not, and into characters of `signs`. Commas and white space separate, and /* */
// are comments. Nullopt if a comment or quote stays open.
std::optional<std::vector<std::string>> tokenize(std::string_view text, std::string_view signs) {
  std::vector<std::string> tokens;
  constexpr std::string_view separators = " \t\r\n,";
  const std::string ends = fmt::format("{}{}\"", separators, signs);
  while (true) {
    const std::size_t start = text.find_first_not_of(separators);
    if (start == std::string_view::npos) return tokens;
    text.remove_prefix(start);
    if (text.starts_with("/*")) {
      const std::size_t end = text.find("*/", 2);
      if (end == std::string_view::npos) return std::nullopt;
      text.remove_prefix(end + 2);
    } else if (text.front() == '"') {
      const std::size_t end = text.find('"', 1);
      if (end == std::string_view::npos) return std::nullopt;
      tokens.emplace_back(text.substr(1, end - 1));
      text.remove_prefix(end + 1);
    } else if (signs.find(text.front()) != std::string_view::npos) {
      tokens.emplace_back(text.substr(0, 1));
      text.remove_prefix(1);
    } else {
      const std::string_view word = text.substr(0, text.find_first_of(ends));
      tokens.emplace_back(word);
      text.remove_prefix(word.size());
    }
  }
}

class Parser {
 public:
  explicit Parser(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

  Result<std::vector<ScriptInput>> parse() {
    while (at_ < tokens_.size()) {
      const std::string command = tokens_[at_++];
      if (command == ";") continue;
      const bool names_files = command == "INPUT" || command == "GROUP";
      if (!names_files && command != "OUTPUT_FORMAT" && command != "OUTPUT_ARCH" && command != "TARGET") {
        return fail(Code::unsupported, "a linker script with {}", command);
      }
      const std::size_t before = inputs_.size();
      XAAS_TRY(parse_list(false));
      if (!names_files) inputs_.resize(before);
    }
    return std::move(inputs_);
  }

 private:
  Status parse_list(bool as_needed) {
    if (at_ == tokens_.size() || tokens_[at_++] != "(") return fail(Code::invalid, "a linker script without '('");
    while (at_ < tokens_.size()) {
      const std::string token = tokens_[at_++];
      if (token == ")") return {};
      if (token == ";") continue;
      if (token == "AS_NEEDED" && !as_needed) {
        XAAS_TRY(parse_list(true));
      } else if (token == "(") {
        return fail(Code::invalid, "a linker script with an unexpected '('");
      } else {
        inputs_.push_back({token, as_needed});
      }
    }
    return fail(Code::invalid, "a linker script without ')'");
  }

  std::vector<std::string> tokens_;
  std::size_t at_ = 0;
  std::vector<ScriptInput> inputs_;
};

constexpr std::array<std::string_view, 5> kFileCommands = {"EXCLUDE_FILE", "GROUP", "INCLUDE", "INPUT", "STARTUP"};
constexpr std::array<std::string_view, 6> kSectionTypes = {"COPY", "DSECT", "INFO", "NOLOAD", "OVERLAY", "READONLY"};

// Commands and functions are written in capital letters (KEEP, ALIGN, SORT_BY_NAME); files are not.
bool is_keyword(std::string_view word) {
  return word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string_view::npos;
}

// Whether "(" after `word` opens an expression, a list of sections of all files, or a command's operands.
bool may_open(std::string_view word) {
  constexpr std::string_view operators = "=+-*/&|<>!~^%?";
  return word == "(" || is_keyword(word) || word.ends_with('=') ||
         word.find_first_not_of(operators) == std::string_view::npos;
}

// Finds names of files in a script with SECTIONS. They stand before "(", or alone where a statement begins.
class FileNames {
 public:
  explicit FileNames(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

  std::optional<std::string> first() {
    for (; at_ < tokens_.size(); ++at_) {
      const std::string& token = tokens_[at_];
      if (is_in(kFileCommands, token)) return token;
      if (token == "(" && !may_open(before()) && !is_in(kSectionTypes, after())) return before();
      if (begins_statement()) {
        if (is_assignment()) {
          skip_to_semicolon();
          continue;
        }
        if (!is_sign(token) && !is_keyword(token) && after() != "(") return token;
      }
      depth_ += token == "{" ? 1 : token == "}" ? -1 : 0;
      brackets_ += token == "(" ? 1 : token == ")" ? -1 : 0;
    }
    return std::nullopt;
  }

 private:
  static bool is_sign(std::string_view token) { return is_in(std::array{"(", ")", "{", "}", ";"}, token); }
  std::string before() const { return at_ == 0 ? "" : tokens_[at_ - 1]; }
  std::string after() const { return at_ + 1 < tokens_.size() ? tokens_[at_ + 1] : ""; }

  // A place within an output section: SECTIONS { .text : { here.
  bool begins_statement() const { return depth_ >= 2 && brackets_ == 0 && is_sign(before()); }
  bool is_assignment() const {
    return tokens_[at_].find('=') != std::string::npos || after().find('=') != std::string::npos;
  }
  void skip_to_semicolon() {
    while (at_ + 1 < tokens_.size() && tokens_[at_] != ";") ++at_;
  }

  std::vector<std::string> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;     // depth of braces
  int brackets_ = 0;  // number of open parentheses
};

}  // namespace

Result<std::vector<ScriptInput>> parse_input_script(std::string_view text) {
  auto tokens = tokenize(text, "();");
  if (!tokens) return fail(Code::invalid, "a linker script with an open comment or quote");
  return Parser(std::move(*tokens)).parse();
}

Status check_layout_script(std::string_view text) {
  auto tokens = tokenize(text, "(){};");
  if (!tokens) return fail(Code::invalid, "a linker script with an open comment or quote");
  const auto name = FileNames(std::move(*tokens)).first();
  if (name) return fail(Code::unsupported, "a linker script that goes by the names of files ({})", *name);
  return {};
}

}  // namespace xaas
