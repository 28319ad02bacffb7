// Compilers and MPI's programs on PATH, with what they say of themselves. Implements spec/host.md, "What is on a
// system".
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "lower/surroundings.h"

namespace xaas {

struct FoundProgram {
  std::string name;     // as PATH has it: "gcc-12"
  std::string path;     // of the first directory of PATH that has it
  std::string kind;     // "compiler" or "mpi"
  std::string family;   // "GCC", "clang", "Open MPI"; empty if it does not say
  std::string version;  // empty if it does not say
  std::string problem;  // why it cannot be used; empty: it can
};

inline constexpr std::chrono::milliseconds kProgramLimit(5000);

// Looks in the absolute directories of PATH, runs each program that it knows, and waits for at most `limit` for each.
// Names of one file that differ in a version only are one program. In the order of PATH and of the names.
std::vector<FoundProgram> find_programs(const Surroundings& surroundings,
                                        std::chrono::milliseconds limit = kProgramLimit);

// The program of this name in the first absolute directory of PATH that has it. One that find_programs() does not know
// is asked with --version, and its version is the first one in what it prints. Code::not_found if there is none.
Result<FoundProgram> find_tool(const Surroundings& surroundings, const std::string& name,
                               std::chrono::milliseconds limit = kProgramLimit);

}  // namespace xaas
