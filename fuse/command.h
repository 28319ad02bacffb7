// The user's command in a mount: finds it on the command line, and runs it as a shell would. Implements spec/mount.md,
// "Life of a mount".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "format/base/process.h"

namespace xaas {

// The words of a command line.
struct CommandLine {
  std::vector<std::string> arguments;               // options and operands, with a `--` that ends the options
  std::optional<std::vector<std::string>> command;  // the words behind the `--` that begins it
};

// A `--` in front of all operands ends the options, and the next `--` begins the command. Otherwise the first `--`
// behind an operand begins the command. `with_value` has the options whose next word is their value, such as "-o" or
// "--options".
CommandLine split_command(std::vector<std::string> words, std::span<const std::string_view> with_value);

// The words as execve() and its like take them, ending with a null pointer. They point into `words`.
std::vector<char*> argument_pointers(const std::vector<std::string>& words);

// Runs the command and returns how it ended. The code is 127 when the command was not found, and 126 when it cannot be
// executed. HUP, INT, QUIT, TERM, USR1 and USR2 are passed on to the command, except INT and QUIT of a terminal, which
// sends them to the command itself. REQUIRES: this process has one thread.
Result<ExitStatus> run_command(const std::vector<std::string>& command);

}  // namespace xaas
