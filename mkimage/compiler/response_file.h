// Response files: the arguments that a compiler driver reads from @file, and their quoting.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Splits `text` as clang and GNU tools do: white space separates, quotes and backslashes protect.
std::vector<std::string> split_arguments(std::string_view text);

// Replaces @file by the arguments in it. What cannot be read stays as it is, and so does what nests more than ten deep.
std::vector<std::string> expand_response_files(const std::vector<std::string>& arguments);

// The text of a response file that compilers and linkers read as these arguments.
std::string to_response_file(const std::vector<std::string>& arguments);

}  // namespace xaas
