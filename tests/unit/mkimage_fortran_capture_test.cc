// Fortran: which units are captured, which are not compiled again, and which module files decide that.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "format/base/file.h"
#include "mkimage/capture/fortran_capture.h"
#include "mkimage/capture/fortran_unit.h"
#include "mkimage/reuse/capture_cache.h"
#include "tests/unit/mkimage_counting_compiler.h"

namespace {

using namespace xaas;
namespace fs = std::filesystem;

// A build with a cache and a flang that counts how often it compiles. Each run starts with an empty capture.
class FortranBuild {
 public:
  FortranBuild() {
    environment_.source = root() / "src";
    environment_.build = root() / "build";
    environment_.cache = root() / "cache";
    environment_.prefix = "/opt/test";
    environment_.prefix_pass = fs::path(XAAS_BIN_DIR).parent_path() / "lib/xaas/xaas-prefix-pass.so";
    fs::create_directories(environment_.source);
    fs::create_directories(environment_.build);
    begin();
  }

  // Begins the next run, in empty directories.
  void begin() {
    environment_.capture = root() / fmt::format("capture{}", runs_++);
    REQUIRE(environment_.store().create());
    REQUIRE(CaptureCache(environment_.cache).begin());
    remove_tree(environment_.build);
    fs::create_directories(environment_.build);
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(environment_.source / name) << text;
  }
  fs::path in_build(const std::string& name) const { return environment_.build / name; }

  // Compiles a unit, and returns how often the compiler compiled. A new unit is compiled twice: for the object and for
  // the bitcode.
  int compile(const std::string& name, std::vector<std::string> options = {}) const {
    const auto before = compiler_.compiles();
    options.insert(options.end(), {"-J", environment_.build.string(), "-c", (environment_.source / name).string(), "-o",
                                   in_build(name + ".o").string()});
    const CompilerCommand command = parse_compiler_command(options, CompilerRole::fortran);
    status_ = compile_fortran(environment_, {compiler_.path(), options, command, "", CompilerRole::fortran});
    return static_cast<int>(compiler_.compiles() - before);
  }
  int status() const { return status_; }
  std::vector<UnitRecord> units() const { return environment_.store().units().value(); }
  const CaptureEnvironment& environment() const { return environment_; }

 private:
  fs::path root() const { return directory_->path(); }
  Result<TempDirectory> directory_ = TempDirectory::create(fs::temp_directory_path());
  test::CountingCompiler compiler_{"flang-new-19", directory_->path()};
  CaptureEnvironment environment_;
  int runs_ = 0;
  mutable int status_ = 0;
};

constexpr const char* kModule = "module numbers\n  integer, parameter :: answer = 42\nend module\n";
constexpr const char* kUser =
    "subroutine show(x)\n  use numbers\n  include 'part.inc'\n  integer :: x\n  x = answer + part\nend subroutine\n";

}  // namespace

TEST_CASE("a Fortran unit of an earlier run is not compiled again, and leaves its module files") {
  FortranBuild build;
  build.write("numbers.f90", kModule);
  build.write("part.inc", "integer, parameter :: part = 1\n");
  build.write("show.f90", kUser);
  CHECK(build.compile("numbers.f90") == 2);
  CHECK(build.compile("show.f90") == 2);
  REQUIRE(build.units().size() == 2);
  for (const UnitRecord& unit : build.units()) {
    CHECK(unit.reason.empty());
    CHECK(build.environment().store().has_bitcode(unit.object));
  }
  const auto object = read_file(build.in_build("show.f90.o"));
  const auto module = read_file(build.in_build("numbers.mod"));
  REQUIRE(object);
  REQUIRE(module);

  build.begin();
  CHECK(build.compile("numbers.f90") == 0);
  CHECK(build.compile("show.f90") == 0);
  CHECK(read_file(build.in_build("show.f90.o")).value() == *object);
  CHECK(read_file(build.in_build("numbers.mod")).value() == *module);
  REQUIRE(build.units().size() == 2);
  for (const UnitRecord& unit : build.units()) {
    CHECK(unit.is_shared);
    CHECK(build.environment().store().has_bitcode(unit.object));
  }

  SECTION("a module that it uses has changed") {
    build.write("numbers.f90", "module numbers\n  integer, parameter :: answer = 43\nend module\n");
    build.begin();
    CHECK(build.compile("numbers.f90") == 2);
    CHECK(build.compile("show.f90") == 2);
  }
  SECTION("a file that it includes has changed") {
    build.write("part.inc", "integer, parameter :: part = 2\n");
    build.begin();
    CHECK(build.compile("numbers.f90") == 0);
    CHECK(build.compile("show.f90") == 2);
  }
  SECTION("an option has changed") { CHECK(build.compile("show.f90", {"-O2"}) == 2); }
}

TEST_CASE("a module file that stays the same keeps its time") {
  FortranBuild build;
  build.write("numbers.f90", kModule);
  REQUIRE(build.compile("numbers.f90") == 2);
  const fs::path module = build.in_build("numbers.mod");
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(module, long_ago);
  build.write("numbers.f90", std::string("! changed\n") + kModule);
  CHECK(build.compile("numbers.f90") == 2);
  CHECK(fs::last_write_time(module) == long_ago);
}

TEST_CASE("what flang refuses fails as without us, and is remembered") {
  FortranBuild build;
  build.write("bad.f90", "program bad\n  call\nend program\n");
  build.compile("bad.f90");
  CHECK(build.status() == 1);
  CHECK(build.units().empty());
  CHECK(build.environment().store().fortran_refusal());
}

TEST_CASE("module files are found by the names in a text, and in each other") {
  const auto directory = TempDirectory::create(fs::temp_directory_path());
  REQUIRE(directory);
  const fs::path& root = directory->path();
  REQUIRE(write_file(root / "first.mod", "use second\n"));
  REQUIRE(write_file(root / "second.mod", ""));
  REQUIRE(write_file(root / "first-part.mod", ""));
  REQUIRE(write_file(root / "other.mod", ""));
  CHECK(mentioned_modules("      USE First, only: x\n", {root}) ==
        std::vector<fs::path>{root / "first.mod", root / "second.mod"});
  CHECK(mentioned_modules("submodule (first:part) deeper\n", {root}).size() == 3);
  CHECK(mentioned_modules("use firsts\n", {root, "/nowhere"}).empty());
}
