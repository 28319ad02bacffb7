// See cmake_syntax.h, and cmake-language(7) for the grammar.
#include "mkimage/discover/cmake_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "format/base/text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr std::size_t kMaxBlocks = 100;

// Divides a text into commands.
class CmakeLexer {
 public:
  explicit CmakeLexer(std::string_view text) : text_(text) {}

  // Reads the next command. False at the end and at a mistake.
  bool next(CmakeCommand& command) {
    skip_blanks(true);
    if (at_end()) return false;
    command = {};
    command.line = line_;
    while (!at_end() && is_name_part(text_[at_])) command.name += text_[at_++];
    if (command.name.empty()) return mistake("a command was expected");
    command.name = lower_case(command.name);
    skip_blanks(false);
    if (at_end() || text_[at_] != '(') return mistake("'(' was expected");
    ++at_;
    return read_arguments(command);
  }
  const std::string& note() const { return note_; }

 private:
  static bool is_name_part(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  }
  bool at_end() const { return at_ >= text_.size(); }
  bool mistake(std::string_view what) {
    note_ = fmt::format("line {}: {}", line_, what);
    at_ = text_.size();
    return false;
  }
  void take(std::size_t end) {
    end = std::min(end, text_.size());
    line_ += static_cast<std::size_t>(std::count(text_.begin() + at_, text_.begin() + end, '\n'));
    at_ = end;
  }

  // The size of an opening bracket "[==[" here, or 0.
  std::size_t bracket() const {
    if (at_end() || text_[at_] != '[') return 0;
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] == '=') ++end;
    return end < text_.size() && text_[end] == '[' ? end - at_ + 1 : 0;
  }
  // Takes a bracket argument or comment whose opening bracket has this size.
  std::string take_bracket(std::size_t size) {
    std::string close(text_.substr(at_, size));
    std::ranges::replace(close, '[', ']');
    const std::size_t begin = at_ + size;
    const std::size_t end = text_.find(close, begin);
    std::string content(text_.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (content.starts_with('\n')) content.erase(0, 1);
    take(end == std::string_view::npos ? text_.size() : end + size);
    return content;
  }

  void skip_blanks(bool lines) {
    while (!at_end()) {
      const char c = text_[at_];
      if (c == '#') {
        skip_comment();
      } else if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && lines) || static_cast<unsigned char>(c) == 0xEF) {
        take(at_ + (static_cast<unsigned char>(c) == 0xEF ? 3 : 1));  // a byte order mark is a blank
      } else {
        return;
      }
    }
  }
  void skip_comment() {
    ++at_;
    if (const std::size_t size = bracket()) {
      take_bracket(size);
    } else {
      take(std::min(text_.find('\n', at_), text_.size()));
    }
  }

  bool read_arguments(CmakeCommand& command) {
    std::size_t open = 1;
    while (true) {
      skip_blanks(true);
      if (at_end()) return mistake("the arguments do not end");
      const char c = text_[at_];
      if (c == ')' && --open == 0) return ++at_, true;
      if (c == '(') ++open;
      if (c == '(' || c == ')') {
        command.arguments.push_back({std::string(1, c), CmakeArgument::Kind::plain});
        ++at_;
      } else if (c == '"') {
        if (!read_quoted(command)) return false;
      } else if (const std::size_t size = bracket()) {
        command.arguments.push_back({take_bracket(size), CmakeArgument::Kind::bracket});
      } else {
        read_plain(command);
      }
    }
  }
  // The index behind a quoted string that begins here.
  std::size_t end_of_quoted(std::size_t begin) const {
    std::size_t end = begin + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    return end + 1;
  }
  bool read_quoted(CmakeCommand& command) {
    const std::size_t end = end_of_quoted(at_);
    if (end > text_.size()) return mistake("a quoted argument does not end");
    std::string content(text_.substr(at_ + 1, end - at_ - 2));
    take(end);
    command.arguments.push_back({std::move(content), CmakeArgument::Kind::quoted});
    return true;
  }
  // An argument without quotes. It may have quoted parts, as in -Da="b c", and references, as in $(x).
  void read_plain(CmakeCommand& command) {
    std::size_t end = at_;
    while (end < text_.size()) {
      const char c = text_[end];
      if (c == '\\') {
        end += 2;
      } else if (c == '"') {
        end = end_of_quoted(end);
      } else if (std::string_view(" \t\r\n()#").find(c) != std::string_view::npos) {
        break;
      } else {
        ++end;
      }
    }
    end = std::min(end, text_.size());
    command.arguments.push_back({std::string(text_.substr(at_, end - at_)), CmakeArgument::Kind::plain});
    take(end);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::string note_;
};

constexpr auto kBlockCommands =
    std::to_array<std::string_view>({"block", "foreach", "function", "if", "macro", "while"});

// Puts commands into blocks.
class CmakeParser {
 public:
  explicit CmakeParser(std::string_view text) : lexer_(text) {}

  CmakeFile read() {
    CmakeFile file;
    CmakeCommand ignored;
    while (!read_body(file.nodes, ignored, 0)) {
      // A closing command without its opening one, such as a stray endif: CMake stops here, we go on.
    }
    file.note = note_.empty() ? lexer_.note() : note_;
    return file;
  }

 private:
  // Reads commands up to one that closes or continues a block, which becomes `end`. True at the end of the file.
  bool read_body(std::vector<CmakeNode>& body, CmakeCommand& end, std::size_t depth) {
    CmakeCommand command;
    while (lexer_.next(command)) {
      const bool closes =
          command.name.starts_with("end") && is_in(kBlockCommands, std::string_view(command.name).substr(3));
      if (closes || command.name == "else" || command.name == "elseif") {
        end = std::move(command);
        return false;
      }
      CmakeNode& node = body.emplace_back();
      node.command = std::move(command);
      if (!is_in(kBlockCommands, node.command.name)) continue;
      if (depth >= kMaxBlocks) {
        note_ = fmt::format("line {}: there are too many blocks in each other", node.command.line);
        return true;
      }
      if (read_block(node, depth)) return true;
    }
    return true;
  }
  bool read_block(CmakeNode& node, std::size_t depth) {
    CmakeCommand opening = node.command;
    while (true) {
      CmakeBranch& branch = node.branches.emplace_back();
      branch.opening = std::move(opening);
      CmakeCommand end;
      if (read_body(branch.body, end, depth + 1)) return true;
      if (node.command.name != "if" || !end.name.starts_with("else")) return false;
      opening = std::move(end);
    }
  }

  CmakeLexer lexer_;
  std::string note_;
};

}  // namespace

CmakeFile parse_cmake(std::string_view text) { return CmakeParser(text).read(); }

std::string written_arguments(const CmakeCommand& command) {
  std::string text;
  for (const CmakeArgument& argument : command.arguments) text += (text.empty() ? "" : " ") + argument.text;
  return text;
}

}  // namespace xaas
