#include <catch2/catch.hpp>

#include "format/base/file.h"
#include "mkimage/plan/recipe_file.h"

namespace {

xaas::Result<xaas::BuildRecipe> load(const std::string& text) {
  const auto directory = xaas::TempDirectory::create("/tmp");
  REQUIRE(directory);
  REQUIRE(xaas::write_file(directory->path() / "xaas.toml", text));
  return xaas::load_recipe_file(directory->path() / "xaas.toml");
}

}  // namespace

TEST_CASE("a recipe file gives what it says and nothing else") {
  const auto recipe = load("name = \"heat\"\nbuild = '''make\nmake check'''\n");
  REQUIRE(recipe);
  CHECK(recipe->name == "heat");
  CHECK(recipe->build == "make\nmake check");
  CHECK_FALSE(recipe->version);
  CHECK(load("policy = \"max\"\n")->policy == "max");
  CHECK(load("main = \"bin/heat\"\n")->main == "bin/heat");
  CHECK(load("levels = \"auto\"\n")->levels == xaas::LevelPlan());
  CHECK(load("levels = \"none\"\n")->levels == xaas::LevelPlan{{}, true});
  CHECK(load("levels = [\"x86-64-v4\", \"x86-64-v3\"]\n")->levels == xaas::LevelPlan{{"x86-64-v3", "x86-64-v4"}, true});
  CHECK_FALSE(load("")->levels.has_value());
  CHECK(load("slots = [\"mpi\", \"blas\"]\n")->slots == std::vector<std::string>{"mpi", "blas"});
  CHECK(load("[cuda]\nfamilies = [75, 90]\n")->cuda_families == std::vector<unsigned>{75, 90});
  CHECK(load("cuda = {families = []}\n")->cuda_families == std::vector<unsigned>());
  CHECK_FALSE(load("[cuda]\n")->cuda_families.has_value());
  CHECK(load("libraries_left_out = [\"libcublas*\", \"libz.so.1\"]\n")->libraries_left_out ==
        std::vector<std::string>{"libcublas*", "libz.so.1"});
  CHECK(load("fortran = \"gfortran\"\n")->fortran == "gfortran");
  CHECK(load("build_system = \"make\"\n")->build_system == "make");
}

TEST_CASE("errors in a recipe file are one line with file, line and column") {
  const std::pair<const char*, const char*> cases[] = {
      {"name = \"a\"\nnaem = \"b\"\n", "xaas.toml:2:"},
      {"levels = [\"x86-64-v3\", \"x86-64-v9\"]\n",
       "xaas.toml:1:24: there is no level \"x86-64-v9\": choose one of x86-64-v3, skylake, znver3, alderlake, "
       "x86-64-v4, "
       "skylake-avx512, cascadelake, icelake-server, znver4, znver5, sapphirerapids"},
      {"slots = [\"blas\", \"cblas\"]\n",
       "xaas.toml:1:18: there is no slot \"cblas\": known are blas, fftw3, lapack, mpi, openmp"},
      {"slots = [\"blas\", \"blas\"]\n", "xaas.toml:1:18: the slot \"blas\" is there twice"},
      {"levels = \"all\"\n",
       "xaas.toml:1:10: there is no choice of levels \"all\": choose one of auto, none, an array of levels"},
      {"levels = 3\n", "xaas.toml:1:10: this must be a string"},
      {"policy = \"best\"\n", "xaas.toml:1:10: there is no policy \"best\": choose one of default, fast, max"},
      {"fortran = \"ifort\"\n",
       "xaas.toml:1:11: there is no Fortran compiler \"ifort\": choose one of flang, gfortran"},
      {"build_system = \"scons\"\n",
       "xaas.toml:1:16: there is no build system \"scons\": choose one of cmake, configure, make, meson"},
      {"version = 1.5\n", "xaas.toml:1:"},
      {"main = [\"bin/heat\"]\n", "xaas.toml:1:8: this must be a string"},
      {"name = \"a\"\nbuild = \n", "xaas.toml:2:"},
      {"[cuda]\nfamilies = [\"sm_80\"]\n", "xaas.toml:2:13: this must be the number of an architecture of GPUs"},
      {"[cuda]\nptx = 1\n", "unknown key \"ptx\"; known are families"},
      {"libraries_left_out = [\"/usr/lib/libz.so\"]\n",
       "xaas.toml:1:23: this must be the soname of a library, or a pattern of sonames"},
      {"[table]\nx = 1\n", "unknown key \"table\""},
  };
  for (const auto& [text, expected] : cases) {
    const auto recipe = load(text);
    INFO(text);
    REQUIRE_FALSE(recipe);
    INFO(recipe.error().message);
    CHECK(recipe.error().message.find(expected) != std::string::npos);
    CHECK(recipe.error().message.find('\n') == std::string::npos);
  }
}
