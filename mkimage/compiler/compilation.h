// One command of a compiler, as the project gives it and as xaas-cc runs it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mkimage/compiler/compiler_command.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

struct Compilation {
  std::string compiler;                // absolute path of the real compiler
  std::vector<std::string> arguments;  // the project's, without -march=native, with options for GCC's tolerance
  CompilerCommand command;             // what the arguments mean
  std::string fallback = {};  // absolute path of the compiler that the project called by name, if it is another one
  CompilerRole role = CompilerRole::c;
  std::vector<std::string> fallback_arguments = {};  // for the fallback: without options that xaas-cc adds
  // Absolute path of the system's compiler, which is tried where `compiler` refuses a source; empty: there is no other.
  std::string last_resort = {};
  std::string source_name = {};  // how records call the only source; empty: by its path
};

// A command line of the compilation's compiler: the program, followed by `arguments`.
std::vector<std::string> command_line(const Compilation& compilation, std::vector<std::string> arguments);

// The project's arguments with those of the capture. The capture's options come last and so win, except for prefix
// maps, which come first. `extra` goes behind all other options.
std::vector<std::string> capturing_arguments(const CaptureEnvironment& environment, const Compilation& compilation,
                                             const std::vector<std::string>& extra);

// The path of the object that compiling `input` makes.
std::filesystem::path object_of(const Compilation& compilation, const CompilerInput& input);

// Whether a file is a probe: a build tool (Autoconf, CMake or Meson) only wants to see whether it can be compiled or
// linked, and never installs it.
bool is_probe(const std::filesystem::path& file);

}  // namespace xaas
