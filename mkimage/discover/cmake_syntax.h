// The syntax of CMake's language: commands with arguments, and the blocks that if, foreach, while, function, macro and
// block make of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

struct CmakeArgument {
  enum class Kind { plain, quoted, bracket };
  std::string text;  // as in the file, without quotes or brackets: variables and escapes stand there unread
  Kind kind = Kind::plain;
};

struct CmakeCommand {
  std::string name;                      // in small letters
  std::vector<CmakeArgument> arguments;  // parentheses within them are plain arguments "(" and ")"
  std::size_t line = 0;
};

struct CmakeNode;

// The commands behind `if`, `elseif`, `else`, or within another block.
struct CmakeBranch {
  CmakeCommand opening;
  std::vector<CmakeNode> body;
};

// A command. One that opens a block has branches: an `if` one for each condition, any other exactly one.
struct CmakeNode {
  CmakeCommand command;
  std::vector<CmakeBranch> branches;
};

struct CmakeFile {
  std::vector<CmakeNode> nodes;
  std::string note;  // what was wrong, with the line; "" if nothing was
};

// Reads a file. A mistake ends the reading there: what stands before it is kept, open blocks are closed, and `note`
// says where it is. Blocks more than 100 deep are a mistake.
CmakeFile parse_cmake(std::string_view text);

// The arguments as they stand in the file, with blanks between them.
std::string written_arguments(const CmakeCommand& command);

}  // namespace xaas
