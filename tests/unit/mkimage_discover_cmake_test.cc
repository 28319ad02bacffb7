// How `mkxaas discover` reads CMake: one rule a test, on small projects.
#include "mkimage/discover/cmake_math.h"
#include "tests/unit/mkimage_discover_support.h"

namespace {

using namespace xaas::test::discovery;  // NOLINT(google-build-using-namespace)

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

TEST_CASE("CMake: a choice has the values of both ways between which the host decides", "[one-thread]") {
  const std::string choice = "set(DEMO_ISA A CACHE STRING \"\")\n";
  const std::string both =
      "try_compile(IS_ARM x y)\nif(IS_ARM)\n  set_property(CACHE DEMO_ISA PROPERTY STRINGS A N)\nelse()\n"
      "  set_property(CACHE DEMO_ISA PROPERTY STRINGS A S)\nendif()\n";
  CHECK(values_of(of_cmake(choice + both), "DEMO_ISA") == "A N S ");
  CHECK(values_of(of_cmake(choice + both + "set_property(CACHE DEMO_ISA PROPERTY STRINGS A Z)\n"), "DEMO_ISA") ==
        "A Z ");
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

TEST_CASE("CMake: foreach counts in a range, and math computes expressions", "[one-thread]") {
  const auto found = of_cmake(
      "set(parts A cpu B gpu)\nlist(LENGTH parts length)\nmath(EXPR last \"${length}/2-1\")\n"
      "foreach(i RANGE ${last})\n  math(EXPR at \"${i}*(1+1)\")\n  math(EXPR behind \"${at} + 1\")\n"
      "  list(GET parts ${at} name)\n  list(GET parts ${behind} value)\n"
      "  set(DEMO_${name} ${value} CACHE STRING \"\")\nendforeach()\n"
      "foreach(i RANGE 2 6 2)\n  set(DEMO_${i} ${i} CACHE STRING \"\")\nendforeach()\n");
  CHECK(default_of(found, "DEMO_A") == "cpu");
  CHECK(default_of(found, "DEMO_B") == "gpu");
  CHECK(default_of(found, "DEMO_4") == "4");
  CHECK(default_of(found, "DEMO_6") == "6");
  CHECK(default_of(found, "DEMO_3") == "-");
}

TEST_CASE("CMake: what math cannot compute is unknown", "[one-thread]") {
  CHECK(xaas::integer_expression("2 + 3 * -(4 - 1) % 5") == -2);
  for (const char* text : {"1/0", "1%0", "2**3", "(1", "1)", "", "x", "1 2", "99999999999999999999",
                           "999999999999999*999999999999999", "1<<2"}) {
    INFO(text);
    CHECK_FALSE(xaas::integer_expression(text));
  }
  CHECK_FALSE(xaas::integer_expression(std::string(1000, '(') + "1" + std::string(1000, ')')));
}

TEST_CASE("CMake: a choice keeps the values that only some hosts have", "[one-thread]") {
  const auto found = of_cmake(
      "set(models THREADS OPENMP)\nfind_package(OpenMP QUIET)\nif(NOT OPENMP_FOUND)\n"
      "  list(REMOVE_ITEM models OPENMP)\nendif()\nset(DEMO_THREADING_MODEL THREADS CACHE STRING \"\")\n"
      "set_property(CACHE DEMO_THREADING_MODEL PROPERTY STRINGS ${models})\n");
  CHECK(values_of(found, "DEMO_THREADING_MODEL") == "THREADS OPENMP ");
  CHECK(findings(found) == "THREADS* -DDEMO_THREADING_MODEL=THREADS, OPENMP -DDEMO_THREADING_MODEL=OPENMP");
}

TEST_CASE("CMake: a choice keeps what some hosts take away under a condition of the user, around or within",
          "[one-thread]") {
  const std::string begin = "set(models THREADS OPENMP)\noption(DEMO_LEAN \"\" ON)\nfind_package(OpenMP QUIET)\n";
  const std::string end =
      "  list(REMOVE_ITEM models OPENMP)\nendif()\nendif()\nset(DEMO_THREADING_MODEL THREADS CACHE STRING \"\")\n"
      "set_property(CACHE DEMO_THREADING_MODEL PROPERTY STRINGS ${models})\n";
  for (const char* conditions : {"if(NOT OPENMP_FOUND)\nif(DEMO_LEAN)\n", "if(DEMO_LEAN)\nif(NOT OPENMP_FOUND)\n"}) {
    INFO(conditions);
    CHECK(values_of(of_cmake(begin + conditions + end), "DEMO_THREADING_MODEL") == "THREADS OPENMP ");
  }
  CHECK(values_of(of_cmake(begin + "if(DEMO_LEAN)\nif(TRUE)\n" + end), "DEMO_THREADING_MODEL") == "THREADS ");
}

TEST_CASE("CMake: a text has the values with which conditions compare it", "[one-thread]") {
  const auto found = of_cmake(
      "set(DEMO_GPU none CACHE STRING \"\")\nset(DEMO_NOTE \"a b\" CACHE STRING \"\")\n"
      "set(DEMO_FFT_VENDOR own CACHE STRING \"\")\n"
      "if(DEMO_GPU STREQUAL \"cuda\")\nelseif(\"${DEMO_GPU}\" STREQUAL hip)\nendif()\n"
      "if(DEMO_NOTE STREQUAL x)\nendif()\nif(DEMO_FFT_VENDOR STREQUAL FFTW3)\nendif()\n");
  CHECK(values_of(found, "DEMO_GPU") == "none cuda hip ");
  CHECK(values_of(found, "DEMO_NOTE").empty());
  CHECK(findings(found) == "cuda -DDEMO_GPU=cuda, hip -DDEMO_GPU=hip");
}

TEST_CASE("CMake: a variable without which the build ends is a choice that the user must make", "[one-thread]") {
  const auto found = of_cmake(
      "macro(add_model NAME)\nlist(APPEND MODELS ${NAME})\nendmacro()\nadd_model(serial)\nadd_model(cuda)\n"
      "add_model(hip)\nset(DEMO_HELP text)\n"
      "if(NOT DEFINED MODEL)\nmessage(FATAL_ERROR \"pick one\")\nelse()\nstring(TOLOWER ${MODEL} MODEL)\nendif()\n"
      "if(NOT MODEL IN_LIST MODELS)\nmessage(FATAL_ERROR \"unknown\")\nendif()\n"
      "if(NOT DEMO_HELP)\nmessage(FATAL_ERROR \"no help\")\nendif()\n"
      "find_library(DEMO_LIB demo)\nif(NOT DEMO_LIB)\nmessage(FATAL_ERROR \"no library\")\nendif()\n");
  CHECK(values_of(found, "MODEL") == "serial cuda hip ");
  CHECK(default_of(found, "MODEL") == "?");
  CHECK(findings(found) == "cuda -DMODEL=cuda, hip -DMODEL=hip");
  CHECK(default_of(found, "DEMO_HELP") == "-");
  CHECK(default_of(found, "DEMO_LIB") == "-");
}

TEST_CASE("CMake: a variable that has a value only if the user gives none is asked for", "[one-thread]") {
  const auto found = of_cmake(
      "option(enable_docs \"docs\" OFF)\nif(NOT DEFINED enable_openmp)\nset(enable_openmp TRUE)\nendif()\n"
      "if(enable_openmp)\nfind_package(OpenMP)\nendif()\n"
      "set(enable_mpi ON)\nif(NOT DEFINED enable_mpi)\nset(enable_mpi OFF)\nendif()\n");
  CHECK(findings(found) == "OpenMP* -Denable_openmp");
  CHECK(default_of(found, "enable_mpi") == "-");
}

TEST_CASE("CMake: what is forced into the cache is no choice unless it yields to the user", "[one-thread]") {
  const auto found = of_cmake(
      "if(DEMO_MKL_FOUND)\nset(DEMO_WITH_MKL_INTERNAL ON CACHE BOOL \"\" FORCE)\nendif()\n"
      "if(NOT DEFINED DEMO_WITH_MPI)\nset(DEMO_WITH_MPI ON CACHE BOOL \"with MPI\" FORCE)\nendif()\n"
      "if(DEMO_DOCS)\nelse()\nset(DEMO_DOCS OFF CACHE BOOL \"docs\" FORCE)\nendif()\n"
      "set(DEMO_FORCED ON CACHE BOOL \"\" FORCE)\n");
  for (const char* name : {"DEMO_WITH_MKL_INTERNAL", "DEMO_FORCED"})
    CHECK(xaas::find_point(found.build, name)->is_foreign);
  CHECK(default_of(found, "DEMO_WITH_MPI") == "ON");
  CHECK(default_of(found, "DEMO_DOCS") == "OFF");
  CHECK(findings(found) == "MPI* -DDEMO_WITH_MPI");
  CHECK(findings(of_cmake("set(DEMO_WITH_MKL OFF CACHE BOOL \"\" FORCE)\noption(DEMO_WITH_MKL \"with MKL\" ON)\n")) ==
        "MKL* -DDEMO_WITH_MKL");
}

TEST_CASE("CMake: the target of a package is missing until the package is looked for", "[one-thread]") {
  CHECK(findings(of_cmake("if(NOT TARGET BLAS::BLAS)\n  find_package(BLAS REQUIRED)\nendif()\n"
                          "find_package(LAPACK)\nif(TARGET LAPACK::LAPACK)\n  option(DEMO_MPI \"\" ON)\nendif()\n")) ==
        "MPI -DDEMO_MPI, BLAS* , LAPACK* ");
}

TEST_CASE("CMake: what a project's own module for a package requires is looked for, too", "[one-thread]") {
  const std::string module =
      "option(DEMO_MPI \"\" ON)\nfind_package(BLAS REQUIRED)\nfind_package(MPI)\npkg_check_modules(F fftw3)\n"
      "set(DEMO_KIND other)\n";
  const auto found = [&](const std::string& call) {
    return discovery_of({{"CMakeLists.txt", "project(demo)\nset(CMAKE_MODULE_PATH ${PROJECT_SOURCE_DIR}/cmake)\n" +
                                                call + "set(DEMO_OUT \"${DEMO_KIND}\" CACHE STRING \"\")\n"},
                         {"cmake/FindThing.cmake", module}});
  };
  CHECK(findings(found("find_package(Thing REQUIRED)\n")) == "BLAS* ");
  CHECK(default_of(found("find_package(Thing REQUIRED)\n"), "DEMO_OUT").empty());
  CHECK(findings(found("find_package(Thing)\n")).empty());
}

TEST_CASE("CMake: arguments of a macro stand for nothing in a file that it includes", "[one-thread]") {
  const auto found = discovery_of({{"CMakeLists.txt",
                                    "project(demo)\nset(name outer)\nmacro(read name)\n  include(part.cmake)\n"
                                    "endmacro()\nread(inner)\n"},
                                   {"part.cmake", "set(DEMO_NAME ${name} CACHE STRING \"\")\n"}});
  CHECK(default_of(found, "DEMO_NAME") == "outer");
}

TEST_CASE("CMake: options of a project do not come from a package of its own name", "[one-thread]") {
  CHECK(default_of(of_cmake("find_package(Demo)\nif(NOT DEMO_ASKED)\n  set(level 2)\nendif()\n"
                            "set(DEMO_LEVEL ${level} CACHE STRING \"\")\n"),
                   "DEMO_LEVEL") == "2");
}

TEST_CASE("CMake: an option that conditions compare with texts is a choice of them", "[one-thread]") {
  const auto found = of_cmake(
      "option(DEMO_LEVEL \"\" \"generic\")\nif(DEMO_LEVEL STREQUAL \"avx2\")\nelseif(DEMO_LEVEL STREQUAL avx512)\n"
      "endif()\noption(DEMO_MPI \"\" MPI_FOUND)\n");
  CHECK(values_of(found, "DEMO_LEVEL") == "generic avx2 avx512 ");
  CHECK(findings(found) ==
        "MPI -DDEMO_MPI, generic -DDEMO_LEVEL=generic, avx2 -DDEMO_LEVEL=avx2, avx512 -DDEMO_LEVEL=avx512");
}

TEST_CASE("CMake: the least version is that of the way that is taken", "[one-thread]") {
  const auto found =
      discovery_of({{"CMakeLists.txt",
                     "if(DEMO_X)\n  cmake_minimum_required(VERSION 3.23)\nelse()\n  cmake_minimum_required(VERSION "
                     "3.20)\nendif()\nproject(demo)\nadd_subdirectory(part)\n"},
                    {"part/CMakeLists.txt", "cmake_minimum_required(VERSION 3.5)\n"}});
  CHECK(found.build.minimum_version == "3.20");
}

TEST_CASE("CMake: what is put into the cache for a project that is added is none of the own options", "[one-thread]") {
  const std::string preset = "set(ENABLE_TBB Off CACHE BOOL \"\")\nadd_subdirectory(tpl/x)\n";
  CHECK(findings(of_cmake(preset)).empty());
  CHECK(findings(of_cmake(preset + "if(ENABLE_TBB)\nendif()\n")) == "TBB -DENABLE_TBB");
}

TEST_CASE("CMake: what only a template of configure_file asks for, or option declares, is an own option",
          "[one-thread]") {
  const std::string preset =
      "cmake_minimum_required(VERSION 3.20)\nproject(demo)\nset(ENABLE_TBB Off CACHE BOOL \"\")\n";
  for (const std::string asks : {"#cmakedefine ENABLE_TBB\n", "#  cmakedefine01 ENABLE_TBB\n", "int x = @ENABLE_TBB@;",
                                 "set(x ${ENABLE_TBB})"}) {
    INFO(asks);
    const auto found =
        discovery_of({{"CMakeLists.txt", preset + "configure_file(x.in ${CMAKE_CURRENT_BINARY_DIR}/x)\n"},
                      {"x.in", "int a;\n" + asks}});
    CHECK(findings(found) == "TBB -DENABLE_TBB");
  }
  CHECK(findings(discovery_of({{"CMakeLists.txt", preset + "configure_file(x.in x)\n"},
                               {"x.in", "// ENABLE_TBB @ENABLE_TBB\n"}}))
            .empty());
  CHECK(findings(of_cmake("set(ENABLE_TBB ON CACHE BOOL \"\")\noption(ENABLE_TBB \"tasks\" OFF)\n")) ==
        "TBB* -DENABLE_TBB");
}

TEST_CASE("CMake: words in quotes are no comparisons", "[one-thread]") {
  const std::string start = "set(DEMO_GPU \"\" CACHE STRING \"\")\nset(names cuda hip)\n";
  CHECK(values_of(of_cmake(start + "if(DEMO_GPU IN_LIST names)\nendif()\n"), "DEMO_GPU") == "cuda hip ");
  CHECK(
      values_of(of_cmake(start + "if(DEMO_GPU \"IN_LIST\" names OR \"DEMO_GPU\" IN_LIST names)\nendif()\n"), "DEMO_GPU")
          .empty());
}

TEST_CASE("CMake: lists that conditions go through count like other work", "[long]") {
  std::string list;
  for (int i = 0; i < 2500; ++i) list += ";" + std::string(90, 'v') + std::to_string(i % 900);
  const auto found = of_cmake("set(DEMO_X \"\" CACHE STRING \"\")\nset(names \"" + list +
                              "\")\nforeach(i RANGE 9999)\n  if(DEMO_X IN_LIST names)\n  endif()\nendforeach()\n");
  REQUIRE(found.build.notes.size() == 1);
  CHECK(found.build.notes.front().find("because they run for too long") != std::string::npos);
}

}  // namespace
