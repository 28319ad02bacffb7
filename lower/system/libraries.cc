// See libraries.h.
#include "lower/system/libraries.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/base/text.h"
#include "lower/elf_identity.h"
#include "lower/host_library.h"
#include "lower/system/versions.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMostText = 4 << 20;

// A library by the beginning of its soname, and where its version stands: in NAME.pc, or in macros of a header.
struct KnownLibrary {
  std::string_view stem;  // "libopenblas": the soname is "libopenblas.so" with anything behind
  std::string_view interface;
  std::string_view family;
  std::string_view device{};  // that it needs
  std::string_view pc{};
  std::string_view header{};
  std::array<std::string_view, 3> macros{};
};
constexpr auto kLibraries = std::to_array<KnownLibrary>({
    {"libarmpl", "blas", "Arm Performance Libraries"},
    {"libblas", "blas", "BLAS", "", "blas"},
    {"libblis", "blas", "BLIS", "", "blis"},
    {"libcublas",
     "blas",
     "cuBLAS",
     "nvidia-gpu",
     "",
     "cublas_api.h",
     {"CUBLAS_VER_MAJOR", "CUBLAS_VER_MINOR", "CUBLAS_VER_PATCH"}},
    {"libcufft",
     "fft",
     "cuFFT",
     "nvidia-gpu",
     "",
     "cufft.h",
     {"CUFFT_VER_MAJOR", "CUFFT_VER_MINOR", "CUFFT_VER_PATCH"}},
    {"libfftw3", "fft", "FFTW", "", "fftw3"},
    {"libfftw3f", "fft", "FFTW (single)", "", "fftw3f"},
    {"liblapack", "lapack", "LAPACK", "", "lapack"},
    {"libmkl_rt",
     "blas",
     "MKL",
     "",
     "mkl-sdl",
     "mkl_version.h",
     {"__INTEL_MKL__", "__INTEL_MKL_MINOR__", "__INTEL_MKL_UPDATE__"}},
    {"libopenblas", "blas", "OpenBLAS", "", "openblas", "openblas_config.h", {"OPENBLAS_VERSION"}},
    {"librocblas",
     "blas",
     "rocBLAS",
     "amd-gpu",
     "",
     "rocblas/internal/rocblas-version.h",
     {"ROCBLAS_VERSION_MAJOR", "ROCBLAS_VERSION_MINOR", "ROCBLAS_VERSION_PATCH"}},
    {"librocfft",
     "fft",
     "rocFFT",
     "amd-gpu",
     "",
     "rocfft/rocfft-version.h",
     {"rocfft_version_major", "rocfft_version_minor", "rocfft_version_patch"}},
    {"libsatlas", "blas", "ATLAS", "", "atlas"},
    {"libsci_cray", "blas", "Cray LibSci"},
});
// MPI's families share the stem of their sonames: family_of_mpi() tells them apart.
constexpr auto kMpiLibraries = std::to_array<KnownLibrary>({
    {"libmpi",
     "mpi",
     "Open MPI",
     "",
     "ompi",
     "mpi.h",
     {"OMPI_MAJOR_VERSION", "OMPI_MINOR_VERSION", "OMPI_RELEASE_VERSION"}},
    {"libmpi", "mpi", "MPICH", "", "mpich", "mpi.h", {"MPICH_VERSION"}},
    {"libmpich", "mpi", "MPICH", "", "mpich", "mpi.h", {"MPICH_VERSION"}},
    {"libmpi_cray", "mpi", "MPICH (Cray)", "", "mpich", "mpi.h", {"MPICH_VERSION"}},
});

struct KnownSdk {
  std::string_view name;
  std::string_view header;
  std::array<std::string_view, 3> macros;
  std::array<std::string_view, 2> variables;
  std::string_view directory;
  std::string_view program{};  // in the SDK's bin: where PATH has it, there is an SDK
  bool is_packed = false;      // the macro is 1000 times the major version and 10 times the minor one
};
constexpr auto kSdks = std::to_array<KnownSdk>({
    {"CUDA", "include/cuda.h", {"CUDA_VERSION"}, {"CUDA_HOME", "CUDA_PATH"}, "/usr/local/cuda", "nvcc", true},
    {"ROCm",
     "include/rocm-core/rocm_version.h",
     {"ROCM_VERSION_MAJOR", "ROCM_VERSION_MINOR", "ROCM_VERSION_PATCH"},
     {"ROCM_PATH", ""},
     "/opt/rocm",
     "hipcc"},
    {"oneMKL",
     "include/mkl_version.h",
     {"__INTEL_MKL__", "__INTEL_MKL_MINOR__", "__INTEL_MKL_UPDATE__"},
     {"MKLROOT", ""},
     "/opt/intel/oneapi/mkl/latest"},
});
// Where MPI's libraries are for which a module has to be loaded.
constexpr std::array<std::string_view, 4> kMpiDirectories{"/usr/lib64/openmpi/lib", "/usr/lib64/mpich/lib",
                                                          "/opt/intel/oneapi/mpi/latest/lib",
                                                          "/opt/intel/oneapi/mpi/latest/lib/release"};
// Below the directories of SDKs.
constexpr std::array<std::string_view, 4> kLibraryDirectories{"lib64", "lib", "lib/intel64",
                                                              "targets/x86_64-linux/lib"};

std::vector<std::string_view> given(const std::array<std::string_view, 3>& macros) {
  std::vector<std::string_view> result(macros.begin(), macros.end());
  std::erase(result, std::string_view());
  return result;
}

bool has_stem(std::string_view soname, std::string_view stem) {
  return soname.starts_with(stem) && soname.substr(stem.size()).starts_with(".so");
}

// A soname of Open MPI has the number 20 or more since its version 2. MPICH's families agreed on 12, which Open MPI
// 1.10 had too, so a symbol decides there. Empty for an older one of neither.
std::string_view family_of_mpi(std::string_view soname, const ElfFile& elf) {
  if (!has_stem(soname, "libmpi")) return has_stem(soname, "libmpi_cray") ? "MPICH (Cray)" : "MPICH";
  constexpr std::string_view kStem = "libmpi.so.";
  constexpr unsigned long kOpenMpi = 20;
  constexpr unsigned long kMpich = 12;
  const std::string number(soname.starts_with(kStem) ? soname.substr(kStem.size()) : "");
  const unsigned long major = std::strtoul(number.c_str(), nullptr, 10);
  if (major >= kOpenMpi) return "Open MPI";
  const auto symbols = elf.dynamic_symbols();
  const bool is_open = symbols && std::ranges::any_of(*symbols, [](const ElfSymbol& symbol) {
                         return symbol.is_defined && symbol.name == "ompi_mpi_comm_world";
                       });
  if (is_open) return "Open MPI";
  return major == kMpich ? "MPICH" : "";
}

const KnownLibrary* known_library(std::string_view soname, const ElfFile& elf) {
  for (const KnownLibrary& library : kLibraries) {
    if (has_stem(soname, library.stem)) return &library;
  }
  for (const KnownLibrary& library : kMpiLibraries) {
    if (has_stem(soname, library.stem) && family_of_mpi(soname, elf) == library.family) return &library;
  }
  return nullptr;
}

// Whether the name of a file is worth a look into it. The soname decides, not the name.
bool may_be_known(std::string_view name) {
  const auto begins = [&](const KnownLibrary& library) {
    return name.starts_with(library.stem) && name.find(".so") != std::string_view::npos;
  };
  return std::ranges::any_of(kLibraries, begins) || std::ranges::any_of(kMpiLibraries, begins);
}

struct Said {
  std::string version;
  fs::path source;
};

// Directories that may hold the .pc file and the header of a library in `directory`: beside it and below its prefix.
std::vector<fs::path> prefixes_of(const fs::path& directory) {
  std::vector<fs::path> prefixes;
  for (fs::path above = directory; above.has_relative_path(); above = above.parent_path()) {
    const std::string name = above.filename().string();
    if (name == "lib" || name == "lib64") prefixes.push_back(above.parent_path());
  }
  return prefixes;
}

std::optional<Said> said_by_pc(const KnownLibrary& library, const fs::path& directory) {
  if (library.pc.empty()) return std::nullopt;
  const fs::path file = directory / "pkgconfig" / fmt::format("{}.pc", library.pc);
  const auto text = read_file(file, kMostText);
  std::string version = text ? pkg_config_version(*text) : "";
  if (version.empty()) return std::nullopt;
  return Said{std::move(version), file};
}

std::optional<Said> said_by_header(const fs::path& file, const std::array<std::string_view, 3>& macros) {
  const auto text = read_file(file, kMostText);
  std::string version = text ? header_version(*text, given(macros)) : "";
  if (version.empty()) return std::nullopt;
  return Said{std::move(version), file};
}

std::optional<Said> said_version(const Surroundings& surroundings, const KnownLibrary& library, const fs::path& file) {
  std::error_code error;
  const fs::path real = fs::canonical(file, error);
  std::vector<fs::path> directories = {file.parent_path()};
  if (!error && real.parent_path() != directories.front()) directories.push_back(real.parent_path());
  for (const fs::path& directory : directories) {
    if (auto said = said_by_pc(library, directory)) return said;
  }
  if (library.header.empty()) return std::nullopt;
  const std::string multiarch = multiarch_name(surroundings.triple);
  for (const fs::path& directory : directories) {
    for (const fs::path& prefix : prefixes_of(directory)) {
      for (const fs::path& include : {prefix / "include", prefix / "include" / multiarch}) {
        if (auto said = said_by_header(include / library.header, library.macros)) return said;
      }
    }
  }
  return std::nullopt;
}

// Why the library cannot be used without its device; empty if it can.
std::string missing_gpu(std::string_view device, const std::vector<Gpu>& gpus) {
  if (device.empty()) return {};
  bool is_there = false;
  for (const Gpu& gpu : gpus) {
    if (gpu.device == device && !gpu.driver.empty()) return {};
    is_there = is_there || gpu.device == device;
  }
  return fmt::format("there is {} {}", is_there ? "no driver for the" : "no", device);
}

std::optional<OfferedLibrary> look_at(const Surroundings& surroundings, const fs::path& file,
                                      const std::vector<Gpu>& gpus) {
  const auto mapped = MappedFile::open(file);
  const auto elf = mapped ? ElfFile::parse(mapped->bytes()) : tl::unexpected(mapped.error());
  const auto dynamic = elf ? elf->dynamic() : tl::unexpected(elf.error());
  if (!dynamic || !dynamic->soname) return std::nullopt;
  const KnownLibrary* known = known_library(*dynamic->soname, *elf);
  if (known == nullptr) return std::nullopt;
  OfferedLibrary library;
  library.interface = known->interface;
  library.family = known->family;
  library.soname = *dynamic->soname;
  library.path = surroundings.shown(file).string();
  library.problem = missing_gpu(known->device, gpus);
  if (const auto said = said_version(surroundings, *known, file)) {
    library.version = said->version;
    library.source = surroundings.shown(said->source).string();
  }
  return library;
}

// The directories above those of PATH that have the program.
std::vector<fs::path> prefixes_with(const Surroundings& surroundings, std::string_view program) {
  std::vector<fs::path> prefixes;
  for (const fs::path& directory : surroundings.directories("PATH")) {
    if (!program.empty() && is_program(surroundings.at(directory / program))) {
      prefixes.push_back(directory.parent_path());
    }
  }
  return prefixes;
}

std::vector<fs::path> sdk_directories(const Surroundings& surroundings, const KnownSdk& sdk) {
  std::vector<fs::path> directories;
  for (const std::string_view variable : sdk.variables) {
    if (variable.empty()) continue;
    for (const fs::path& directory : surroundings.directories(variable)) directories.push_back(directory);
  }
  for (fs::path& prefix : prefixes_with(surroundings, sdk.program)) directories.push_back(std::move(prefix));
  directories.emplace_back(sdk.directory);
  return directories;
}

std::string unpacked(const std::string& version) {
  const unsigned long number = std::strtoul(version.c_str(), nullptr, 10);
  return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

// In the order of the dynamic loader, and then those of MPI and of SDKs.
std::vector<fs::path> searched_directories(const Surroundings& surroundings) {
  std::vector<fs::path> directories = surroundings.directories("LD_LIBRARY_PATH");
  for (fs::path& directory : library_directories_below(surroundings.root, surroundings.triple)) {
    directories.push_back(std::move(directory));
  }
  for (const fs::path& prefix : prefixes_with(surroundings, "mpicc")) {
    for (const std::string_view below : {"lib64", "lib"}) directories.push_back(prefix / below);
  }
  directories.insert(directories.end(), kMpiDirectories.begin(), kMpiDirectories.end());
  for (const KnownSdk& sdk : kSdks) {
    for (const fs::path& directory : sdk_directories(surroundings, sdk)) {
      for (const std::string_view below : kLibraryDirectories) directories.push_back(directory / below);
    }
  }
  return directories;
}

bool is_for(const fs::path& file, std::string_view triple) {
  const auto opened = open_for_reading(file);
  const auto identity = opened ? read_elf_identity(opened->get()) : tl::unexpected(opened.error());
  return identity && is_elf_for(*identity, triple);
}

}  // namespace

std::vector<OfferedLibrary> find_libraries(const Surroundings& surroundings, const std::vector<Gpu>& gpus) {
  std::vector<OfferedLibrary> libraries;
  for (const fs::path& directory : searched_directories(surroundings)) {
    for (const std::string& name : names_in(surroundings.at(directory))) {
      const fs::path file = surroundings.at(directory) / name;
      if (!may_be_known(name) || !is_for(file, surroundings.triple)) continue;
      auto library = look_at(surroundings, file, gpus);
      if (!library || name != library->soname) continue;  // programs ask for it by its soname
      const auto is_same = [&](const OfferedLibrary& other) { return other.soname == library->soname; };
      if (std::ranges::none_of(libraries, is_same)) libraries.push_back(std::move(*library));
    }
  }
  std::ranges::sort(libraries, {},
                    [](const OfferedLibrary& library) { return std::tie(library.interface, library.soname); });
  return libraries;
}

std::string mpi_family(const fs::path& library) {
  const auto mapped = MappedFile::open(library);
  const auto elf = mapped ? ElfFile::parse(mapped->bytes()) : tl::unexpected(mapped.error());
  const auto dynamic = elf ? elf->dynamic() : tl::unexpected(elf.error());
  if (!dynamic || !dynamic->soname || !dynamic->soname->starts_with("libmpi")) return {};
  return std::string(family_of_mpi(*dynamic->soname, *elf));
}

std::vector<fs::path> link_directories(const Surroundings& surroundings) {
  std::vector<fs::path> directories = surroundings.directories("LIBRARY_PATH");
  for (fs::path& directory : searched_directories(surroundings)) directories.push_back(std::move(directory));
  return directories;
}

std::vector<fs::path> header_directories(const Surroundings& surroundings) {
  std::vector<fs::path> directories;
  for (const char* variable : {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"}) {
    for (fs::path& directory : surroundings.directories(variable)) directories.push_back(std::move(directory));
  }
  directories.insert(directories.end(), {"/usr/local/include", "/usr/include",
                                         fs::path("/usr/include") / multiarch_name(surroundings.triple)});
  for (const KnownSdk& sdk : kSdks) {
    for (const fs::path& directory : sdk_directories(surroundings, sdk)) directories.push_back(directory / "include");
  }
  return directories;
}

std::vector<FoundSdk> find_sdks(const Surroundings& surroundings) {
  std::vector<FoundSdk> sdks;
  for (const KnownSdk& sdk : kSdks) {
    for (const fs::path& directory : sdk_directories(surroundings, sdk)) {
      auto said = said_by_header(surroundings.at(directory) / sdk.header, sdk.macros);
      if (!said) continue;
      sdks.push_back({std::string(sdk.name), directory.string(),
                      sdk.is_packed ? unpacked(said->version) : said->version,
                      surroundings.shown(said->source).string()});
      break;
    }
  }
  return sdks;
}

}  // namespace xaas
