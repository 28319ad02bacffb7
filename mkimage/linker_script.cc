// A tokenizer and a parser for three commands; see linker_script.h.
#include "mkimage/linker_script.h"

#include <optional>

namespace xaas {
namespace {

// Words, "(" and ")"; commas and white space separate, /* */ are comments. Nullopt for an open comment or quote.
std::optional<std::vector<std::string>> tokenize(std::string_view text) {
  std::vector<std::string> tokens;
  const std::string_view separators = " \t\r\n,;";
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
    } else if (text.front() == '(' || text.front() == ')') {
      tokens.emplace_back(text.substr(0, 1));
      text.remove_prefix(1);
    } else {
      const std::string_view word = text.substr(0, text.find_first_of(" \t\r\n,;()\""));
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

}  // namespace

Result<std::vector<ScriptInput>> parse_input_script(std::string_view text) {
  auto tokens = tokenize(text);
  if (!tokens) return fail(Code::invalid, "a linker script with an open comment or quote");
  return Parser(std::move(*tokens)).parse();
}

}  // namespace xaas
