// What `mkxaas discover` takes options, packages and flags for: one rule a test, on small projects.
#include "tests/unit/mkimage_discover_support.h"

namespace {

using namespace xaas::test::discovery;  // NOLINT(google-build-using-namespace)

TEST_CASE("names of options are about what is left without prefix and words around", "[one-thread]") {
  CHECK(findings(of_cmake(
            "option(DEMO_USE_CUDA \"\" OFF)\noption(DEMO_WITH_MPI_SUPPORT \"\" ON)\noption(DEMO_CUDA_F16 \"\" ON)\n"
            "option(DEMO_ENABLE_KOKKOS_HIP \"\" OFF)\n")) ==
        "CUDA -DDEMO_USE_CUDA, HIP -DDEMO_ENABLE_KOKKOS_HIP, MPI* -DDEMO_WITH_MPI_SUPPORT");
  CHECK(findings(of_cmake("option(DEMO_DISABLE_OPENMP \"\" OFF)\n")) == "OpenMP* -DDEMO_DISABLE_OPENMP=OFF");
}

TEST_CASE("a prefix may have two words, if all names have both", "[one-thread]") {
  std::string text;
  for (const char* name : {"MPI", "TESTS", "DOCS", "LEVEL"})
    text += std::string("option(DEMO_II_") + name + " \"\" OFF)\n";
  CHECK(findings(of_cmake(text)).empty());
  CHECK(findings(of_cmake(text + "option(DEMO_II_X \"\" OFF)\n")) == "MPI -DDEMO_II_MPI");
  CHECK(findings(of_cmake(text + "option(DEMO_X \"\" OFF)\n")).empty());
}

TEST_CASE("a choice of FFT libraries has all its values, one of GPUs only those that are known", "[one-thread]") {
  const auto found = of_cmake(
      "set(DEMO_FFT FFTW3 CACHE STRING \"\")\nset_property(CACHE DEMO_FFT PROPERTY STRINGS KISS FFTW3 own)\n"
      "set(DEMO_GPU OFF CACHE STRING \"\")\nset_property(CACHE DEMO_GPU PROPERTY STRINGS OFF CUDA OpenCL)\n");
  CHECK(findings(found) ==
        "CUDA -DDEMO_GPU=CUDA, OpenCL -DDEMO_GPU=OpenCL, KISS -DDEMO_FFT=KISS, FFTW3* -DDEMO_FFT=FFTW3, "
        "own -DDEMO_FFT=own");
  CHECK(found.gpu_flag == "-DDEMO_GPU");
}

TEST_CASE("instruction sets of other processors are never a default, and options of one family are alike",
          "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_NATIVE \"\" ON)\noption(DEMO_AVX2 \"\" ON)\noption(DEMO_SVE \"\" ON)\n")) ==
        "AUTO* -DDEMO_NATIVE, AVX2* -DDEMO_AVX2, SVE -DDEMO_SVE");
  CHECK(findings(of_cmake("option(USE_V4_SSE \"\")\noption(USE_V4_ALTIVEC \"\")\noption(USE_V4_PORTABLE \"\")\n")) ==
        "SSE -DUSE_V4_SSE, Altivec -DUSE_V4_ALTIVEC, Portable -DUSE_V4_PORTABLE");
}

TEST_CASE("beside a choice of instruction sets, single options for them count no more", "[one-thread]") {
  CHECK(findings(of_cmake("set(DEMO_MAX_ISA SSE2 CACHE STRING \"\")\n"
                          "set_property(CACHE DEMO_MAX_ISA PROPERTY STRINGS SSE2 AVX512)\n"
                          "option(DEMO_ISA_SSE2 \"\" ON)\noption(DEMO_ISA_AVX512 \"\" ON)\n")) ==
        "SSE2* -DDEMO_MAX_ISA=SSE2, AVX512 -DDEMO_MAX_ISA=AVX512");
}

TEST_CASE("a vendor of BLAS is one of those that FindBLAS knows, together with the switch for BLAS", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_BLAS \"\" OFF)\nset(DEMO_BLAS_VENDOR Generic CACHE STRING \"\")\n"
                          "if(DEMO_BLAS)\n  find_package(BLAS)\nendif()\n")) ==
        "OpenBLAS -DDEMO_BLAS=ON -DDEMO_BLAS_VENDOR=OpenBLAS, BLIS -DDEMO_BLAS=ON -DDEMO_BLAS_VENDOR=FLAME, "
        "MKL -DDEMO_BLAS=ON -DDEMO_BLAS_VENDOR=Intel10_64lp");
}

TEST_CASE("a package is a finding if it is always needed or a switch guards it, and no option is about it",
          "[one-thread]") {
  CHECK(findings(of_cmake("find_package(MPI REQUIRED)\n")) == "MPI* ");
  CHECK(findings(
            of_cmake("option(DEMO_PARALLEL \"\" OFF)\nif(DEMO_PARALLEL)\n  find_package(MPI REQUIRED)\nendif()\n")) ==
        "MPI -DDEMO_PARALLEL");
  CHECK(findings(of_cmake("option(DEMO_MPI \"\" OFF)\nfind_package(MPI REQUIRED)\n")) == "MPI -DDEMO_MPI");
}

TEST_CASE("a package behind a switch for something else has no flag of its own", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_MPI \"\" OFF)\nif(DEMO_MPI)\n  find_package(SCALAPACK REQUIRED)\nendif()\n"
                          "find_package(LAPACK REQUIRED)\n")) == "MPI -DDEMO_MPI, ScaLAPACK , LAPACK* ");
}

TEST_CASE("a library that comes with the project is told from one of the system", "[one-thread]") {
  const auto own = of_cmake(
      "option(DEMO_USE_SYSTEM_ZLIB \"\" OFF)\noption(DEMO_BUILD_OWN_FFTW \"\" OFF)\n"
      "find_package(ZLIB)\n");
  CHECK(own.internal->name == "FFTW");
  CHECK(own.internal->flag == "-DDEMO_BUILD_OWN_FFTW");
  const auto system = of_cmake("option(DEMO_USE_SYSTEM_ZLIB \"\" OFF)\nfind_package(ZLIB)\n");
  CHECK(system.internal->name == "ZLIB");
  CHECK(system.internal->flag.empty());
}

TEST_CASE("what no package is called after is no library that comes with the project", "[one-thread]") {
  const std::string options = "option(DEMO_INTERNAL_DOCS \"\" OFF)\noption(DEMO_TASKING_SYSTEM \"\" OFF)\n";
  CHECK_FALSE(of_cmake(options).internal);
  CHECK(of_cmake(options + "pkg_check_modules(T libtasking)\n").internal->name == "TASKING");
}

TEST_CASE("an option against something is written with no", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_NO_MPI \"\" ON)\noption(DEMO_DEACTIVATE_OPENMP \"\" OFF)\n")) ==
        "MPI -DDEMO_NO_MPI=OFF, OpenMP* -DDEMO_DEACTIVATE_OPENMP=OFF");
}

TEST_CASE("an option with two libraries in its name is about both, and one of C++ bindings about these",
          "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_BLAS_LAPACK \"\" ON)\n")) ==
        "BLAS* -DDEMO_BLAS_LAPACK, LAPACK* -DDEMO_BLAS_LAPACK");
  CHECK(findings(of_cmake("option(BLAS++ \"\" ON)\n")) == "BLASPP* -DBLAS++");
}

TEST_CASE("an option to force a build of a library says that it comes with the project", "[one-thread]") {
  const auto found = of_cmake("option(DEMO_FORCE_OPENBLAS_BUILD \"\" OFF)\noption(DEMO_PREFER_BLIS \"\" OFF)\n");
  REQUIRE(found.internal);
  CHECK(found.internal->name == "OpenBLAS");
  CHECK(found.internal->flag == "-DDEMO_FORCE_OPENBLAS_BUILD");
  CHECK(findings(found) == "OpenBLAS* , BLIS -DDEMO_PREFER_BLIS");
}

TEST_CASE("a choice among GPUs is none among instruction sets, and one that is off leaves these to their options",
          "[one-thread]") {
  const std::string values = " PROPERTY STRINGS NONE SSE2 AVX2)\n";
  const std::string choice = "set(DEMO_MAX_ISA NONE CACHE STRING \"\")\nset_property(CACHE DEMO_MAX_ISA" + values;
  CHECK(findings(of_cmake(choice)) == "NONE* -DDEMO_MAX_ISA=NONE, SSE2 -DDEMO_MAX_ISA=SSE2, AVX2 -DDEMO_MAX_ISA=AVX2");
  CHECK(findings(of_cmake(choice + "option(DEMO_ISA_SSE2 \"\" ON)\noption(DEMO_ISA_AVX2 \"\" OFF)\n")) ==
        "SSE2* -DDEMO_ISA_SSE2, AVX2 -DDEMO_ISA_AVX2");
  CHECK(findings(of_cmake("set(DEMO_CUDA_Architecture native CACHE STRING \"\")\n"
                          "set_property(CACHE DEMO_CUDA_Architecture PROPERTY STRINGS native volta all)\n"))
            .empty());
}

TEST_CASE("OpenMP for GPUs is a default only where a switch for all GPUs is on", "[one-thread]") {
  const std::string offload = "option(DEMO_ENABLE_OPENMP_OFFLOAD \"\" ON)\n";
  CHECK(findings(of_cmake(offload)) == "OpenMP_offload* -DDEMO_ENABLE_OPENMP_OFFLOAD");
  CHECK(findings(of_cmake(offload + "option(DEMO_ENABLE_GPU \"\" OFF)\n")) ==
        "OpenMP_offload -DDEMO_ENABLE_OPENMP_OFFLOAD");
}

TEST_CASE("a choice of a system for tasks is one of models", "[one-thread]") {
  CHECK(findings(of_cmake("set(DEMO_TASKING_SYSTEM TBB CACHE STRING \"\")\n"
                          "set_property(CACHE DEMO_TASKING_SYSTEM PROPERTY STRINGS TBB INTERNAL)\n")) ==
        "TBB* -DDEMO_TASKING_SYSTEM=TBB");
}

TEST_CASE("an option to use a library is taken before one to build it, in whatever order they stand", "[one-thread]") {
  const std::string build = "option(BUILD_TBB \"\" OFF)\n";
  const std::string with = "option(WITH_TBB \"\" ON)\n";
  CHECK(findings(of_cmake(build + with)) == "TBB* -DWITH_TBB");
  CHECK(findings(of_cmake(with + build)) == "TBB* -DWITH_TBB");
  CHECK(findings(of_cmake(build)) == "TBB -DBUILD_TBB");
}

TEST_CASE("an optimized library is one of the system", "[one-thread]") {
  const auto found = of_cmake("option(USE_OPTIMIZED_BLAS \"\" OFF)\n");
  CHECK(findings(found) == "BLAS -DUSE_OPTIMIZED_BLAS");
  CHECK(found.internal->name == "BLAS");
}

TEST_CASE("a library that is required where the host lacks another one is a finding, and no default", "[one-thread]") {
  const std::string other = "find_package(MKL)\nif(NOT MKL_FOUND)\n  find_package(BLAS REQUIRED)\nendif()\n";
  CHECK(findings(of_cmake(other)) == "MKL* , BLAS ");
  CHECK(of_cmake(other).findings.back().condition == "NOT MKL_FOUND");
  CHECK(findings(of_cmake("option(DEMO_X \"\" ON)\nif(NOT DEMO_X)\n" + other + "endif()\n")) == "MKL , BLAS ");
}

TEST_CASE("a deprecated option stands for the one that takes its place", "[one-thread]") {
  const auto found = of_cmake(
      "function(moved old new)\n  if(${old})\n    message(WARNING \"${old} is deprecated\")\n    set(${new} ON "
      "PARENT_SCOPE)\n"
      "  endif()\nendfunction()\noption(NEW_MPI \"\" OFF)\noption(NEW_OPENMP \"\" OFF)\nmoved(OLD_CUDA NEW_CUDA)\n");
  CHECK(findings(found) == "CUDA -DNEW_CUDA, MPI -DNEW_MPI, OpenMP -DNEW_OPENMP");
  CHECK(default_of(found, "OLD_CUDA") == "-");
}

TEST_CASE("options of other projects in the source and of tests are not the project's own", "[one-thread]") {
  const auto found = discovery_of({{"CMakeLists.txt", "project(demo)\nadd_subdirectory(external/x)\n"},
                                   {"external/x/CMakeLists.txt", "option(X_CUDA \"\" ON)\n"}});
  CHECK(findings(found).empty());
  CHECK(default_of(found, "X_CUDA") == "ON");
}

TEST_CASE("a project's own module for a package is the package", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_A \"\" OFF)\noption(DEMO_B \"\" OFF)\nfind_package(DemoFFTW REQUIRED)\n"
                          "find_package(Lapack REQUIRED)\ninclude(DEMO_FindOpenMP)\n")) ==
        "OpenMP* , LAPACK* , FFTW* ");
}

TEST_CASE("a library is a default where the build requires it unless an option says otherwise", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_MKL \"\" OFF)\nif(DEMO_MKL)\n  find_package(MKL REQUIRED)\nelse()\n"
                          "  find_package(LAPACK REQUIRED)\nendif()\n")) == "MKL -DDEMO_MKL, LAPACK* ");
}

TEST_CASE("a programming model behind several options, or where one is off, is a finding without a flag",
          "[one-thread]") {
  CHECK(
      findings(of_cmake(
          "option(DEMO_A \"\" OFF)\noption(DEMO_B \"\" OFF)\nif(DEMO_A)\nelse()\n"
          "  find_package(OpenMP REQUIRED)\nendif()\nif(DEMO_A AND NOT DEMO_B)\n"
          "  find_package(TBB)\nendif()\nfind_package(Other)\nif(NOT Other_FOUND)\n  find_package(MPI)\nendif()\n")) ==
      "OpenMP* , TBB ");
}

TEST_CASE("a switch that builds a part is not the way to ask for a model that the part needs", "[one-thread]") {
  CHECK(findings(of_cmake("option(BUILD_FORTRAN \"\" ON)\nif(BUILD_FORTRAN)\n  find_package(MPI)\nendif()\n")) ==
        "MPI* ");
  CHECK(findings(of_cmake("option(BUILD_PARALLEL \"\" ON)\nif(BUILD_PARALLEL)\n  find_package(MPI)\nendif()\n")) ==
        "MPI* -DBUILD_PARALLEL");
}

TEST_CASE("a library behind several options is a finding without a flag", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_A \"\" OFF)\noption(DEMO_B \"\" OFF)\nset(DEMO_C x CACHE STRING \"\")\n"
                          "if(DEMO_A OR DEMO_B)\n  find_package(BLAS)\nendif()\n"
                          "if(DEMO_C STREQUAL y)\n  find_package(LAPACK)\nendif()\n")) == "BLAS ");
}

TEST_CASE("what a build looks for on other systems only is no finding", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_MAC \"\" ON)\nif(APPLE AND DEMO_MAC)\n  find_package(OpenBLAS)\nendif()\n"
                          "if(NOT APPLE)\n  find_package(MPI REQUIRED)\nendif()\n")) == "MPI* ");
}

TEST_CASE("options about tests and documents tell nothing of what is built", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_TEST_SSE2 \"\" OFF)\noption(DEMO_TEST_AVX \"\" OFF)\n"
                          "option(DEMO_EXAMPLES_MPI \"\" OFF)\noption(DEMO_CUDA \"\" OFF)\n")) == "CUDA -DDEMO_CUDA");
}

TEST_CASE("a family is one of instruction sets if half of its members are some", "[one-thread]") {
  std::string options;
  for (const char* cpu : {"AVX2", "SSE2", "HSW", "SNB", "ZEN4"})
    options += std::string("option(DEMO_ARCH_") + cpu + " \"\" OFF)\n";
  CHECK(findings(of_cmake(options)) == "AVX2 -DDEMO_ARCH_AVX2, SSE2 -DDEMO_ARCH_SSE2");
}

TEST_CASE("a member of a family that is something else is not an instruction set", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_USE_V4_SSE \"\" OFF)\noption(DEMO_USE_V4_AVX \"\" OFF)\n"
                          "option(DEMO_USE_V4_OPENMP \"\" OFF)\n")) == "SSE -DDEMO_USE_V4_SSE, AVX -DDEMO_USE_V4_AVX");
}

TEST_CASE("a device is a GPU only if the help says so", "[one-thread]") {
  const auto network = of_cmake("set(DEMO_DEVICE ch4 CACHE STRING \"communication device\")\n");
  CHECK(network.gpu_flag.empty());
  CHECK(of_cmake("option(DEMO_DEVICE \"build for the GPU\" OFF)\n").gpu_flag == "-DDEMO_DEVICE");
}

TEST_CASE("a choice of processes says nothing of threads", "[one-thread]") {
  CHECK(findings(of_cmake("set(DEMO_COMMS none CACHE STRING \"\")\n"
                          "set_property(CACHE DEMO_COMMS PROPERTY STRINGS none mpi)\noption(DEMO_OPENMP \"\" ON)\n"
                          "set(DEMO_SOLVER_THREADS OPENMP CACHE STRING \"\")\n"
                          "set_property(CACHE DEMO_SOLVER_THREADS PROPERTY STRINGS OPENMP PTHREAD)\n")) ==
        "mpi -DDEMO_COMMS=mpi, OpenMP* -DDEMO_OPENMP");
}

TEST_CASE("a library of a GPU is a default only with the GPU", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_CUDA \"\" OFF)\noption(DEMO_CUSOLVER \"\" ON)\n")) ==
        "CUDA -DDEMO_CUDA, cuSOLVER -DDEMO_CUSOLVER");
  CHECK(findings(of_cmake("option(DEMO_CUDA \"\" ON)\noption(DEMO_CUSOLVER \"\" ON)\n")) ==
        "CUDA* -DDEMO_CUDA, cuSOLVER* -DDEMO_CUSOLVER");
}

TEST_CASE("a back end is a default only where a switch for all GPUs is on", "[one-thread]") {
  const std::string platform =
      "set(DEMO_PLATFORM CUDA CACHE STRING \"\")\nset_property(CACHE DEMO_PLATFORM PROPERTY STRINGS CUDA HIP)\n";
  CHECK(findings(of_cmake("option(DEMO_GPU \"\" OFF)\n" + platform)) ==
        "CUDA -DDEMO_PLATFORM=CUDA, HIP -DDEMO_PLATFORM=HIP");
  CHECK(findings(of_cmake("option(DEMO_GPU \"\" ON)\n" + platform)) ==
        "CUDA* -DDEMO_PLATFORM=CUDA, HIP -DDEMO_PLATFORM=HIP");
}

TEST_CASE("what follows from other options is no switch for all GPUs", "[one-thread]") {
  CHECK(of_cmake("option(DEMO_CUDA \"\" OFF)\nif(DEMO_CUDA)\n  set(DEMO_GPU TRUE CACHE BOOL \"\")\nelse()\n"
                 "  set(DEMO_GPU FALSE CACHE BOOL \"\")\nendif()\n")
            .gpu_flag.empty());
}

TEST_CASE("a choice of GPUs also tells of threads, if no option is about them", "[one-thread]") {
  const std::string compute =
      "set(DEMO_COMPUTE OMP CACHE STRING \"\")\nset_property(CACHE DEMO_COMPUTE PROPERTY STRINGS NOACC OMP CUDA HIP)\n";
  CHECK(findings(of_cmake(compute)) == "CUDA -DDEMO_COMPUTE=CUDA, HIP -DDEMO_COMPUTE=HIP, OpenMP* -DDEMO_COMPUTE=OMP");
  CHECK(findings(of_cmake(compute + "option(DEMO_OPENMP \"\" OFF)\n")) ==
        "CUDA -DDEMO_COMPUTE=CUDA, HIP -DDEMO_COMPUTE=HIP, OpenMP -DDEMO_OPENMP");
}

TEST_CASE("modules that are all called after one word find what is behind it", "[one-thread]") {
  const std::string two = "find_package(CustomBlas REQUIRED)\nfind_package(CustomLapack REQUIRED)\n";
  CHECK(findings(of_cmake(two)).empty());
  CHECK(findings(of_cmake(two + "find_package(CustomThing)\n")) == "BLAS* , LAPACK* ");
}

TEST_CASE("a model behind several switches has the flag of the one that says so", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_GPU \"\" OFF)\noption(DEMO_X \"\" OFF)\nif(DEMO_X)\n  if(DEMO_GPU)\n"
                          "    find_package(CUDAToolkit REQUIRED)\n  endif()\nendif()\n")) == "CUDA -DDEMO_GPU");
  CHECK(findings(of_cmake("option(DEMO_CUDA \"\" OFF)\noption(DEMO_SPREAD \"Use NCCL and MPI\" OFF)\nif(DEMO_CUDA)\n"
                          "  if(DEMO_SPREAD)\n    find_package(MPI REQUIRED)\n  endif()\nendif()\n")) ==
        "CUDA -DDEMO_CUDA, MPI -DDEMO_SPREAD");
}

TEST_CASE("a model behind several switches in one condition has the flag of the one that says so", "[one-thread]") {
  const std::string options = "option(DEMO_GPU \"\" OFF)\noption(DEMO_X \"\" OFF)\n";
  const std::string package = "  find_package(CUDAToolkit REQUIRED)\nendif()\n";
  CHECK(findings(of_cmake(options + "if(DEMO_GPU AND NOT DEMO_X)\n" + package)) == "CUDA -DDEMO_GPU");
  CHECK(findings(of_cmake(options + "if(DEMO_X AND NOT DEMO_GPU)\n" + package)) == "CUDA ");
  CHECK(findings(of_cmake(options + "if(DEMO_GPU OR DEMO_X)\n" + package)) == "CUDA ");
}

TEST_CASE("what a build takes for Fourier transforms has the flag of the switch for them", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_FFT \"\" OFF)\noption(PART_FFT \"\" OFF)\nset(DEMO_KIND a CACHE STRING \"\")\n"
                          "if(PART_FFT)\n  if(DEMO_KIND STREQUAL a)\n    target_link_libraries(x CUDA::cufft)\n"
                          "  else()\n    find_package(FFTW3 REQUIRED)\n  endif()\nendif()\n"
                          "target_link_libraries(x CUDA::cublas)\n")) == "FFTW -DDEMO_FFT, cuFFT -DDEMO_FFT");
}

TEST_CASE("an option without a word in its name is about nothing", "[one-thread]") {
  const std::string declared = "option(_ \"x\" OFF)\nset(DEMO_KIND a CACHE STRING \"\")\nif(_)\n";
  CHECK(findings(of_cmake(declared + "  find_package(FFTW3 REQUIRED)\nendif()\n")) == "FFTW -D_");
  CHECK(findings(
            of_cmake(declared + "  if(DEMO_KIND STREQUAL a)\n    find_package(FFTW3 REQUIRED)\n  endif()\nendif()\n"))
            .empty());
}

TEST_CASE("a library that is always linked with is a finding, if it is not the project itself", "[one-thread]") {
  CHECK(findings(of_cmake("target_link_libraries(x PRIVATE lapack ${CMAKE_DL_LIBS})\n")) == "LAPACK* ");
  CHECK(findings(discovery_of({{"CMakeLists.txt",
                                "project(slate)\ntarget_link_libraries(x slate)\nfind_package(slate REQUIRED)\n"}}))
            .empty());
}

TEST_CASE("libraries for linear algebra behind a switch for BLAS are findings", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_BLAS \"\" OFF)\nset(DEMO_KIND a CACHE STRING \"\")\nif(DEMO_BLAS)\n"
                          "  if(DEMO_KIND STREQUAL b)\n    find_package(rocblas REQUIRED)\n  endif()\nendif()\n")) ==
        "BLAS -DDEMO_BLAS, rocBLAS ");
}

TEST_CASE("BLAS where a switch for one library of it is on is that library", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_ACCELERATE \"\" OFF)\nif(DEMO_ACCELERATE)\n  find_package(BLAS)\nendif()\n")) ==
        "Accelerate -DDEMO_ACCELERATE");
}

TEST_CASE("an option that is called after a GPU's library may stand for the GPU", "[one-thread]") {
  const std::string option = "option(DEMO_HIPBLAS \"demo: rocm backend\" OFF)\n";
  CHECK(findings(of_cmake(option)) == "HIP -DDEMO_HIPBLAS");
  CHECK(findings(of_cmake(option + "option(DEMO_HIP \"\" OFF)\n")) == "HIP -DDEMO_HIP, hipBLAS -DDEMO_HIPBLAS");
  CHECK(findings(of_cmake("option(DEMO_CL_GPU \"\" OFF)\n")) == "OpenCL -DDEMO_CL_GPU");
}

TEST_CASE("two libraries in a name are both meant only if they are interfaces", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_SLATE_SCALAPACK \"\" OFF)\n")).empty());
}

TEST_CASE("a choice of instruction sets of one part leaves options for others", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_SSE2 \"\" OFF)\noption(DEMO_AVX \"\" OFF)\nset(DEMO_PART_ISA x CACHE STRING "
                          "\"\")\nset_property(CACHE DEMO_PART_ISA PROPERTY STRINGS AVX AVX512)\n")) ==
        "AVX -DDEMO_PART_ISA=AVX, AVX512 -DDEMO_PART_ISA=AVX512, SSE2 -DDEMO_SSE2");
}

TEST_CASE("a macro that a comment of a makefile explains is a finding, and no default", "[one-thread]") {
  CHECK(findings(discovery_of(
            {{"Makefile", "# -DHAVE_MPI   for MPI\n#  -DHAVE_CUDA\n#CXXFLAGS = -fopenmp\nF = -DHAVE_MPI\n"}})) ==
        "CUDA -DHAVE_CUDA, MPI* -DHAVE_MPI");
}

TEST_CASE("a library of a GPU is no finding of its own unless something is about it", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_HIP \"\" OFF)\nif(DEMO_HIP)\n  find_package(hip REQUIRED)\n"
                          "  find_package(hipblas REQUIRED)\nendif()\n")) == "HIP -DDEMO_HIP");
  CHECK(findings(of_cmake("find_package(hip REQUIRED)\nfind_package(rocblas REQUIRED)\n")) == "HIP* , rocBLAS* ");
}

TEST_CASE("the help of an option may name a library for Fourier transforms", "[one-thread]") {
  CHECK(
      findings(of_cmake("option(DEMO_CUDA \"Enable the CUDA and cuFFT backend\" OFF)\n"
                        "option(DEMO_MKL \"Intel MKL for LAPACK & FFTW\" OFF)\noption(DEMO_MPI \"no cuFFT\" OFF)\n")) ==
      "CUDA -DDEMO_CUDA, MPI -DDEMO_MPI, MKL -DDEMO_MKL, cuFFT -DDEMO_CUDA, MKL -DDEMO_MKL");
}

TEST_CASE("a switch for SIMD counts where no instruction set is named", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_USE_SIMD \"\" OFF)\n")) == "SIMD -DDEMO_USE_SIMD");
  CHECK(findings(of_cmake("option(DEMO_USE_SIMD \"\" OFF)\noption(DEMO_AVX2 \"\" OFF)\n")) == "AVX2 -DDEMO_AVX2");
}

TEST_CASE("OpenMP in a choice of GPUs is that of the directive target", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_OMP \"\" ON)\nset(DEMO_GPU \"\" CACHE STRING \"\")\n"
                          "set_property(CACHE DEMO_GPU PROPERTY STRINGS openmp cuda hip)\n")) ==
        "cuda -DDEMO_GPU=cuda, hip -DDEMO_GPU=hip, OpenMP* -DDEMO_OMP, OpenMP_offload -DDEMO_GPU=openmp");
}

TEST_CASE("a variable without a declaration counts beside options that begin alike", "[one-thread]") {
  const std::string asked = "if(ENABLE_CUDA)\nendif()\n";
  CHECK(findings(of_cmake(asked + "option(DEMO_DOCS \"\" OFF)\n")).empty());
  CHECK(findings(of_cmake(asked + "option(ENABLE_CALIPER \"\" OFF)\n")) == "CUDA -DENABLE_CUDA");
}

TEST_CASE("a text whose help names terms is a choice of them, if its name says so", "[one-thread]") {
  CHECK(findings(of_cmake("set(DEMO_CPU_ISA ALL CACHE STRING \"One of SSE2, AVX2 and AVX512.\")\n")) ==
        "ALL* -DDEMO_CPU_ISA=ALL, SSE2 -DDEMO_CPU_ISA=SSE2, AVX2 -DDEMO_CPU_ISA=AVX2, AVX512 -DDEMO_CPU_ISA=AVX512");
  CHECK(findings(of_cmake("set(DEMO_BLAS_KIND NONE CACHE STRING \"external BLAS: MKL or ARMPL\")\n")) ==
        "MKL -DDEMO_BLAS_KIND=MKL, ARMPL -DDEMO_BLAS_KIND=ARMPL");
  CHECK(findings(of_cmake("set(DEMO_BLAS_LIBS \"\" CACHE STRING \"MKL or ARMPL\")\n"
                          "set(DEMO_KIND \"\" CACHE STRING \"SSE2, AVX2\")\n"))
            .empty());
}

TEST_CASE("a choice for CPUs is one of parallel programming, and one of vendors none of back ends", "[one-thread]") {
  CHECK(findings(of_cmake(
            "set(DEMO_CPU_RUNTIME OMP CACHE STRING \"\")\nif(NOT DEMO_CPU_RUNTIME MATCHES \"^(OMP|TBB|SYCL)$\")\n"
            "endif()\nset(DEMO_GPU_RUNTIME NONE CACHE STRING \"\")\nset(known NONE OCL DPCPP SYCL)\n"
            "if(NOT DEMO_GPU_RUNTIME IN_LIST known)\nendif()\nset(DEMO_GPU_VENDOR NONE CACHE STRING \"\")\n"
            "if(DEMO_GPU_VENDOR STREQUAL NVIDIA)\nendif()\n")) ==
        "OpenCL -DDEMO_GPU_RUNTIME=OCL, SYCL -DDEMO_GPU_RUNTIME=SYCL, OpenMP* -DDEMO_CPU_RUNTIME=OMP, TBB "
        "-DDEMO_CPU_RUNTIME=TBB");
}

TEST_CASE("a text that is on or off by default is a switch", "[one-thread]") {
  CHECK(findings(of_cmake("set(with-mpi OFF CACHE STRING \"\")\nset(with-openmp \"\" CACHE STRING \"\")\n")) ==
        "MPI -Dwith-mpi");
}

TEST_CASE("the help of a switch for GPUs may name the models", "[one-thread]") {
  const std::string gpu = "option(DEMO_GPU \"Enable GPU support using OpenACC or OpenMP\" OFF)\n";
  CHECK(findings(of_cmake(gpu)) == "OpenACC -DDEMO_GPU");
  CHECK(findings(of_cmake(gpu + "option(DEMO_OPENACC \"\" OFF)\n")) == "OpenACC -DDEMO_OPENACC");
}

TEST_CASE("GPUs among the values of a choice for linear algebra are back ends", "[one-thread]") {
  CHECK(findings(of_cmake("set(DEMO_BLAS auto CACHE STRING \"\")\n"
                          "set_property(CACHE DEMO_BLAS PROPERTY STRINGS auto MKL ATLAS CUDA ROCM)\n")) ==
        "CUDA -DDEMO_BLAS=CUDA, ROCM -DDEMO_BLAS=ROCM, MKL -DDEMO_BLAS=MKL, ATLAS -DDEMO_BLAS=ATLAS");
}

TEST_CASE("two instruction sets in a name are both meant", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_ENABLE_SSE_AND_AVX_FLAGS \"\" ON)\n")) ==
        "SSE* -DDEMO_ENABLE_SSE_AND_AVX_FLAGS, AVX* -DDEMO_ENABLE_SSE_AND_AVX_FLAGS");
}

TEST_CASE("a library that the build looks for while all switches have their defaults is a default", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_LOCAL \"\" OFF)\nif(DEMO_LOCAL)\nelse()\n  find_package(LAPACK)\nendif()\n")) ==
        "LAPACK* ");
}

TEST_CASE("a programming model is no library that comes with a project", "[one-thread]") {
  CHECK(!of_cmake("option(DEMO_OPENMP_FETCH \"\" OFF)\n").internal);
}

TEST_CASE("an option against a library says the same of all for which its help names the library", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_NO_MKL \"Do not use MKL for LAPACK and FFTW\" OFF)\n")) ==
        "MKL* -DDEMO_NO_MKL=OFF, MKL* -DDEMO_NO_MKL=OFF");
}

TEST_CASE("the help of a text makes a choice only where the name is about it, and not against it", "[one-thread]") {
  for (const std::string name : {"DEMO_DISABLE_SIMD", "DEMO_DISABLED_PARTS"}) {
    INFO(name);
    CHECK(findings(of_cmake("set(" + name + " \"\" CACHE STRING \"leave out SSE2 or AVX2\")\n")).empty());
  }
  CHECK(findings(of_cmake("set(DEMO_ISA \"\" CACHE STRING \"SSE2 or AVX2\")\n")) ==
        "SSE2 -DDEMO_ISA=SSE2, AVX2 -DDEMO_ISA=AVX2");
}

TEST_CASE("a switch for threads stands for the one model that its help names", "[one-thread]") {
  const std::string threads = "option(DEMO_MULTITHREADING \"threads using OpenMP\" ON)\n";
  CHECK(findings(of_cmake(threads)) == "OpenMP* -DDEMO_MULTITHREADING");
  CHECK(findings(of_cmake(threads + "option(DEMO_OPENMP \"\" OFF)\n")) ==
        "Threads* -DDEMO_MULTITHREADING, OpenMP -DDEMO_OPENMP");
  CHECK(findings(of_cmake("option(DEMO_THREADS \"OpenMP or TBB\" ON)\n")) == "Threads* -DDEMO_THREADS");
}

TEST_CASE("a library may be named with what it is for, or with who made it", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_MKLFFT \"\" OFF)\noption(DEMO_AMDFFTW \"\" OFF)\n"
                          "option(DEMO_BLAS_OPENBLAS \"\" OFF)\noption(DEMO_FFTMPI \"\" OFF)\n")) ==
        "OpenBLAS -DDEMO_BLAS_OPENBLAS, MKL -DDEMO_MKLFFT, AMDFFTW -DDEMO_AMDFFTW");
}

TEST_CASE("a library that only tests use does not come with the project, and one comes with it only where that is on",
          "[one-thread]") {
  CHECK(!of_cmake("option(DOWNLOAD_CATCH2 \"\" ON)\nfind_package(Catch2)\n").internal);
  CHECK(of_cmake("option(DEMO_OWN_FFTW \"\" ON)\n").findings.front().is_built_in);
  CHECK(!of_cmake("option(DEMO_OWN_FFTW \"\" OFF)\n").findings.front().is_built_in);
}

}  // namespace
