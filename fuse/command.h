// The user's command in a mount: finding it on the command line, and running it as a shell would. Implements
// spec/mount.md, "Life of a mount".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// The words of a command line.
struct CommandLine {
  std::vector<std::string> arguments;               // options and operands, with a `--` that ends the options
  std::optional<std::vector<std::string>> command;  // what follows the `--` that comes after an operand
};

// A `--` in front of all operands ends the options, wherever they end; the next one then begins the command.
// `with_value`: the options whose next word is their value, as "-o" or "--options".
CommandLine split_command(std::vector<std::string> words, std::span<const std::string_view> with_value);

// 0 to 255 as the command says; 128 + N when signal N ended it; 127 when it was not found, 126 when it cannot be
// executed. TERM and HUP are handed on to it; the terminal's INT and QUIT are its own business. REQUIRES: one thread.
Result<int> run_command(const std::vector<std::string>& command);

}  // namespace xaas
