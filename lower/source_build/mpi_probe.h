// What a wrapper of MPI compiles and links with. Implements spec/lowering.md, section "Building on the host".
#pragma once

#include <filesystem>
#include <string>

#include "format/base/error.h"
#include "lower/surroundings.h"

namespace xaas {

struct MpiProbe {
  std::string header_family;  // "Open MPI" or "MPICH"; empty if the header does not say
  std::string soname;         // of the library that a program is linked with: "libmpi.so.40"
  std::filesystem::path library;
};

// Compiles and links a program of three lines with a wrapper for C or C++. Code::failed if that fails, with the first
// line of what the wrapper says. Code::not_found if the program is linked with no library of MPI, or with one that the
// dynamic loader would not find.
Result<MpiProbe> probe_mpi(const Surroundings& surroundings, const std::string& wrapper);

}  // namespace xaas
