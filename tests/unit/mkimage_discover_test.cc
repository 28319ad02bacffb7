// `mkxaas discover`: one rule a test, on small projects.
#include <catch2/catch.hpp>
#include <map>

#include "format/base/file.h"
#include "mkimage/discover/discover.h"
#include "mkimage/discover/discovery_text.h"
#include "mkimage/plan/configuration_plan.h"

namespace {

using Files = std::map<std::string, std::string>;

xaas::TempDirectory project_of(const Files& files) {
  auto directory = xaas::TempDirectory::create("/tmp").value();
  for (const auto& [name, text] : files) {
    std::filesystem::create_directories((directory.path() / name).parent_path());
    REQUIRE(xaas::write_file(directory.path() / name, text));
  }
  return directory;
}

xaas::Discovery discovery_of(const Files& files) {
  const auto directory = project_of(files);
  return xaas::discover({.source = directory.path()}).value();
}

xaas::Discovery of_cmake(const std::string& text) {
  return discovery_of({{"CMakeLists.txt", "cmake_minimum_required(VERSION 3.20)\nproject(demo C)\n" + text}});
}

// "name default flag" of each finding, in their order.
std::string findings(const xaas::Discovery& discovery) {
  std::string text;
  for (const xaas::Finding& finding : discovery.findings) {
    text += (text.empty() ? "" : ", ") + finding.name + (finding.is_default ? "* " : " ") + finding.flag;
  }
  return text;
}

// "default" of a point, "?" if it depends on the host, "-" if there is no such point, "!" in front if it is not
// offered.
std::string default_of(const xaas::Discovery& discovery, const std::string& name) {
  const xaas::BuildPoint* point = xaas::find_point(discovery.build, name);
  if (point == nullptr) return "-";
  return (point->is_offered ? "" : "!") + point->default_value.value_or("?");
}

std::string values_of(const xaas::Discovery& discovery, const std::string& name) {
  std::string text;
  for (const xaas::BuildValue& value : xaas::find_point(discovery.build, name)->values) text += value.value + " ";
  return text;
}

// What mkxaas makes of the recipe file that is written for a project.
std::vector<xaas::PlannedConfiguration> plan_of(const Files& files) {
  const auto directory = project_of(files);
  const std::filesystem::path file = directory.path() / "out.toml";
  REQUIRE(xaas::run_discover({.source = directory.path(), .recipe = file}));
  return xaas::plan_configurations(xaas::load_recipe_file(file).value(), {}).value();
}

std::string names_of(const std::vector<xaas::PlannedConfiguration>& plan) {
  std::string text;
  for (const xaas::PlannedConfiguration& one : plan) text += (text.empty() ? "" : " ") + one.name;
  return text;
}

}  // namespace

TEST_CASE("CMake: options and cache variables are points with their defaults and places", "[one-thread]") {
  const auto found = of_cmake(
      "option(DEMO_A \"a\" ON)\noption(DEMO_B \"b\")\nset(DEMO_C 4 CACHE STRING \"c\")\n"
      "set(DEMO_D x CACHE INTERNAL \"d\")\nset_property(CACHE DEMO_C PROPERTY STRINGS 2 4 8)\n");
  CHECK(default_of(found, "DEMO_A") == "ON");
  CHECK(default_of(found, "DEMO_B") == "OFF");
  CHECK(default_of(found, "DEMO_C") == "4");
  CHECK(values_of(found, "DEMO_C") == "2 4 8 ");
  CHECK(default_of(found, "DEMO_D") == "-");
  CHECK(xaas::find_point(found.build, "DEMO_A")->places.front() == xaas::BuildPlace{"CMakeLists.txt", 3});
  CHECK(found.build.minimum_version == "3.20");
}

TEST_CASE("CMake: conditions are decided by defaults, and what is not offered says when it is", "[one-thread]") {
  const auto found = of_cmake(
      "option(DEMO_GPU \"\" OFF)\nif(DEMO_GPU)\n  option(DEMO_FAST \"\" ON)\nelse()\n  option(DEMO_SLOW \"\" "
      "ON)\nendif()\n"
      "if(WIN32 OR NOT UNIX)\n  set(D ON)\nelse()\n  set(D OFF)\nendif()\noption(DEMO_W \"\" ${D})\n"
      "include(CheckIncludeFile)\ncheck_include_file(x.h HAVE_X)\noption(DEMO_X \"\" ${HAVE_X})\n");
  CHECK(default_of(found, "DEMO_FAST") == "!ON");
  CHECK(xaas::find_point(found.build, "DEMO_FAST")->condition == "DEMO_GPU");
  CHECK(default_of(found, "DEMO_SLOW") == "ON");
  CHECK(default_of(found, "DEMO_W") == "OFF");
  CHECK(default_of(found, "DEMO_X") == "?");
}

TEST_CASE("CMake: where the host decides, a variable is known if both ways agree", "[one-thread]") {
  const auto found = of_cmake(
      "find_package(Foo)\nif(Foo_FOUND)\n  set(SAME 1)\n  set(OTHER 1)\nelse()\n  set(SAME 1)\n  set(OTHER "
      "2)\nendif()\n"
      "set(DEMO_S ${SAME} CACHE STRING \"\")\nset(DEMO_O ${OTHER} CACHE STRING \"\")\n"
      "if(Foo_FOUND)\n  option(DEMO_F \"\" ON)\n  option(DEMO_P \"\" ON)\nelse()\n  option(DEMO_F \"\" OFF)\nendif()\n"
      "set(DEMO_D ${CMAKE_SOURCE_DIR}/x CACHE PATH \"\")\n");
  CHECK(default_of(found, "DEMO_F") == "?");
  CHECK(default_of(found, "DEMO_P") == "ON");
  CHECK(default_of(found, "DEMO_D") == "?");
  CHECK(default_of(found, "DEMO_S") == "1");
  CHECK(default_of(found, "DEMO_O") == "?");
}

TEST_CASE("CMake: the compiler is GCC, by each way to ask for it", "[one-thread]") {
  const auto found = of_cmake(
      "if(CMAKE_COMPILER_IS_GNUCC)\n  option(DEMO_OLD \"\" ON)\nendif()\n"
      "if(CMAKE_C_COMPILER_ID STREQUAL GNU)\n  option(DEMO_NEW \"\" ON)\nendif()\n");
  CHECK(default_of(found, "DEMO_OLD") == "ON");
  CHECK(default_of(found, "DEMO_NEW") == "ON");
}

TEST_CASE("CMake: the parts of a project's version are variables", "[one-thread]") {
  const auto found =
      discovery_of({{"CMakeLists.txt",
                     "project(demo VERSION 3.14.5)\n"
                     "set(DEMO_OWN \"${demo_VERSION_MAJOR}_${PROJECT_VERSION_MINOR}\" CACHE STRING \"\")\n"
                     "set(DEMO_TOP \"${CMAKE_PROJECT_VERSION_PATCH}.${demo_VERSION_TWEAK}\" CACHE STRING \"\")\n"
                     "execute_process(COMMAND x OUTPUT_VARIABLE v)\nproject(other VERSION ${v})\n"
                     "set(DEMO_UNKNOWN \"${other_VERSION_MAJOR}\" CACHE STRING \"\")\n"}});
  CHECK(default_of(found, "DEMO_OWN") == "3_14");
  CHECK(default_of(found, "DEMO_TOP") == "5.");
  CHECK(default_of(found, "DEMO_UNKNOWN") == "?");
}

TEST_CASE("CMake: files of the source that file(GLOB) finds are known, in their order", "[one-thread]") {
  const auto found = discovery_of(
      {{"CMakeLists.txt",
        "project(demo)\nfile(GLOB parts cmake/part_*.cmake)\nforeach(part ${parts})\n  include(${part})\nendforeach()\n"
        "file(GLOB names RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/modules CONFIGURE_DEPENDS modules/*/CMakeLists.txt)\n"
        "set(DEMO_NAMES \"${names}\" CACHE STRING \"\")\n"
        "file(GLOB outside /usr/*)\nset(DEMO_OUTSIDE \"${outside}\" CACHE STRING \"\")\n"
        "file(GLOB nothing *.none)\nset(DEMO_NOTHING \"${nothing}\" CACHE STRING \"\")\n"},
       {"cmake/part_b.cmake", "option(DEMO_LATE \"\" ${DEMO_EARLY})\n"},
       {"cmake/part_a.cmake", "option(DEMO_EARLY \"\" ON)\n"},
       {"cmake/other.cmake", "option(DEMO_OTHER \"\" ON)\n"},
       {"modules/two/CMakeLists.txt", ""},
       {"modules/one/CMakeLists.txt", ""}});
  CHECK(default_of(found, "DEMO_LATE") == "ON");
  CHECK(default_of(found, "DEMO_OTHER") == "-");
  CHECK(default_of(found, "DEMO_NAMES") == "one/CMakeLists.txt;two/CMakeLists.txt");
  CHECK(default_of(found, "DEMO_OUTSIDE") == "?");
  CHECK(default_of(found, "DEMO_NOTHING").empty());
}

TEST_CASE("CMake: functions, macros, loops, modules and directories are followed", "[one-thread]") {
  const auto found = discovery_of(
      {{"CMakeLists.txt",
        "project(demo)\nlist(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_SOURCE_DIR}/cmake)\ninclude(wrap)\n"
        "demo_choice(DEMO_KIND \"kind\" two one two \"three[slow]\")\nforeach(x A B)\n  "
        "demo_switch(${x})\nendforeach()\n"
        "add_subdirectory(part)\ninclude(there.cmake)\n"},
       {"cmake/wrap.cmake",
        "function(demo_choice name text default)\n  string(REPLACE \"[slow]\" \"\" values \"${ARGN}\")\n"
        "  set(${name} ${default} CACHE STRING \"${text}\")\n  set_property(CACHE ${name} PROPERTY STRINGS ${values})\n"
        "endfunction()\nmacro(demo_switch name)\n  option(DEMO_${name} \"\" ON)\nendmacro()\n"},
       {"part/CMakeLists.txt", "option(DEMO_PART \"\" ON)\n"},
       {"there.cmake", "option(DEMO_THERE \"\" ON)\n"}});
  CHECK(default_of(found, "DEMO_KIND") == "two");
  CHECK(values_of(found, "DEMO_KIND") == "one two three ");
  CHECK(xaas::find_point(found.build, "DEMO_KIND")->values.back().label == "three[slow]");
  CHECK(xaas::find_point(found.build, "DEMO_KIND")->places.front() == xaas::BuildPlace{"CMakeLists.txt", 4});
  for (const char* name : {"DEMO_A", "DEMO_B", "DEMO_PART", "DEMO_THERE"}) CHECK(default_of(found, name) == "ON");
}

TEST_CASE("CMake: a dependent option is offered under its condition", "[one-thread]") {
  const auto found = of_cmake(
      "include(CMakeDependentOption)\noption(DEMO_A \"\" ON)\ncmake_dependent_option(DEMO_B \"\" ON \"DEMO_A\" OFF)\n"
      "cmake_dependent_option(DEMO_C \"\" ON \"DEMO_A;NOT DEMO_B\" OFF)\n");
  CHECK(default_of(found, "DEMO_B") == "ON");
  CHECK(default_of(found, "DEMO_C") == "!ON");
  CHECK(xaas::find_point(found.build, "DEMO_C")->condition == "DEMO_A;NOT DEMO_B");
}

TEST_CASE("CMake: a normal variable wins over option() by the policy of that version", "[one-thread]") {
  CHECK(default_of(of_cmake("set(DEMO_A OFF)\noption(DEMO_A \"\" ON)\n"), "DEMO_A") == "!ON");
  CHECK(default_of(discovery_of({{"CMakeLists.txt",
                                  "cmake_minimum_required(VERSION 3.5)\nset(DEMO_A OFF)\n"
                                  "option(DEMO_A \"\" ON)\n"}}),
                   "DEMO_A") == "ON");
}

TEST_CASE("CMake: a command that is not in the source declares a choice if it has the shape of one", "[one-thread]") {
  const auto found = of_cmake(
      "other_option(DEMO_MPI \"use MPI\" ON)\nother_option(DEMO_OPENMP OFF \"use OpenMP\")\n"
      "other_multi_option(DEMO_GPU \"GPUs\" none none CUDA HIP)\nother_add_option(FEATURE SYCL DESCRIPTION \"x\" "
      "DEFAULT OFF)\n"
      "target_compile_options(demo \"a b\" ON)\n");
  CHECK(findings(found) == "CUDA -DDEMO_GPU=CUDA, HIP -DDEMO_GPU=HIP, MPI* -DDEMO_MPI, OpenMP -DDEMO_OPENMP");
  CHECK(default_of(found, "ENABLE_SYCL") == "OFF");
  CHECK(default_of(found, "demo") == "-");
}

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

TEST_CASE("an option with two libraries in its name is about both, and one of C++ bindings about neither",
          "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_BLAS_LAPACK \"\" ON)\n")) ==
        "BLAS* -DDEMO_BLAS_LAPACK, LAPACK* -DDEMO_BLAS_LAPACK");
  CHECK(findings(of_cmake("option(BLAS++ \"\" ON)\n")).empty());
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
  CHECK(findings(of_cmake("option(DEMO_X \"\" ON)\nif(NOT DEMO_X)\n" + other + "endif()\n")).empty());
}

TEST_CASE("CMake: a choice has the values of both ways between which the host decides", "[one-thread]") {
  const std::string choice = "set(DEMO_ISA A CACHE STRING \"\")\n";
  const std::string both =
      "try_compile(IS_ARM x y)\nif(IS_ARM)\n  set_property(CACHE DEMO_ISA PROPERTY STRINGS A N)\nelse()\n"
      "  set_property(CACHE DEMO_ISA PROPERTY STRINGS A S)\nendif()\n";
  CHECK(values_of(of_cmake(choice + both), "DEMO_ISA") == "A N S ");
  CHECK(values_of(of_cmake(choice + both + "set_property(CACHE DEMO_ISA PROPERTY STRINGS A Z)\n"), "DEMO_ISA") ==
        "A Z ");
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

TEST_CASE("CMake files that are wrong or endless give what can be found in bounded time", "[long]") {
  CHECK(default_of(of_cmake("option(DEMO_A \"\" ON)\nif(\n"), "DEMO_A") == "ON");
  CHECK(default_of(of_cmake("option(DEMO_A \"\" ON)\nset(x \"open\n"), "DEMO_A") == "ON");
  CHECK(default_of(of_cmake("endif()\noption(DEMO_A \"\" ON)\nif(X)\n"), "DEMO_A") == "ON");
  CHECK(default_of(of_cmake("function(f)\n  f()\nendfunction()\nf()\noption(DEMO_A \"\" ON)\n"), "DEMO_A") == "ON");
  CHECK(default_of(of_cmake("while(ON)\n  set(x \"${x}${x}y\")\nendwhile()\noption(DEMO_A \"\" ON)\n"), "DEMO_A") ==
        "ON");
  CHECK(default_of(of_cmake("include(CMakeLists.txt)\nadd_subdirectory(.)\noption(DEMO_A \"\" ON)\n"), "DEMO_A") ==
        "ON");
  CHECK(default_of(
            of_cmake("option(DEMO_A \"\" ON)\nstring(REGEX MATCH \"(a*)*b\" x \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\")\n"),
            "DEMO_A") == "ON");
  std::string deep;
  for (int i = 0; i < 20000; ++i) deep += "if(A)\n";
  CHECK_FALSE(of_cmake(deep).build.notes.empty());
  std::string wide = "set(a x)\n";
  for (int i = 0; i < 60; ++i)
    wide += "macro(m" + std::to_string(i + 1) + ")\nm" + std::to_string(i) + "()\nm" + std::to_string(i) +
            "()\nendmacro()\n";
  const auto bounded = of_cmake(wide + "m60()\n");
  REQUIRE_FALSE(bounded.build.notes.empty());
  CHECK(bounded.build.notes.front().find("run for too long") != std::string::npos);
}

TEST_CASE("a configure script's options have the defaults that its macros and help say", "[one-thread]") {
  const auto found = discovery_of(
      {{"configure.ac",
        "AC_INIT([demo], [1.0])\nm4_include([m4/own.m4])\ndnl AC_ARG_ENABLE([no])\nAC_PROG_CC\n"
        "AC_ARG_ENABLE([mpi], [AS_HELP_STRING([--disable-mpi], [no MPI])])\n"
        "AC_ARG_ENABLE(openmp, [AS_HELP_STRING([--enable-openmp], [use OpenMP])], [ok=$enableval], [ok=no])\n"
        "AC_ARG_WITH([fft], [AS_HELP_STRING([--with-fft=fftw|mkl], [which FFT])], [], [with_fft=fftw])\n"
        "OWN_SIMD([avx2])\nAX_LAPACK\nAC_SEARCH_LIBS([dgemm_], [blas])\nif test x = y; then\n  AC_CHECK_LIB([mpi], "
        "[x])\nfi\n"},
       {"m4/own.m4", "AC_DEFUN([OWN_SIMD], [AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [use $1])])])\n"}});
  CHECK(found.build.project == "demo");
  CHECK(findings(found) ==
        "MPI* --enable-mpi, OpenMP --enable-openmp, LAPACK --with-lapack, BLAS* , fftw* --with-fft=fftw, "
        "mkl --with-fft=mkl, AVX2 --enable-avx2");
}

TEST_CASE("configure.ac that never ends is read in bounded time", "[long]") {
  std::string open;
  for (int i = 0; i < 100000; ++i) open += "AC_ARG_ENABLE([";
  CHECK(discovery_of({{"configure.ac", open}}).findings.empty());
  const auto found = discovery_of({{"configure.ac",
                                    "AC_DEFUN([A], [B($1$1)B($1$1)])\nAC_DEFUN([B], [A([$1$1])A([$1$1])])\nA([x])\n"
                                    "AC_ARG_ENABLE([mpi], [--enable-mpi])\n"}});
  CHECK(findings(found) == "MPI --enable-mpi");
}

TEST_CASE("a configure script without configure.ac is read by its help", "[one-thread]") {
  CHECK(findings(discovery_of(
            {{"configure", "#!/bin/sh\ncat <<E\n  --enable-cuda   use CUDA\n  --without-mpi   no MPI\nE\n"}})) ==
        "CUDA --enable-cuda, MPI* --with-mpi");
}

TEST_CASE("Meson's options have their types, choices and defaults", "[one-thread]") {
  const auto found = discovery_of({{"meson.build",
                                    "project('demo', 'c', meson_version : '>= 0.60')\nif get_option('parallel')\n"
                                    "  mpi = dependency('mpi')\nendif\nblas = dependency('blas', required : true)\n"},
                                   {"meson_options.txt",
                                    "option('openmp', type : 'feature', value : 'disabled')\n# option('no')\n"
                                    "option('parallel', type : 'boolean', value : false)\n"
                                    "option('fft', type : 'combo', choices : ['fftw', 'kiss'], value : 'kiss')\n"}});
  CHECK(findings(found) == "OpenMP -Dopenmp, MPI -Dparallel=true, BLAS* , fftw -Dfft=fftw, kiss* -Dfft=kiss");
  CHECK(found.build.minimum_version == "0.60");
}

TEST_CASE("makefiles tell by the variables that they test, and by options of compilers", "[one-thread]") {
  const auto found =
      discovery_of({{"Makefile",
                     "CC ?= gcc\nUSE_CUDA ?= 0\nWANTFFTW =\nOMP ?= #true\nMODE ?= a\ninclude more.mk\nifeq ($(strip "
                     "${USE_CUDA}),1)\n"
                     "LIBS += -lcudart\nendif\nifeq ($(WANTFFTW),true)\nLIBS += -lfftw3\nendif\nifeq ($(OMP),true)\n"
                     "CFLAGS += -fopenmp\nendif\n"},
                    {"more.mk",
                     "ifeq ($(MODE),b)\nCFLAGS += -mavx2\nelse ifeq ($(MODE),c)\nCFLAGS += -mavx512f\nendif\nall: ; "
                     "make -march=native\n"}});
  CHECK(findings(found) == "CUDA USE_CUDA=1, OpenMP -fopenmp, FFTW WANTFFTW=true, AVX2 -mavx2, AVX512 -mavx512f");
  CHECK(default_of(found, "MODE") == "a");
  CHECK(values_of(found, "MODE") == "b c ");
}

TEST_CASE("the options of a bundle of CMake projects are its points", "[one-thread]") {
  const auto found = discovery_of(
      {{"CMakeLists.txt", "project(demo)\n"},
       {"bundle.yml",
        "name : demo\nprojects :\n    - first :\n        git : x\n    - second :\n        git : y\noptions :\n"
        "    - with-gpu :\n        help : GPUs\n        cmake : ENABLE_GPU=ON\n    - with-second :\n"
        "        cmake : >\n            A=B\n            BUILD_second=ON\n    - without-openmp :\n"
        "        cmake : ENABLE_OMP=OFF\n    - level :\n        cmake : LEVEL={{value}}\n"}});
  CHECK(findings(found) == "OpenMP* --without-openmp");
  CHECK(found.gpu_flag == "--with-gpu");
  CHECK(found.internal->name == "second");
  CHECK(xaas::find_point(found.build, "level")->kind == xaas::PointKind::text);
}

TEST_CASE("a recipe file has the default of each point and the instruction sets, and the plan takes it",
          "[one-thread]") {
  const auto directory = project_of(
      {{"CMakeLists.txt",
        "project(demo)\noption(DEMO_MPI \"\" OFF)\noption(CC \"\" OFF)\nset(DEMO_SIMD AUTO CACHE STRING \"\")\n"
        "set_property(CACHE DEMO_SIMD PROPERTY STRINGS AUTO AVX2_256 AVX_512 ARM_SVE)\n"
        "set(DEMO_FFT \"own[x]\" CACHE STRING \"\")\nset_property(CACHE DEMO_FFT PROPERTY STRINGS \"own[x]\" "
        "FFTW)\n"}});
  const std::filesystem::path file = directory.path() / "out.toml";
  REQUIRE(xaas::run_discover({.source = directory.path(), .recipe = file}));
  const auto recipe = xaas::load_recipe_file(file).value();
  const auto plan = xaas::plan_configurations(recipe, {}).value();
  REQUIRE(plan.size() == 4);
  CHECK(plan[0].points == std::map<std::string, std::string>{{"DEMO_MPI", "OFF"}, {"DEMO_SIMD", "AVX2_256"}});
  CHECK(plan[1].rank == 1);
  CHECK(recipe.points[1].values[0].substitute == "-DDEMO_SIMD=AVX2_256");
  CHECK(recipe.points[1].values[0].requires_.features == std::vector<std::string>{"+avx2", "+fma"});
  CHECK(recipe.configure->ends_with(" $DEMO_MPI $DEMO_SIMD"));
  const auto again = xaas::run_discover({.source = directory.path(), .recipe = file});
  CHECK(again.error().message.find("there already") != std::string::npos);
}

TEST_CASE("a recipe file leaves to the host what no image can hold ready, with what the host needs", "[one-thread]") {
  const auto plan = plan_of({{"CMakeLists.txt",
                              "project(demo)\noption(DEMO_MPI \"\" OFF)\nset(DEMO_GPU OFF CACHE STRING \"\")\n"
                              "set_property(CACHE DEMO_GPU PROPERTY STRINGS OFF CUDA HIP OpenCL)\n"
                              "if(DEMO_MPI)\n  find_package(CUDAToolkit 11.0)\nendif()\n"
                              "if(DEMO_GPU STREQUAL CUDA)\n  find_package(CUDAToolkit 12.1)\nendif()\n"}});
  CHECK(names_of(plan) == "OFF+OFF OFF+CUDA OFF+HIP ON+OFF ON+CUDA ON+HIP");
  CHECK_FALSE(plan[0].on_host);
  CHECK(plan[1].rank == 100);
  CHECK(plan[1].on_host->tools == std::vector<std::string>{"nvcc>=12.1"});
  CHECK(plan[1].on_host->devices == std::vector<std::string>{"nvidia-gpu"});
  CHECK(plan[2].on_host->links == std::vector<std::string>{"libamdhip64.so"});
  CHECK(plan[3].on_host->tools == std::vector<std::string>{"mpicc"});
  CHECK(plan[3].on_host->links == std::vector<std::string>{"libmpi.so"});
  CHECK(plan[3].on_host->headers == std::vector<std::string>{"mpi.h"});
}

TEST_CASE("what the build does by default is built in the image, whatever it needs", "[one-thread]") {
  CHECK(names_of(plan_of({{"CMakeLists.txt", "project(demo)\noption(DEMO_MPI \"\" ON)\n"}})) == "ON");
}

TEST_CASE("a recipe file knows that a switch against something chooses it by no", "[one-thread]") {
  const auto off = plan_of({{"CMakeLists.txt", "project(demo)\noption(DEMO_NO_MPI \"\" ON)\n"}});
  CHECK(names_of(off) == "ON OFF");
  CHECK_FALSE(off[0].on_host);
  CHECK(off[1].on_host->tools == std::vector<std::string>{"mpicc"});
  CHECK(names_of(plan_of({{"CMakeLists.txt", "project(demo)\noption(DEMO_NO_MPI \"\" OFF)\n"}})) == "OFF");
}

TEST_CASE("of switches for several programming models for GPUs, a recipe file turns on one at a time", "[one-thread]") {
  CHECK(names_of(plan_of({{"CMakeLists.txt",
                           "project(demo)\noption(DEMO_CUDA \"\" OFF)\noption(DEMO_HIP \"\" OFF)\n"
                           "option(DEMO_MPI \"\" OFF)\n"}})) ==
        "OFF+OFF+OFF OFF+OFF+ON OFF+ON+OFF OFF+ON+ON ON+OFF+OFF ON+OFF+ON");
}

TEST_CASE("a recipe file leaves values to the host only as long as the combinations are not too many", "[one-thread]") {
  std::string text = "project(demo)\n";
  for (const char* kind : {"MPI", "CUDA", "CUBLAS", "CUFFT", "CUSOLVER", "ROCBLAS", "ROCFFT", "HIPFFT"}) {
    text += std::string("option(DEMO_") + kind + " \"\" OFF)\n";
  }
  CHECK(plan_of({{"CMakeLists.txt", text}}).size() == 128);
}

TEST_CASE("a source without build files, or that is none, is one line of error", "[one-thread]") {
  CHECK(xaas::discover({.source = project_of({{"x.c", ""}}).path()}).error().message.find("no CMakeLists.txt") !=
        std::string::npos);
  CHECK(xaas::discover({.source = "/nonexistent"}).error().code == xaas::Code::not_found);
}

TEST_CASE("files that lead out of the source are not read", "[one-thread]") {
  const auto outside = project_of({{"x.cmake", "option(DEMO_OUT \"\" ON)\n"}});
  const auto inside =
      project_of({{"CMakeLists.txt", "include(" + (outside.path() / "x.cmake").string() + ")\ninclude(../" +
                                         outside.path().filename().string() + "/x.cmake)\ninclude(link.cmake)\n"}});
  std::filesystem::create_symlink(outside.path() / "x.cmake", inside.path() / "link.cmake");
  CHECK(default_of(xaas::discover({.source = inside.path()}).value(), "DEMO_OUT") == "-");
}

TEST_CASE("the knowledge base is whole: words are used once, flags and vendors name terms, sources are given",
          "[one-thread]") {
  const xaas::Knowledge& knowledge = xaas::built_in_knowledge();
  std::map<std::string, int> uses;
  for (const xaas::KnownTerm& term : knowledge.terms) {
    CHECK_FALSE(term.source.empty());
    for (const std::string& word : term.words) CHECK(++uses[word] == 1);
  }
  for (const xaas::KnownFlag& flag : knowledge.flags) CHECK(knowledge.term(flag.term) != nullptr);
  for (const auto& [value, term] : knowledge.blas_vendors) CHECK(knowledge.term(term) != nullptr);
}
