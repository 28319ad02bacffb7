// The recipe files that `mkxaas discover` writes: one rule a test, on small projects.
#include "mkimage/plan/build_plan.h"
#include "tests/unit/mkimage_discover_support.h"

namespace {

using namespace xaas::test::discovery;  // NOLINT(google-build-using-namespace)

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

// What mkxaas would run for the recipe file that is written for a project.
xaas::BuildPlan commands_of(const Files& files, const std::string& build_system) {
  const auto directory = project_of(files);
  const std::filesystem::path file = directory.path() / "out.toml";
  REQUIRE(xaas::run_discover({.source = directory.path(), .build_system = build_system, .recipe = file}));
  const auto recipe = xaas::load_recipe_file(file).value();
  REQUIRE(xaas::plan_configurations(recipe, {}));
  return xaas::make_build_plan(directory.path(), recipe, {}).value();
}

TEST_CASE("the commands of a recipe file run a configure script in its directory", "[one-thread]") {
  const auto plan = commands_of({{"source/configure", "#!/bin/sh\n  --enable-cuda   use CUDA\n"}}, "configure");
  CHECK(plan.configure == R"(cd "$SRC/source" && ./configure --prefix="$PREFIX" $CUDA)");
  CHECK(plan.build == R"(cd "$SRC/source" && make -j"$JOBS")");
  CHECK(plan.install == R"(cd "$SRC/source" && make install DESTDIR="$DESTDIR")");
}

TEST_CASE("the commands of a recipe file run make in its directory, and no other build system", "[one-thread]") {
  const Files files = {{"CMakeLists.txt", "project(demo)\n"},
                       {"main/Makefile", "USE_MPI ?= 0\nifeq ($(USE_MPI),1)\nCC = mpicc\nendif\n"}};
  const auto plan = commands_of(files, "make");
  CHECK(plan.configure.empty());
  CHECK(plan.build == R"(cd "$SRC/main" && make -j"$JOBS" PREFIX="$PREFIX" prefix="$PREFIX" $USE_MPI)");
  CHECK(plan.install.starts_with(R"(cd "$SRC/main" && make install DESTDIR="$DESTDIR" )"));
}

TEST_CASE("a recipe file says no to a makefile as the makefile says it", "[one-thread]") {
  const auto plan = plan_of({{"Makefile", "MPI ?= 0\nTBB ?=\nifeq ($(MPI),1)\nendif\nifeq ($(TBB),1)\nendif\n"}});
  REQUIRE(plan.size() == 2);
  CHECK(plan[0].points == std::map<std::string, std::string>{{"MPI", "0"}, {"TBB", "empty"}});
}

TEST_CASE("the commands of a recipe file name the directory of CMake's or Meson's files", "[one-thread]") {
  const auto cmake = commands_of({{"build/cmake/CMakeLists.txt", "project(demo)\n"}}, "cmake");
  CHECK(cmake.configure.starts_with(R"(cmake -S "$SRC/build/cmake" -B "$BUILD" )"));
  CHECK(cmake.build == R"(cmake --build "$BUILD" -j "$JOBS")");
  const auto meson = commands_of({{"src/meson.build", "project('demo', 'c')\n"}}, "meson");
  CHECK(meson.configure.starts_with(R"(meson setup "$BUILD" "$SRC/src" )"));
}

}  // namespace
