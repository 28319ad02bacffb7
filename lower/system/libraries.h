// Libraries for linear algebra, Fourier transforms and MPI, and SDKs, that a project can be built with on a system.
// Implements spec/host.md, "What is on a system".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lower/gpus.h"
#include "lower/surroundings.h"

namespace xaas {

struct OfferedLibrary {
  std::string interface;  // "blas", "lapack", "fft" or "mpi"
  std::string family;     // "OpenBLAS", "Open MPI"
  std::string soname;     // as the file says it
  std::string path;
  std::string version;  // of a .pc file or a header beside the library; empty if neither says one
  std::string source;   // the file that says the version
  std::string problem;  // why it cannot be used; empty: it can
};

struct FoundSdk {
  std::string name;     // "CUDA"
  std::string path;     // its directory
  std::string version;  // of its header
  std::string source;   // the header
};

// Looks in the directories of the dynamic loader, in LD_LIBRARY_PATH and in the usual places of SDKs. A library whose
// device is not among `gpus` has a problem. Each soname once, the first that is found, as the dynamic loader would.
// Sorted by interface and soname.
std::vector<OfferedLibrary> find_libraries(const Surroundings& surroundings, const std::vector<Gpu>& gpus);

// The family of MPI to which a library file belongs: "Open MPI", "MPICH"; empty if it is none that is known, or no
// library.
std::string mpi_family(const std::filesystem::path& library);

// Where a linker looks for libraries, and a compiler for headers, beside what their command lines say: the directories
// of LIBRARY_PATH and of LD_LIBRARY_PATH, CPATH and its relatives, those of the system, and those of SDKs.
std::vector<std::filesystem::path> link_directories(const Surroundings& surroundings);
std::vector<std::filesystem::path> header_directories(const Surroundings& surroundings);

// SDKs by their headers, in the usual places and where the environment says.
std::vector<FoundSdk> find_sdks(const Surroundings& surroundings);

}  // namespace xaas
