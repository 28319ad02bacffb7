// See shell_cases.h. Arguments of macros may hold statements, so quotes of m4 count as blanks.
#include "mkimage/discover/shell_cases.h"

#include <algorithm>
#include <optional>

#include "format/base/split.h"
#include "format/base/text.h"
#include "mkimage/discover/m4_text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr int kMaxCaseDepth = 20;
constexpr int kMaxOpenCases = 20;
constexpr std::size_t kMaxCaseValues = 200;
constexpr std::size_t kMaxCaseWord = 1000;  // bytes between `case` and `in`

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '[' || c == ']'; }

// The variable in "$x", "${x}" and "x$x"; "" for anything else.
std::string variable_of(std::string_view subject) {
  std::string name;
  for (const char c : subject) {
    if (!is_blank(c) && c != '"' && c != '\'' && c != '{' && c != '}') name += c;
  }
  if (name.starts_with("x$")) name.erase(0, 1);
  return name.starts_with('$') && is_identifier(name.substr(1)) ? name.substr(1) : "";
}

class Cases {
 public:
  explicit Cases(std::string_view text) : text_(text) {}

  ShellCases all() {
    int open_cases = 0;  // each is looked through to the end of the text
    while (at_ < text_.size()) {
      if (!at_statement("case")) {
        ++at_;
        continue;
      }
      if (open_cases == kMaxOpenCases || found_.cases.size() == kMaxCases) {
        found_.is_whole = false;
        break;
      }
      const std::size_t begin = at_;
      if (take_case(0)) continue;
      at_ = begin + 4;
      ++open_cases;
    }
    return std::move(found_);
  }

 private:
  // Whether the word stands here, where a command may begin.
  bool at_statement(std::string_view word) const {
    if (!text_.substr(at_).starts_with(word)) return false;
    const std::size_t end = at_ + word.size();
    if (end < text_.size() && (is_macro_part(text_[end]) || text_[end] == '-' || text_[end] == '=')) return false;
    std::size_t before = at_;
    bool begins_line = false;
    for (; before > 0 && is_blank(text_[before - 1]); --before) begins_line = begins_line || text_[before - 1] == '\n';
    if (before == 0 || begins_line) return true;
    if (std::string_view(";({&|)`,").find(text_[before - 1]) != std::string_view::npos) return true;
    for (const std::string_view opener : {"then", "else", "do"}) {
      if (before != at_ && text_.substr(0, before).ends_with(opener)) return true;
    }
    return false;
  }

  // Reads the statement that begins here, and moves behind it.
  bool take_case(int depth) {
    if (depth > kMaxCaseDepth) return found_.is_whole = false;
    at_ += 4;
    const std::size_t length = length_of_word();
    if (length == std::string_view::npos) {
      found_.is_whole = found_.is_whole && text_.size() - at_ < kMaxCaseWord;
      return false;
    }
    const std::size_t in = at_ + length;
    ShellCase found{variable_of(text_.substr(at_, in - at_)), {}, false};
    at_ = in + 3;
    while (at_ < text_.size()) {
      while (at_ < text_.size() && (is_blank(text_[at_]) || text_[at_] == '(')) ++at_;
      if (at_statement("esac")) {
        at_ += 4;
        if (found_.cases.size() < kMaxCases) {
          found_.cases.push_back(std::move(found));
        } else {
          found_.is_whole = false;
        }
        return true;
      }
      if (!take_arm(found, depth)) return false;
    }
    return false;
  }

  // The bytes before " in", which stands on the same line. A line may be as long as the text, and have many statements.
  std::size_t length_of_word() const {
    const std::string_view window = text_.substr(at_, kMaxCaseWord);
    const std::string_view line = window.substr(0, window.find('\n'));
    const bool is_whole = line.size() < window.size() || at_ + window.size() == text_.size();
    const std::size_t inside = std::min(line.find(" in "), line.find(" in\t"));
    if (inside != std::string_view::npos) return inside;
    return is_whole && line.ends_with(" in") ? line.size() - 3 : std::string_view::npos;
  }

  // a | "b") … ;;
  bool take_arm(ShellCase& found, int depth) {
    const std::size_t close = text_.find(')', at_);
    if (close == std::string_view::npos) return false;
    const std::string patterns(text_.substr(at_, close - at_));
    at_ = close + 1;
    const std::size_t begin = at_;
    while (at_ < text_.size() && !text_.substr(at_).starts_with(";;") && !at_statement("esac")) {
      const bool is_nested = at_statement("case");
      if (is_nested && !take_case(depth + 1)) return false;
      if (!is_nested) ++at_;
    }
    note_patterns(patterns, text_.substr(begin, at_ - begin), found);
    if (text_.substr(at_).starts_with(";;")) at_ += 2;
    return true;
  }
  void note_patterns(const std::string& patterns, std::string_view body, ShellCase& found) {
    bool takes_rest = false;
    for (const std::string_view pattern : split(patterns, '|')) {
      std::string value;
      for (const char c : pattern) {
        if (!is_blank(c) && c != '"' && c != '\'') value += c;
      }
      takes_rest = takes_rest || value == "*";
      const bool is_plain = !value.empty() && std::ranges::all_of(value, [](char c) {
        return is_macro_part(c) || c == '-' || c == '.' || c == '+';
      });
      if (!is_plain || is_in(found.values, value)) continue;
      if (found.values.size() < kMaxCaseValues) {
        found.values.push_back(value);
      } else {
        found_.is_whole = false;
      }
    }
    if (takes_rest) found.is_closed = body.find("ERROR") != std::string_view::npos;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  ShellCases found_;
};

}  // namespace

ShellCases shell_cases(std::string_view text) { return Cases(text).all(); }

}  // namespace xaas
