// What is found on a system to build projects with: small trees, and programs that are shell scripts.
#include <filesystem>

#include "format/base/text.h"
#include "format/base/version_number.h"
#include "lower/bounded_run.h"
#include "lower/system/inventory.h"
#include "lower/system/versions.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

// A system in a directory of its own.
class System {
 public:
  System() {
    surroundings.root = root_.path();
    surroundings.triple = test::kTriple;
    surroundings.environment["PATH"] = "/usr/bin";
  }

  System& file(const std::string& path, const std::string& text) {
    fs::create_directories(surroundings.at(path).parent_path());
    test::good(write_file(surroundings.at(path), text));
    return *this;
  }
  System& link(const std::string& path, const std::string& to) {
    fs::create_directories(surroundings.at(path).parent_path());
    fs::create_symlink(to, surroundings.at(path));
    return *this;
  }
  // A program that does what a shell does with `body`.
  System& program(const std::string& path, const std::string& body) {
    file(path, "#!/bin/sh\n" + body + "\n");
    fs::permissions(surroundings.at(path), fs::perms::owner_all);
    return *this;
  }
  System& library(const std::string& directory, const std::string& soname, const std::string& source = "") {
    return file(directory + "/" + soname,
                test::compile_c(source + "int f(void) { return 1; }", "-shared -fPIC -nostdlib -Wl,-soname," + soname));
  }
  System& pci(const std::string& address, const std::string& vendor, const std::string& pci_class,
              const std::string& device, const std::string& driver = "") {
    const std::string directory = "/sys/bus/pci/devices/" + address;
    file(directory + "/vendor", vendor + "\n").file(directory + "/class", pci_class + "\n");
    file(directory + "/device", device + "\n");
    return driver.empty() ? *this : link(directory + "/driver", "../../../../bus/pci/drivers/" + driver);
  }

  std::vector<OfferedLibrary> libraries() const { return find_libraries(surroundings, find_gpus(surroundings)); }

  Surroundings surroundings;

 private:
  TempDirectory root_ = test::scratch();
};

constexpr const char* kGcc =
    "echo 'gcc (Debian 12.2.0-14) 12.2.0'; echo 'Copyright (C) Free Software Foundation, Inc.'";

Target target_of(const char* cpu) { return test::good(resolve_target(test::kTriple, {.cpu = cpu, .features = ""})); }

}  // namespace

TEST_CASE("vector instructions are offered only where the CPU has them: no FMA4 without it") {
  CHECK_FALSE(is_in(vector_extensions(target_of("haswell")), "AVX_128_FMA"));
  CHECK_FALSE(is_in(vector_extensions(target_of("znver4")), "AVX_128_FMA"));
  CHECK(is_in(vector_extensions(target_of("bdver2")), "AVX_128_FMA"));
  CHECK(vector_extensions(target_of("haswell")) == std::vector<std::string>{"SSE2", "SSE4.1", "SSE4.2", "AVX", "AVX2"});
  CHECK(vector_extensions(target_of("skylake-avx512")).back() == "AVX512");
  CHECK(vector_extensions(target_of("x86-64")) == std::vector<std::string>{"SSE2"});
}

TEST_CASE("a host with Open MPI is not offered MPICH, whatever lies beside it") {
  System host;
  host.library("/usr/lib", "libmpi.so.40").file("/usr/lib/pkgconfig/mpich.pc", "Version: 4.0.2\n");
  host.file("/usr/include/mpi.h", "#define MPICH_VERSION \"4.0.2\"\n");
  auto found = host.libraries();
  REQUIRE(found.size() == 1);
  CHECK(found[0].family == "Open MPI");
  CHECK(found[0].version.empty());
  host.file("/usr/lib/pkgconfig/ompi.pc", "v=4.1.4\nVersion: ${v}\n");
  found = host.libraries();
  CHECK(found[0].version == "4.1.4");
  CHECK(found[0].source == "/usr/lib/pkgconfig/ompi.pc");
}

TEST_CASE("families of MPI are told apart by soname, and by a symbol where they had the same") {
  const auto family_of = [](const char* soname, const char* source) {
    System host;
    const auto found = host.library("/usr/lib64", soname, source).libraries();
    return found.empty() ? std::string() : found[0].family;
  };
  CHECK(family_of("libmpi.so.12", "") == "MPICH");
  CHECK(family_of("libmpi.so.12", "int ompi_mpi_comm_world;") == "Open MPI");
  CHECK(family_of("libmpi.so.20", "") == "Open MPI");
  CHECK(family_of("libmpich.so.12", "") == "MPICH");
  CHECK(family_of("libmpi_cray.so.12", "") == "MPICH (Cray)");
  CHECK(family_of("libmpi.so.1", "").empty());
  CHECK(family_of("libmpifort.so.12", "").empty());
}

TEST_CASE("a library for GPUs is not usable on a machine without such a GPU, or without its driver") {
  System host;
  host.library("/usr/local/cuda/lib64", "libcublas.so.12");
  auto found = host.libraries();
  REQUIRE(found.size() == 1);
  CHECK(found[0].family == "cuBLAS");
  CHECK(found[0].problem == "there is no nvidia-gpu");
  host.pci("0000:3b:00.0", "0x10de", "0x030200", "0x2330");
  CHECK(host.libraries()[0].problem == "there is no driver for the nvidia-gpu");
  host.link("/sys/bus/pci/devices/0000:3b:00.0/driver", "../../drivers/nvidia");
  CHECK(host.libraries()[0].problem.empty());
}

TEST_CASE("what conditions on NVIDIA's GPUs are about is read from small files") {
  System host;
  CHECK(nvidia_devices(host.surroundings).empty());
  host.pci("0000:3b:00.0", "0x10de", "0x030200", "0x2330");
  host.pci("0000:4b:00.0", "0x1002", "0x030000", "0x1234");
  CHECK(nvidia_devices(host.surroundings) == std::vector<std::string>{"nvidia-gpu", "nvidia-gpu=sm_90"});
  host.link("/sys/bus/pci/devices/0000:3b:00.0/driver", "../../drivers/nvidia");
  host.file("/proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27\n");
  CHECK(nvidia_devices(host.surroundings) ==
        std::vector<std::string>{"nvidia-driver=580.65.06", "nvidia-gpu", "nvidia-gpu=sm_90"});
}

TEST_CASE("a version is never taken from the name of a directory or a file") {
  System host;
  host.file("/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n");
  host.file("/etc/ld.so.conf.d/blas.conf", "/opt/openblas-0.3.99/lib\n");
  host.library("/opt/openblas-0.3.99/lib", "libopenblas.so.0");
  auto found = host.libraries();
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == "/opt/openblas-0.3.99/lib/libopenblas.so.0");
  CHECK(found[0].version.empty());
  host.file("/opt/openblas-0.3.99/include/openblas_config.h", "#define OPENBLAS_VERSION \" OpenBLAS 0.3.21 \"\n");
  found = host.libraries();
  CHECK(found[0].version == "0.3.21");
  CHECK(found[0].source == "/opt/openblas-0.3.99/include/openblas_config.h");
  host.program("/usr/bin/gcc-99", kGcc);
  const auto programs = find_programs(host.surroundings);
  REQUIRE(programs.size() == 1);
  CHECK(programs[0].version == "12.2.0");
}

TEST_CASE("libraries are found by soname, the first of the loader's directories counts") {
  System host;
  host.surroundings.environment["LD_LIBRARY_PATH"] = "lib:.::/home/lib";
  host.library("/usr/lib/x86_64-linux-gnu", "libfftw3.so.3").library("/home/lib", "libfftw3.so.3");
  host.library("/usr/lib64", "libblas.so.3").file("/usr/lib64/liblapack.so.3", "no library");
  host.link("/usr/lib64/libblas.so", "libblas.so.3");
  const auto found = host.libraries();
  REQUIRE(found.size() == 2);
  CHECK(found[0].soname == "libblas.so.3");
  CHECK(found[1].path == "/home/lib/libfftw3.so.3");
}

TEST_CASE("a compiler that is not there, or that does not work, is not offered") {
  System host;
  CHECK(find_programs(host.surroundings).empty());
  host.link("/usr/bin/clang", "clang-that-is-gone").file("/usr/bin/icx", "not executable");
  CHECK(find_programs(host.surroundings).empty());
  host.program("/usr/bin/nvcc", "echo 'nvcc: not installed' >&2; exit 127");
  host.program("/usr/bin/gcc", kGcc).link("/usr/bin/gcc-12", "gcc");
  host.link("/usr/bin/g++", "gcc");
  const auto found = find_programs(host.surroundings);
  REQUIRE(found.size() == 3);
  CHECK(found[0].name == "g++");
  CHECK(found[1].name == "gcc");
  CHECK(found[1].family == "GCC");
  CHECK(found[1].version == "12.2.0");
  CHECK(found[1].problem.empty());
  CHECK(found[2].name == "nvcc");
  CHECK_THAT(found[2].problem, Catch::Contains("exit status 127"));
}

TEST_CASE("nothing is run out of the current directory") {
  System host;
  const fs::path marker = host.surroundings.at("/ran");
  host.program("/here/gcc", "touch " + marker.string() + "\n" + kGcc);
  const fs::path before = fs::current_path();
  fs::current_path(host.surroundings.at("/here"));
  for (const char* path : {".", "", ":", "../here", "./"}) {
    host.surroundings.environment["PATH"] = path;
    CHECK(find_programs(host.surroundings).empty());
  }
  fs::current_path(before);
  CHECK_FALSE(fs::exists(marker));
}

TEST_CASE("a program that hangs or prints without end is not waited for") {
  System host;
  host.program("/usr/bin/gcc", "sleep 1000 & sleep 1000").program("/usr/bin/clang", "while :; do echo clang; done");
  const auto found = find_programs(host.surroundings, std::chrono::milliseconds(200));
  REQUIRE(found.size() == 2);
  for (const FoundProgram& program : found) {
    CHECK_THAT(program.problem, Catch::EndsWith("does not end"));
    CHECK(program.version.empty());
  }
}

TEST_CASE("wrappers of MPI are asked in the way of each family") {
  System host;
  host.program("/usr/bin/mpicc", "[ $1 = -v ] && echo 'mpicc for MPICH version 4.0.2' || exit 1");
  host.program("/usr/bin/mpirun", "echo 'mpirun (Open MPI) 4.1.4'");
  const auto found = find_programs(host.surroundings);
  REQUIRE(found.size() == 2);
  CHECK(found[0].family == "MPICH");
  CHECK(found[0].version == "4.0.2");
  CHECK(found[1].family == "Open MPI");
  CHECK(found[1].kind == "mpi");
}

TEST_CASE("programs are known by what they print") {
  const auto said = [](const char* text) {
    const ProgramVersion version = program_version(text);
    return version.family + " " + version.version;
  };
  CHECK(said("Debian clang version 19.1.7 (3~deb12u1)\nTarget: x86_64-pc-linux-gnu") == "clang 19.1.7");
  CHECK(said("mpiexec (OpenRTE) 4.1.4") == "Open MPI 4.1.4");
  CHECK(said("AMD clang version 17.0.0 (https://github.com/RadeonOpenCompute)") == "AMD clang 17.0.0");
  CHECK(said("HIP version: 6.0.32831-204d35d16\nAMD clang version 17.0.0") == "HIP 6.0.32831");
  CHECK(said("Debian flang-new version 19.1.7 (3~deb12u1)") == "flang 19.1.7");
  CHECK(said("nvcc: NVIDIA (R) Cuda compiler driver\nCuda compilation tools, release 12.1, V12.1.105") ==
        "CUDA 12.1.105");
  CHECK(said("Intel(R) oneAPI DPC++/C++ Compiler 2024.0.0 (2024.0.0.20231017)") == "Intel oneAPI 2024.0.0");
  CHECK(said("\nnvc 23.11-0 64-bit target on x86-64 Linux -tp zen3") == "NVHPC 23.11");
  CHECK(said("HYDRA build details:\n    Version:                                 4.0.2") == "MPICH 4.0.2");
  CHECK(said("Intel(R) MPI Library for Linux* OS, Version 2021.11 Build 20231005") == "Intel MPI 2021.11");
  CHECK(said("something else 1.2.3") == " ");
}

TEST_CASE("versions in .pc files and headers are read, and nothing else is") {
  CHECK(pkg_config_version("prefix=/opt/x-9.9\na = 3\nb=${a}.3\nName: x\nVersion: ${b}.10\n") == "3.3.10");
  CHECK(pkg_config_version("a=${b}\nb=${a}\nVersion: ${a}\n").empty() == false);  // a circle ends
  CHECK(pkg_config_version("Name: x\n").empty());
  const char* header = "/* VERSION 9 */\n#define A 1\n# define  B\t2 // two\n#define BB 7\n#define TEXT \"X 3.4\"\n";
  CHECK(header_version(header, {"A", "B"}) == "1.2");
  CHECK(header_version(header, {"A", "C"}).empty());
  CHECK(header_version(header, {"TEXT"}) == "3.4");
  CHECK(first_version("release 12, V12.1.") == "12.1");
}

TEST_CASE("versions compare number by number") {
  CHECK(is_at_least("12.1", "12.1"));
  CHECK(is_at_least("12.10", "12.9"));
  CHECK(is_at_least("12", "12.0.0"));
  CHECK(is_at_least("99999999999999999999.1", "3"));
  CHECK_FALSE(is_at_least("12.0.9", "12.1"));
  CHECK_FALSE(is_at_least("", "0.1"));
}

TEST_CASE("GPUs are found with their architecture and their driver") {
  System host;
  host.pci("0000:00:02.0", "0x8086", "0x030000", "0x4c8a", "i915").pci("0000:00:1f.0", "0x8086", "0x060100", "0x438b");
  host.pci("0000:3b:00.0", "0x10de", "0x030200", "0x2330", "nvidia")
      .pci("0000:c1:00.0", "0x1002", "0x038000", "0x7408", "amdgpu");
  host.file("/proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19\n");
  host.file("/proc/driver/nvidia/gpus/0000:3b:00.0/information", "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 1\n");
  host.file("/sys/module/amdgpu/version", "6.3.6\n");
  host.file("/sys/class/kfd/kfd/topology/nodes/0/properties", "cpu_cores_count 64\ngfx_target_version 0\n");
  host.file("/sys/class/kfd/kfd/topology/nodes/1/properties",
            "simd_count 416\ngfx_target_version 90010\nlocation_id 49408\ndomain 0\n");
  const auto gpus = find_gpus(host.surroundings);
  REQUIRE(gpus.size() == 3);
  CHECK(gpus[0].device == "intel-gpu");
  CHECK(gpus[0].driver == "i915");
  CHECK(gpus[1].architecture == "sm_90");
  CHECK(gpus[1].model == "NVIDIA H100 80GB HBM3");
  CHECK(gpus[1].driver_version == "535.104.05");
  CHECK(gpus[2].architecture == "gfx90a");
  CHECK(gpus[2].driver_version == "6.3.6");
  CHECK(gpus[2].id == "1002:7408");
}

TEST_CASE("a GPU that only its driver shows is found too") {
  System host;
  host.file("/proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: NVIDIA A100\n");
  const auto gpus = find_gpus(host.surroundings);
  REQUIRE(gpus.size() == 1);
  CHECK(gpus[0].device == "nvidia-gpu");
  CHECK(gpus[0].driver == "nvidia");
  CHECK(nvidia_architecture(0x20b0) == "sm_80");
  // By their ids: Thor, and two of one family, the second of which also runs code of the first: RTX 5090, GB10.
  CHECK(nvidia_architecture(0x2b00) == "sm_110");
  CHECK(nvidia_architecture(0x2b85) == "sm_120");
  CHECK(nvidia_architecture(0x2e12) == "sm_121");
  CHECK(nvidia_architecture(0x3182) == "sm_103");
  CHECK(nvidia_architecture(0x0001).empty());
}

TEST_CASE("nvidia-smi tells the architecture of a GPU whose id is not known") {
  System host;
  host.pci("0000:3b:00.0", "0x10de", "0x030200", "0x9999", "nvidia")
      .pci("0001:86:00.0", "0x10de", "0x030200", "0x2330", "nvidia");
  host.file("/proc/driver/nvidia/gpus/0000:c1:00.0/information", "Model: NVIDIA X\n");
  host.surroundings.environment["PATH"] = "bin:/usr/none:/usr/bin";
  const auto architectures = [&] {
    std::vector<std::string> all;
    for (const Gpu& gpu : find_gpus(host.surroundings)) all.push_back(gpu.architecture);
    return all;
  };
  CHECK(architectures() == std::vector<std::string>{"", "", "sm_90"});
  const std::string called = host.surroundings.at("/called").string();
  const auto smi = [&](const std::string& body) {
    host.program("/usr/bin/nvidia-smi", "echo \"$@\" >>" + called + "\n" + body);
  };
  smi("echo '00000000:3B:00.0, 12.1'; echo '00000001:86:00.0, 8.0'; echo '00000000:C1:00.0, 10.3'; echo no");
  CHECK(architectures() == std::vector<std::string>{"sm_121", "sm_103", "sm_90"});
  CHECK(test::good(read_file(called)) == "--query-gpu=pci.bus_id,compute_cap --format=csv,noheader\n");
  for (const char* body : {"exit 9", "echo '00000000:3B:00.0, [N/A]'", "echo '00000000:3B:00.0, 12'", "echo 9.0"}) {
    INFO(body);
    smi(body);
    CHECK(architectures() == std::vector<std::string>{"", "", "sm_90"});
  }
  // It is not asked where the ids tell everything.
  System known;
  known.pci("0000:3b:00.0", "0x10de", "0x030200", "0x2330", "nvidia");
  known.program("/usr/bin/nvidia-smi", "echo >" + called);
  fs::remove(called);
  CHECK(find_gpus(known.surroundings).size() == 1);
  CHECK_FALSE(fs::exists(called));
}

TEST_CASE("SDKs are known by their headers") {
  System host;
  host.surroundings.environment["CUDA_HOME"] = "/opt/cuda-99.9";
  CHECK(find_sdks(host.surroundings).empty());
  fs::create_directories(host.surroundings.at("/opt/cuda-99.9/bin"));
  CHECK(find_sdks(host.surroundings).empty());
  host.file("/opt/cuda-99.9/include/cuda.h", "#define CUDA_VERSION 12010\n");
  const auto sdks = find_sdks(host.surroundings);
  REQUIRE(sdks.size() == 1);
  CHECK(sdks[0].version == "12.1");
  CHECK(sdks[0].source == "/opt/cuda-99.9/include/cuda.h");
}

TEST_CASE("where PATH has a program of an SDK or of MPI, the libraries beside it are found") {
  System host;
  host.surroundings.environment["PATH"] = "/usr/bin:/apps/a/bin:/apps/b/bin";
  host.program("/apps/a/bin/nvcc", "exit 1").file("/apps/a/include/cuda.h", "#define CUDA_VERSION 11080\n");
  host.library("/apps/a/lib64", "libcufft.so.10");
  host.program("/apps/b/bin/mpicc", "exit 1").library("/apps/b/lib", "libmpi.so.40");
  host.file("/apps/b/include/mpi.h",
            "#define OMPI_MAJOR_VERSION 5\n#define OMPI_MINOR_VERSION 0\n#define OMPI_RELEASE_VERSION 3\n");
  const auto sdks = find_sdks(host.surroundings);
  REQUIRE(sdks.size() == 1);
  CHECK(sdks[0].path == "/apps/a");
  CHECK(sdks[0].version == "11.8");
  const auto found = host.libraries();
  REQUIRE(found.size() == 2);
  CHECK(found[0].family == "cuFFT");
  CHECK(found[1].family == "Open MPI");
  CHECK(found[1].version == "5.0.3");
}

TEST_CASE("environment modules are hints and say no version") {
  System host;
  host.surroundings.environment["LOADEDMODULES"] = "gcc/12.2.0:openmpi/4.1.4";
  host.surroundings.environment["MODULEPATH"] = "/modules:relative";
  host.file("/modules/fftw/3.3.10", "#%Module\n").file("/modules/.cache", "");
  const Inventory inventory = take_inventory(host.surroundings, target_of("haswell"));
  CHECK(inventory.loaded_modules == std::vector<std::string>{"gcc/12.2.0", "openmpi/4.1.4"});
  CHECK(inventory.available_modules == std::vector<std::string>{"fftw"});
  CHECK(inventory.libraries.empty());
  CHECK(inventory.programs.empty());
  CHECK_THAT(to_text(inventory), Catch::Contains("modules   loaded (hints): gcc/12.2.0 openmpi/4.1.4"));
  CHECK(parse_json(dump_json(to_ordered_json(inventory)), "inventory"));
}

}  // namespace xaas
