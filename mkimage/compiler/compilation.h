// One command of a compiler, as the project gave it and as a capturing build runs it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mkimage/compiler/compiler_options.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

struct Compilation {
  std::string compiler;                // absolute path of the real one
  std::vector<std::string> arguments;  // as the project gave them, without -march=native, with GCC's tolerance
  CompilerCommand command;             // what they mean
  std::string fallback = {};           // absolute path of the compiler that was called by name, where that is another
  CompilerRole role = CompilerRole::c;
  std::vector<std::string> fallback_arguments = {};  // for that one: without options of ours
};

// A command line of its compiler: `arguments` behind the program.
std::vector<std::string> command_line(const Compilation& compilation, std::vector<std::string> arguments);

// The project's arguments with ours behind them, which win. `extra` goes to the very end.
std::vector<std::string> capturing_arguments(const CaptureEnvironment& environment, const Compilation& compilation,
                                             const std::vector<std::string>& extra);

// The object that compiling `input` makes.
std::filesystem::path object_of(const Compilation& compilation, const CompilerInput& input);

// Whether a file is only there for a build tool to see whether it can be compiled or linked, and never installed: the
// tests of Autoconf, CMake and Meson.
bool is_probe(const std::filesystem::path& file);

}  // namespace xaas
