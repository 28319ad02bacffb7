// Response files: the arguments that a compiler driver reads from @file, and their quoting.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Splits `text` as clang and GNU tools do: white space separates words; quotes and backslashes protect it.
std::vector<std::string> split_arguments(std::string_view text);

// Replaces each @file by the arguments in it. An @file that cannot be read, or is nested more than ten deep, stays as
// it is.
std::vector<std::string> expand_response_files(const std::vector<std::string>& arguments);

// The text of a response file that compilers and linkers read as `arguments`.
std::string to_response_file(const std::vector<std::string>& arguments);

}  // namespace xaas
