// The table of known libraries; see slots.h.
#include "format/slots.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "format/base/text.h"

namespace xaas {
namespace {

constexpr bool kOnlyItself = false;
constexpr bool kWholeRole = true;
// MPICH and its descendants agreed on libmpi.so.12, which was the name of Open MPI 1.10 as well.
constexpr std::string_view kOpenMpiSymbol = "ompi_mpi_comm_world";

// libblas.so.3 and its like may be any implementation, and often the reference. So they never replace a library with a
// name of its own. Fedora's libopenblasp has threads, and its libopenblas does not.
constexpr auto kLibraries = std::to_array<SlotLibrary>({
    {"blas", "blas", "libblas.so.3", kOnlyItself},
    {"blas", "blas", "libcblas.so.3", kOnlyItself},
    {"blas", "blas", "libflexiblas.so.3"},
    {"blas", "blas", "libopenblasp.so.0"},
    {"blas", "blas", "libopenblas.so.0"},
    {"blas", "blas", "libblis.so.4"},
    {"blas", "blas", "libarmpl_lp64.so"},
    {"blas", "blas", "libmkl_rt.so.2", kWholeRole, "", true},
    {"blas", "blas", "libmkl_rt.so", kWholeRole, "", true},
    {"blas", "blas", "libtatlas.so.3"},
    {"blas", "blas", "libsatlas.so.3"},

    {"fftw3", "double", "libfftw3.so.3"},
    {"fftw3", "double threads", "libfftw3_threads.so.3"},
    {"fftw3", "double openmp", "libfftw3_omp.so.3"},
    {"fftw3", "double mpi", "libfftw3_mpi.so.3"},
    {"fftw3", "single", "libfftw3f.so.3"},
    {"fftw3", "single threads", "libfftw3f_threads.so.3"},
    {"fftw3", "single openmp", "libfftw3f_omp.so.3"},
    {"fftw3", "single mpi", "libfftw3f_mpi.so.3"},
    {"fftw3", "long", "libfftw3l.so.3"},
    {"fftw3", "long threads", "libfftw3l_threads.so.3"},
    {"fftw3", "long openmp", "libfftw3l_omp.so.3"},
    {"fftw3", "long mpi", "libfftw3l_mpi.so.3"},

    {"lapack", "lapack", "liblapack.so.3", kOnlyItself},
    {"lapack", "lapack", "liblapacke.so.3", kOnlyItself},
    {"lapack", "lapack", "libflexiblas.so.3"},
    {"lapack", "lapack", "libopenblasp.so.0"},
    {"lapack", "lapack", "libopenblas.so.0"},
    {"lapack", "lapack", "libarmpl_lp64.so"},
    {"lapack", "lapack", "libmkl_rt.so.2", kWholeRole, "", true},
    {"lapack", "lapack", "libmkl_rt.so", kWholeRole, "", true},
    {"lapack", "lapack", "libtatlas.so.3"},
    {"lapack", "lapack", "libsatlas.so.3"},

    {"mpi", "mpich", "libmpi.so.12", kWholeRole, kOpenMpiSymbol},
    {"mpi", "mpich", "libmpich.so.12", kWholeRole, kOpenMpiSymbol},
    {"mpi", "mpich", "libmpi_cray.so.12", kWholeRole, kOpenMpiSymbol},
    {"mpi", "mpich fortran", "libmpifort.so.12"},
    {"mpi", "mpich fortran", "libmpichfort.so.12"},
    {"mpi", "mpich fortran", "libmpifort_cray.so.12"},
    {"mpi", "mpich c++", "libmpicxx.so.12"},
    {"mpi", "mpich c++", "libmpichcxx.so.12"},
    {"mpi", "open mpi", "libmpi.so.40"},
    {"mpi", "open mpi fortran", "libmpi_mpifh.so.40"},
    {"mpi", "open mpi fortran 90", "libmpi_usempi.so.40"},
    {"mpi", "open mpi fortran 90 tkr", "libmpi_usempi_ignore_tkr.so.40"},
    {"mpi", "open mpi fortran 2008", "libmpi_usempif08.so.40"},
    {"mpi", "open mpi c++", "libmpi_cxx.so.40"},

    // Only LLVM's and Intel's have the functions that clang calls.
    {"openmp", "llvm", "libomp.so.5"},
    {"openmp", "llvm", "libomp.so"},
    {"openmp", "llvm", "libiomp5.so"},
    {"openmp", "gnu", "libgomp.so.1"},
});

// In Fortran's way of naming. gfortran and flang return the number, and Intel's compiler passes a place for it.
constexpr auto kComplexFunctions =
    std::to_array<std::string_view>({"cdotc_", "cdotu_", "cladiv_", "zdotc_", "zdotu_", "zladiv_"});

// Parts of the sonames of libraries that take integers of 64 bits. Those that take 32 say "lp64", or nothing.
constexpr auto kWideNames = std::to_array<std::string_view>({"ilp64", "blas64", "lapack64", "lapacke64", "blis64"});
constexpr std::string_view kOpenBlas = "openblas";
constexpr std::string_view kWideOpenBlas = "USE64BITINT";  // among the options that it was built with

bool has_part(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

const SlotInterface* find_slot(std::string_view name) {
  const auto* found = std::ranges::find(kSlots, name, &SlotInterface::name);
  return found == std::end(kSlots) ? nullptr : found;
}

std::string slot_names() {
  std::string names;
  for (const SlotInterface& slot : kSlots) names += fmt::format("{}{}", names.empty() ? "" : ", ", slot.name);
  return names;
}

std::span<const SlotLibrary> slot_libraries() { return kLibraries; }

std::string_view slot_of(std::string_view soname, const std::vector<std::string>& slots) {
  for (const SlotLibrary& library : kLibraries) {
    if (library.soname == soname && is_in(slots, library.slot)) return library.slot;
  }
  return {};
}

std::vector<SlotLibrary> stand_ins(std::string_view slot, std::string_view soname) {
  const auto own = std::ranges::find_if(
      kLibraries, [&](const SlotLibrary& library) { return library.slot == slot && library.soname == soname; });
  if (own == kLibraries.end()) return {};
  std::vector<SlotLibrary> libraries = {*own};
  std::ranges::copy_if(kLibraries, std::back_inserter(libraries), [&](const SlotLibrary& library) {
    return library.slot == slot && library.role == own->role && library.stands_for_role && library.soname != soname;
  });
  return libraries;
}

bool returns_complex(std::string_view symbol) { return is_in(kComplexFunctions, symbol); }

bool has_wide_integers(std::string_view soname, std::string_view constants) {
  if (std::ranges::any_of(kWideNames, [&](std::string_view part) { return has_part(soname, part); })) return true;
  return has_part(soname, kOpenBlas) && has_part(constants, kWideOpenBlas);
}

}  // namespace xaas
