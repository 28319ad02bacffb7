// How `mkxaas discover` reads Autoconf, Meson, Make and bundles: one rule a test, on small projects.
#include "mkimage/discover/m4_text.h"
#include "tests/unit/mkimage_discover_support.h"

namespace {

using namespace xaas::test::discovery;  // NOLINT(google-build-using-namespace)

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
  for (const std::string part : {"case $enable_x in a)\n", "case $enable_x in\n", "case x\n"}) {
    std::string cases = "AC_ARG_ENABLE([x], [y])\n";
    for (int i = 0; i < 100000; ++i) cases += part;
    CHECK(findings(discovery_of({{"configure.ac", cases}})).empty());
  }
}

TEST_CASE("a directory of macros that is named again and again is read once", "[long]") {
  std::string names;
  std::string macros = "AC_DEFUN([DEMO_MPI], [AC_ARG_ENABLE([mpi], [--enable-mpi])])\n";
  for (int i = 0; i < 50000; ++i) names += i % 2 == 0 ? "m4 " : "own/../own ";
  for (int i = 0; i < 10000; ++i) macros += "AC_DEFUN([DEMO_" + std::to_string(i) + "], [])\n";
  const auto found = discovery_of({{"configure.ac", "AC_CONFIG_MACRO_DIRS([" + names + "])\nDEMO_MPI\n"},
                                   {"m4/a.m4", macros},
                                   {"own/b.m4", macros}});
  CHECK(findings(found) == "MPI --enable-mpi");
  CHECK(found.build.notes.empty());
}

TEST_CASE("a loop of a configure script is followed up to a limit, which a note names", "[long]") {
  std::string words;
  for (int i = 0; i < 200000; ++i) words += "w ";
  const auto found =
      discovery_of({{"configure.ac", "AC_ARG_ENABLE([mpi], [--enable-mpi])\nm4_foreach_w([x], [" + words + "], [" +
                                         std::string(1U << 20, '.') + "])\nAC_ARG_ENABLE([cuda], [--enable-cuda])\n"}});
  CHECK(findings(found) == "MPI --enable-mpi");
  CHECK(found.build.notes ==
        std::vector<std::string>{"configure.ac:2: macros are followed no further than here, because "
                                 "they are too many or too long"});
}

TEST_CASE("a note says where macros are nested deeper than they are followed", "[one-thread]") {
  std::string deep = "AC_ARG_ENABLE([mpi], [--enable-mpi])";
  for (int i = 0; i < 20; ++i) deep = "AS_IF([true], [" + deep + "])";
  const auto found = discovery_of({{"configure.ac", "\n" + deep + "\n"}});
  CHECK(findings(found).empty());
  CHECK(found.build.notes ==
        std::vector<std::string>{"configure.ac:2: macros within more than 12 others are not followed"});
}

TEST_CASE("more directories of macros than are read are noted", "[one-thread]") {
  std::string names;
  for (int i = 0; i < 200; ++i) names += "m4/" + std::to_string(i) + " ";
  const auto found = discovery_of({{"configure.ac", "AC_CONFIG_MACRO_DIRS([" + names + "])\n"}});
  CHECK(found.build.notes ==
        std::vector<std::string>{"configure.ac: more than 100 directories of macros are not read"});
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

TEST_CASE("of several instruction sets that a makefile asks for at once the newest counts", "[one-thread]") {
  const auto of_make = [](const std::string& text) { return findings(discovery_of({{"Makefile", text}})); };
  CHECK(of_make("CFLAGS = -msse -msse2 -msse3 -mssse3 -msse4.1\n") == "SSE4.1 -msse4.1");
  CHECK(of_make("ifdef WIDE\nCFLAGS = -mavx2 -mfma\nelse\nCFLAGS = -msse2\nendif\n") ==
        "AVX2 -mavx2, FMA -mfma, SSE2 -msse2");
}

TEST_CASE("a makefile that the user is to choose is that of a usual machine", "[one-thread]") {
  const std::string flags = "CFLAGS = -fopenmp\n";
  const auto of_make = [&](const std::string& text, const std::string& file) {
    return findings(discovery_of({{"Makefile", text}, {file, flags}, {"make.inc.cray", "LIBS = -lmkl_rt\n"}}));
  };
  for (const char* text : {"include make.inc\n", "include $(TOP)/make.inc\n", "include make.inc.$(ARCH)\n",
                           "FILE = make.inc.$(ARCH)\ninclude $(FILE)\n"}) {
    CHECK(of_make(text, "make.inc.example") == "OpenMP* -fopenmp");
  }
  CHECK(of_make("ARCH = cray\ninclude make.inc.$(ARCH)\n", "make.inc.linux") == "MKL* ");
  CHECK(of_make("include make.inc\n", "make.inc.hp").empty());
  CHECK(of_make("ifneq ($(ARCH),)\nFILE = make.inc.$(ARCH)\nelse\nFILE = make.inc\nendif\ninclude $(FILE)\n",
                "make.inc.sample") == "OpenMP* -fopenmp");
  CHECK(of_make("include system/own.mk\n", "system/own.gnu.mk") == "OpenMP* -fopenmp");
  CHECK(of_make("include $(ARCH)\ninclude $(A)/$(B).$(C)\n", "make.inc.linux").empty());
}

TEST_CASE("the help that a configure script prints by itself has its options", "[one-thread]") {
  CHECK(findings(discovery_of({{"configure",
                                "usage() {\n  echo -e '\\t--with-cuda  Tells the build to use CUDA'\n  echo \"  "
                                "--enable-openmp  threads\"\n"
                                "  echo '\n  echo --with-mkl\n  echo '--with-mpi'\n}\n"}})) ==
        "CUDA --with-cuda, OpenMP --enable-openmp");
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

TEST_CASE("the option of a configure script is written as its help writes it", "[one-thread]") {
  const auto found = discovery_of(
      {{"configure.ac", "AC_ARG_ENABLE(fast_math, [AS_HELP_STRING([--enable-fast-math],[be fast])], [], [])\n"}});
  CHECK(default_of(found, "fast-math") == "no");
  CHECK(default_of(found, "fast_math") == "-");
}

TEST_CASE("an array of Meson has all choices by default", "[one-thread]") {
  const auto found = discovery_of({{"meson.build", "project('demo', 'c')\n"},
                                   {"meson_options.txt",
                                    "option('bits', type: 'array', choices: ['8', '16'])\n"
                                    "option('some', type: 'array', choices: ['a', 'b'], value: ['b'])\n"
                                    "option('none', type: 'array', value: [])\n"}});
  CHECK(default_of(found, "bits") == "8,16");
  CHECK(default_of(found, "some") == "b");
  CHECK(default_of(found, "none").empty());
}

TEST_CASE("a variable that makefiles set by what the host is has no known default", "[one-thread]") {
  const auto found = discovery_of({{"Makefile",
                                    "ifneq (,$(filter Windows%,$(OS)))\nWIN = yes\nelse\nWIN = no\nendif\n"
                                    "ifeq ($(WIN),yes)\nEXT = .exe\nendif\nLEVEL ?= 2\n"}});
  CHECK(default_of(found, "WIN") == "?");
  CHECK(default_of(found, "LEVEL") == "2");
}

TEST_CASE("a condition of a makefile may look for a word in a variable of the user", "[one-thread]") {
  const auto found = discovery_of({{"Makefile",
                                    "define asks\n$(findstring $(1),$(config))$(eval seen += $(1))\nendef\n"
                                    "ifneq (,$(call asks,spectral))\nL += -lfftw3\nendif\n"
                                    "ifeq (,$(call asks,nothreads))\nF += -fopenmp\nendif\n"
                                    "ifneq ($(filter mkl essl,$(BLAS)),)\nL += -lopenblas\nendif\n"
                                    "ifneq (,$(findstring gcc,$(CC)))\nF += -mavx2\nendif\n"
                                    "ifneq ($(strip $(BLIS)),)\nL += -lblis\nendif\n"}});
  CHECK(findings(found) ==
        "OpenMP* -fopenmp, mkl BLAS=mkl, essl BLAS=essl, BLIS BLIS=1, OpenBLAS , FFTW , AVX2 -mavx2");
  CHECK(values_of(found, "config") == "spectral nothreads ");
  CHECK(values_of(found, "BLAS") == "mkl essl ");
  CHECK(default_of(found, "CC") == "-");
}

TEST_CASE("a macro of a makefile may be the switch for all GPUs", "[one-thread]") {
  const auto flag_of = [](const std::string& macro) {
    return discovery_of({{"Makefile", "ifdef X\nF += -D" + macro + "\nendif\n"}}).gpu_flag;
  };
  CHECK(flag_of("USE_ACCELERATOR_GPU") == "-DUSE_ACCELERATOR_GPU");
  CHECK(flag_of("DEMO_GPU -DDEMO_ACCELERATOR_GPU") == "-DDEMO_GPU");
  CHECK(flag_of("USE_GPU=0").empty());
  CHECK(flag_of("NO_GPU").empty());
  CHECK(flag_of("GPU_CACHE").empty());
}

TEST_CASE("a library behind a switch of a configure script is a finding", "[one-thread]") {
  CHECK(
      findings(discovery_of(
          {{"configure.ac",
            "AC_ARG_WITH([lapack], [AS_HELP_STRING([--without-lapack], [x])])\n"
            "AC_ARG_ENABLE([spectral], [AS_HELP_STRING([--enable-spectral], [x])], [], [enable_spectral=no])\n"
            "AC_ARG_ENABLE([parallel], [AS_HELP_STRING([--enable-parallel], [x])], [], [enable_parallel=no])\n"
            "if test x\"${with_lapack}\" == x\"yes\"; then\n  LIBS=\"-lblas $LIBS\"\n  if test $y; then\n"
            "    L=-lmkl_core\n  fi\nfi\nif test \"$enable_spectral\" != no; then\n  AC_CHECK_LIB([fftw3], [x])\n"
            "else\n  L=-lopenblas\nfi\nAS_IF([test \"x$enable_parallel\" = xyes], [PKG_CHECK_MODULES([M], [mpich])])\n"
            "AC_DEFINE([X], [1], [defined if it is "
            "used])\nAC_MSG_NOTICE([-lscalapack])\nR=-lblis\nAC_INIT([x])\n"}})) ==
      "MPI --enable-parallel, LAPACK* --with-lapack, BLAS* , BLIS* , FFTW --enable-spectral");
}

TEST_CASE("a configure script has the options of macros that it includes, calls, and makes of lists", "[one-thread]") {
  const auto found =
      discovery_of({{"configure.ac",
                     "AC_CONFIG_MACRO_DIR([build/macros])\nm4_include([extra.m4])\nm4_define(demo_kinds, [sse avx2])\n"
                     "AC_DEFUN([DEMO_KIND], [AC_ARG_ENABLE(m4_bpatsubst($1,[_],[-]), "
                     "[AS_HELP_STRING([--]m4_case([$2],[on],[disable],"
                     "[enable])[-]m4_bpatsubst($1,[_],[-]), [$1])], [], "
                     "[enable_$1=]m4_case([$2],[on],[yes],[no]))])\nDEMO_KIND([big_gpu],[off])\n"
                     "DEMO_KIND([code],[on])\n"
                     "m4_foreach_w([demo_kind], demo_kinds, [AC_ARG_WITH([fast-]demo_kind[-code], [], [], [])])\n"
                     "DEMO_LIB([BLAS])\n"},
                    {"extra.m4", "AC_ARG_ENABLE([extra], [--enable-extra  more], [], [])\n"},
                    {"build/macros/lib.m4",
                     "AC_DEFUN([DEMO_LIB], [AC_ARG_WITH([m4_tolower($1)-dir], [], [], [])])\n"
                     "AC_DEFUN([DEMO_UNUSED], [AC_ARG_WITH([unused], [], [], [])])\n"}});
  std::string names;
  for (const xaas::BuildPoint& point : found.build.points) names += point.name + " ";
  CHECK(default_of(found, "big-gpu") == "no");
  CHECK(default_of(found, "code") == "yes");
  CHECK(names == "extra big-gpu code fast-sse-code fast-avx2-code blas-dir ");
}

TEST_CASE("m4's functions of texts are evaluated, and others are left", "[one-thread]") {
  CHECK(xaas::evaluated_m4("a m4_toupper([b]) m4_if([x], [y], [no], [x], [x], [yes], [no]) DEMO(m4_tolower(C))") ==
        "a B yes DEMO(c)");
  CHECK(xaas::evaluated_m4(
            "m4_ifblank([ ], [blank], [full]) m4_ifval([], [full], [blank]) m4_translit([a_b], [_], [-])") ==
        "blank blank a-b");
  CHECK(xaas::evaluated_m4("m4_case(z, [x], [1], [other]) m4_tolower(") == "other m4_tolower(");
}

TEST_CASE("the help of a configure script lists values in several ways", "[one-thread]") {
  const auto found = discovery_of(
      {{"configure.ac",
        "AC_ARG_WITH([simd], [AS_HELP_STRING([--with-simd=@<:@auto/MIC-AVX512/CORE-AVX2@:>@], [x])], [], "
        "[with_simd=auto])\nAC_ARG_WITH([fft], [AS_HELP_STRING([--with-fft=<fftw|mkl, ...>], [(default: fftw)])])\n"
        "AC_ARG_ENABLE([comms], [AS_HELP_STRING([--enable-comms={none, mpi}], [default is none])])\n"
        "AC_ARG_ENABLE([debug], [AS_HELP_STRING([--enable-debug@<:@=ARG@:>@], [x])])\n"
        "AC_ARG_WITH([cuda], [AS_HELP_STRING([--with-cuda=@<:@DIR@:>@], [x])])\n"}});
  CHECK(findings(found) ==
        "CUDA --with-cuda, mpi --enable-comms=mpi, fftw* --with-fft=fftw, mkl --with-fft=mkl, auto* --with-simd=auto, "
        "MIC-AVX512 "
        "--with-simd=MIC-AVX512, CORE-AVX2 --with-simd=CORE-AVX2");
  CHECK(default_of(found, "comms") == "none");
  CHECK(values_of(found, "debug").empty());
}

TEST_CASE("words for paths are no values of a choice of a configure script", "[one-thread]") {
  const auto found =
      discovery_of({{"configure.ac",
                     "AC_ARG_ENABLE([mkl], [AS_HELP_STRING([--enable-mkl=yes|no|prefix], [use MKL])], [], [])\n"
                     "PKG_CHECK_MODULES([FFTW], [fftw3 >= 3.3 $MORE])\n"}});
  CHECK(values_of(found, "mkl") == "yes no ");
  CHECK(findings(found) == "MKL --enable-mkl, FFTW* ");
}

TEST_CASE("what a configure script decides by the argument of a macro has the default that the help says",
          "[one-thread]") {
  const auto found = discovery_of(
      {{"configure.ac",
        "AC_INIT([demo])\nAC_DEFUN([DEMO_ENABLE], [AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$2, default: "
        "$3])], [], [case \"$3\" in (yes) $1=true ;; (no) $1=false ;; esac])])\n"
        "DEMO_ENABLE([openacc], [OpenACC], [no])\nDEMO_ENABLE([mpi], [MPI], [yes])\n"
        "AC_ARG_WITH([cuda_libs], [AS_HELP_STRING([--with-cuda-libs=<libs>], [libraries of CUDA])])\n"
        "AC_ARG_WITH([gpu_libs], [AS_HELP_STRING([--with-gpu-libs=<libs>], [libraries for GPUs])])\n"}});
  CHECK(findings(found) == "OpenACC --enable-openacc, MPI* --enable-mpi");
  CHECK(found.gpu_flag.empty());
}

TEST_CASE("what a makefile defines as a text assigns nothing", "[one-thread]") {
  const auto found = discovery_of({{"Makefile",
                                    "define rules\nUSE_CUDA ?= 1\nifdef USE_MPI\ndefine inner\nendef\nFLAGS += "
                                    "-fopenmp\nendef\noverride define more\nendef\ndefine = x\nOPENMP ?= 0\n"}});
  CHECK(default_of(found, "USE_CUDA") == "-");
  CHECK(default_of(found, "USE_MPI") == "-");
  CHECK(default_of(found, "OPENMP") == "0");
}

TEST_CASE("makefiles that lie in a usual directory are found, and their places are those of the source",
          "[one-thread]") {
  const auto found = discovery_of({{"src/GNUmakefile", "ifdef USE_MPI\nFLAGS += -O3\nendif\n"}});
  CHECK(findings(found) == "MPI USE_MPI=1");
  CHECK(found.findings.front().place.file == "src/GNUmakefile");
}

TEST_CASE("what is not read in a usual directory is noted with its place in the source", "[one-thread]") {
  const auto found = discovery_of({{"src/Makefile", "include bad.mk\n"}, {"src/bad.mk", std::string("a\0b", 3)}});
  CHECK(found.build.notes == std::vector<std::string>{"src/bad.mk was not read: it is no text"});
}

TEST_CASE("a macro of a makefile stands for a term only if its name has to do with it", "[one-thread]") {
  CHECK(findings(discovery_of({{"Makefile", "ifdef USE_FAST\nF += -DNO_HEADERS\nL += -lcuda\nendif\n"}})) ==
        "CUDA USE_FAST=1");
}

TEST_CASE("a line of a makefile that begins with a tab is a command only behind a rule", "[one-thread]") {
  CHECK(findings(discovery_of({{"Makefile",
                                "OPENMP = yes\nifeq ($(OPENMP),yes)\n\tFLAGS += -fopenmp\nendif\nall:\n\tcc "
                                "-march=native\n\tX = -mavx2\n"}})) == "OpenMP* -fopenmp");
}

TEST_CASE("a makefile asks for MPI by its macro rather than by the name of a compiler", "[one-thread]") {
  const auto found = discovery_of({{"Makefile", "MPI = no\nifeq ($(MPI),yes)\nCC = mpicc\nF += -DMPI\nendif\n"}});
  CHECK(findings(found) == "MPI -DMPI");
}

TEST_CASE("makefiles in directories for which make is called are read", "[one-thread]") {
  CHECK(findings(discovery_of({{"Makefile",
                                "DIRS = \\\n a\\\n tests\nall:\n\t@ \\\n\tfor i in ${DIRS}; do (cd $$i; make); done\n"
                                "\t$(MAKE) -C b clean\n\tcd c && cp x y\n"},
                               {"a/Makefile", "include ../flags.mk\n"},
                               {"b/makefile", "F = -mavx2\n"},
                               {"c/Makefile", "F = -mavx512f\n"},
                               {"tests/Makefile", "F = -mavx512f\n"},
                               {"flags.mk", "CC = mpicc\nF = -fopenmp\n"}})) == "MPI* , OpenMP* -fopenmp, AVX2 -mavx2");
}

TEST_CASE("yes among the values of a variable asks for what its name says", "[one-thread]") {
  CHECK(findings(discovery_of(
            {{"Makefile", "MPI = yes\nifeq ($(MPI),cray)\nX = 1\nendif\nifeq ($(MPI),yes)\nX = 2\nendif\n"}})) ==
        "MPI* MPI=yes");
}

TEST_CASE("Intel's options for processors are known in any case", "[one-thread]") {
  CHECK(findings(discovery_of({{"Makefile", "F = -xcore-avx2\n"}})) == "AVX2 -xcore-avx2");
}

TEST_CASE("an option of a configure script has the values for which a case looks", "[one-thread]") {
  const std::string cases =
      "AC_ARG_ENABLE([simd], [AS_HELP_STRING([--enable-simd=code], [what])], [ac_SIMD=${enable_simd}], [ac_SIMD=GEN])\n"
      "case ${ac_SIMD} in\n  GEN) X=1;;\n  AVX|AVX2)\n    case $y in a) b;; esac;;\n  KNL*) c;;\n"
      "  *) AC_MSG_ERROR([no]);;\nesac\n";
  const auto found = discovery_of({{"configure.ac", cases}});
  CHECK(values_of(found, "simd") == "GEN AVX AVX2 ");
  CHECK(findings(found) == "GEN* --enable-simd=GEN, AVX --enable-simd=AVX, AVX2 --enable-simd=AVX2");
  CHECK(
      values_of(discovery_of({{"configure.ac",
                               "AC_ARG_WITH([gpu], [AS_HELP_STRING([--with-gpu=X], [x])], [case \"$withval\" in cuda) "
                               "a;; hip) b;; esac])\n"}}),
                "gpu") == "cuda hip ");
  CHECK(values_of(
            discovery_of({{"configure.ac", "AC_ARG_ENABLE([x], [y])\n# in that case\ncase $enable_x in a|b) \n"}}), "x")
            .empty());
}

TEST_CASE("a macro of the archive looks for its package, also where the source brings the macro", "[one-thread]") {
  CHECK(findings(discovery_of(
            {{"configure.ac", "AX_OPENMP\n"}, {"m4/ax_openmp.m4", "AC_DEFUN([AX_OPENMP], [x])\n"}})) == "OpenMP* ");
}

TEST_CASE("make is followed into directories level by level, each with variables of its own", "[one-thread]") {
  const auto found = discovery_of(
      {{"Makefile", "SUBDIRS = a\nall:\n\tfor i in $(SUBDIRS); do $(MAKE) -C $$i || exit 1; done\nifdef USE_MPI\n"},
       {"a/Makefile", "SUBDIRS = b\nF = -fopenmp\nall:\n\tfor i in $(SUBDIRS); do $(MAKE) -C $$i; done\ndefine x\n"},
       {"a/b/Makefile", "\tF = -mavx2\n"}});
  CHECK(findings(found) == "MPI USE_MPI=1, OpenMP* -fopenmp, AVX2 -mavx2");
}

TEST_CASE("commands of makefiles go from directory to directory, and may be told how to run", "[one-thread]") {
  const auto found =
      discovery_of({{"Makefile",
                     "L = e\nall:\n\tcd a && cd b && make\n\t-$(MAKE) -C c\n\t@+cd d; (cd x; y); make; cd "
                     "..; for i in ${L}; do (cd d && make -C $$i); done\n\tmake; cd f\n"},
                    {"a/Makefile", "F = -mavx512f\n"},
                    {"a/b/Makefile", "F = -fopenmp\n"},
                    {"c/Makefile", "CC = mpicc\n"},
                    {"d/Makefile", "F = -mavx2\n"},
                    {"d/e/Makefile", "F = -msse4.1\n"},
                    {"f/Makefile", "F = -mavx512f\n"}});
  CHECK(findings(found) == "OpenMP* -fopenmp, MPI* , AVX2 -mavx2, SSE4.1 -msse4.1");
}

TEST_CASE("make is followed behind `cd ..`, `cd -` and a path that begins with a variable", "[one-thread]") {
  const auto found =
      discovery_of({{"Makefile",
                     "A = a\nB = b\nTOP = .\nall:\n\tfor i in $(A); do cd $$i; $(MAKE); cd ..; done; for i "
                     "in $(B); do cd $$i; $(MAKE); cd -; done; $(MAKE) -C c; cd $(TOP)/d && make\n"},
                    {"a/Makefile", "F = -fopenmp\n"},
                    {"b/Makefile", "F = -mavx2\n"},
                    {"c/Makefile", "F = -msse4.1\n"},
                    {"d/Makefile", "CC = mpicc\n"}});
  CHECK(findings(found) == "OpenMP* -fopenmp, MPI* , AVX2 -mavx2, SSE4.1 -msse4.1");
}

TEST_CASE("what makefiles of several directories include is read for each", "[one-thread]") {
  const auto found =
      discovery_of({{"Makefile", "include common.mk\nall:\n\t$(MAKE) -C src\n"},
                    {"common.mk", "PARTS = fft\nF = -mavx2\n"},
                    {"src/Makefile", "include ../common.mk\nall:\n\tfor i in $(PARTS); do $(MAKE) -C $$i; done\n"},
                    {"src/fft/Makefile", "F = -fopenmp\n"}});
  CHECK(findings(found) == "OpenMP* -fopenmp, AVX2 -mavx2");
  CHECK(std::ranges::count(found.build.flags, "-mavx2", &xaas::UsedFlag::flag) == 1);
}

TEST_CASE("conditions of makefiles are read up to a depth, which a note names", "[one-thread]") {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "ifdef A\n";
  for (int i = 0; i < 200; ++i) text += "endif\n";
  const auto found = discovery_of({{"Makefile", text + "ifdef USE_MPI\nF = -DMPI\nendif\n"}});
  CHECK(found.build.notes == std::vector<std::string>{"Makefile: conditions more than 100 deep are not read"});
  CHECK(findings(found) == "MPI -DMPI");
}

TEST_CASE("make is followed into no more directories than a limit, which a note names", "[long]") {
  std::string names;
  std::string calls;
  for (int i = 0; i < 100000; ++i) names += "d" + std::to_string(i) + " ";
  for (int i = 0; i < 20000; ++i) calls += "make -C $$i; ";
  const auto found = discovery_of({{"Makefile", "all:\n\tfor i in " + names + "; do " + calls + "done\n"}});
  CHECK(found.build.notes == std::vector<std::string>{"Makefile:2: make is not followed into more directories than "
                                                      "before here, because they are too many"});
  const std::string loop = "\tfor i in $(L); do make -C $$i; done\n";
  std::string loops;
  for (int i = 0; i < 20000; ++i) loops += loop;
  CHECK(discovery_of({{"Makefile", "L = " + names + "\nall:\n" + loops}}).build.notes.size() == 1);
}

TEST_CASE("case statements are followed up to limits, in bounded time", "[long]") {
  const std::string note = "configure.ac: some `case` statements are left out, because they are too many or too deep";
  const auto notes_of = [](const std::string& text) { return discovery_of({{"configure.ac", text}}).build.notes; };
  const std::string option = "AC_ARG_ENABLE([x], [y])\n";
  std::string on_one_line;
  std::string many_values;
  std::string any;
  for (int i = 0; i < 30000; ++i) {
    const std::string number = std::to_string(i);
    on_one_line += "case $enable_x in a) ;; b) ;; esac; ";
    any += "*|";
    many_values += "case $enable_x in v" + number + ") ;; w" + number + ") ;; esac\n";
  }
  CHECK(notes_of(option + on_one_line) == std::vector<std::string>{note});
  CHECK(notes_of(option + many_values) == std::vector<std::string>{note});
  CHECK(notes_of(option + "case $enable_x in " + any + "a) " + std::string(1U << 20, '.') + " ;; esac\n").empty());
  CHECK(values_of(discovery_of({{"configure.ac", option + on_one_line}}), "x") == "a b ");
}

TEST_CASE("a file that a configure script includes tells values by its case statements, too", "[one-thread]") {
  const auto found = discovery_of({{"configure.ac", "AC_ARG_ENABLE([x], [y])\nm4_include([more.m4])\n"},
                                   {"more.m4", "case $enable_x in a) b;; c) d;; esac\n"}});
  CHECK(values_of(found, "x") == "a c ");
}

}  // namespace
