// Compiles that are taken from an earlier run, and those that must not be.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "format/file.h"
#include "mkimage/capture_cache.h"
#include "mkimage/compile_capture.h"
#include "mkimage/process.h"

namespace {

using namespace xaas;
namespace fs = std::filesystem;

// A build with a cache and a compiler that counts how often it compiles; each run starts with an empty capture.
class CachedBuild {
 public:
  CachedBuild() {
    environment_.source = root() / "src";
    environment_.build = root() / "build";
    environment_.cache = root() / "cache";
    environment_.prefix = "/opt/test";
    environment_.c_compiler = (root() / "clang-19").string();
    fs::create_directories(environment_.source);
    fs::create_directories(environment_.build);
    std::ofstream(environment_.c_compiler)
        << fmt::format("#!/bin/sh\ncase \" $* \" in *' -E '*) ;; *) echo >>'{}' ;; esac\nexec '{}' \"$@\"\n",
                       (root() / "count").string(), find_program("clang-19").value().string());
    fs::permissions(environment_.c_compiler, fs::perms::owner_all);
    begin();
  }

  void begin() {
    environment_.capture = root() / fmt::format("capture{}", runs_++);
    REQUIRE(environment_.store().create());
    REQUIRE(cache().begin());
  }
  void end() const { cache().end(); }
  CaptureCache cache() const { return CaptureCache(environment_.cache); }

  fs::path root() const { return directory_->path(); }
  fs::path object() const { return environment_.build / "a.o"; }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(environment_.source / name) << text;
    return environment_.source / name;
  }

  // How often the compiler compiled.
  int compile(std::vector<std::string> options = {}) const {
    const auto before = compiles();
    options.insert(options.end(), {"-c", (environment_.source / "a.c").string(), "-o", object().string()});
    const CompilerCommand command = parse_compiler_command(options);
    REQUIRE(compile_and_capture(environment_, {environment_.c_compiler, options, command}) == 0);
    return static_cast<int>(compiles() - before);
  }
  std::vector<UnitRecord> units() const { return environment_.store().units().value(); }

 private:
  std::uintmax_t compiles() const {
    std::error_code none;
    const auto size = fs::file_size(root() / "count", none);
    return none ? 0 : size;
  }

  Result<TempDirectory> directory_ = TempDirectory::create(fs::temp_directory_path());
  CaptureEnvironment environment_;
  int runs_ = 0;
};

std::string contents(const fs::path& path) { return read_file(path).value_or("(cannot be read)"); }

}  // namespace

TEST_CASE("a unit of an earlier run is not compiled again, and leaves all that it left then") {
  CachedBuild build;
  const fs::path dependencies = fs::path(build.object()).replace_extension(".d");
  build.write("a.h", "enum { kA = 3 };\n");
  build.write("a.c", "#include \"a.h\"\nint a(void) { return kA; }\n");
  REQUIRE(build.compile({"-MD"}) == 1);
  const std::string object = contents(build.object());
  const std::string rule = contents(dependencies);
  const auto units = build.units();
  build.end();

  build.begin();
  fs::remove(build.object());
  fs::remove(dependencies);
  CHECK(build.compile({"-MD"}) == 0);
  CHECK(contents(build.object()) == object);
  CHECK(contents(dependencies) == rule);
  CHECK(rule.find("a.h") != std::string::npos);
  CHECK(build.units() == units);
}

TEST_CASE("a unit is compiled again when something that decides the result has changed") {
  CachedBuild build;
  build.write("a.h", "enum { kA = 3 };\n");
  build.write("a.c", "#include \"a.h\"\nint a(void) { return kA; }\n");
  REQUIRE(build.compile({"-O1"}) == 1);
  SECTION("a header") {
    build.write("a.h", "enum { kA = 4 };\n");
    CHECK(build.compile({"-O1"}) == 1);
  }
  SECTION("an option") { CHECK(build.compile({"-O2"}) == 1); }
  SECTION("the compiler") {
    fs::last_write_time(build.root() / "clang-19", fs::file_time_type::clock::now() + std::chrono::hours(1));
    CHECK(build.compile({"-O1"}) == 1);
  }
  SECTION("the entry is damaged") {
    for (const auto& entry : fs::recursive_directory_iterator(build.root() / "cache")) {
      if (entry.is_regular_file()) fs::resize_file(entry, entry.file_size() / 2);
    }
    CHECK(build.compile({"-O1"}) == 1);
  }
  SECTION("nothing") { CHECK(build.compile({"-O1"}) == 0); }
}

TEST_CASE("a unit that depends on what its text does not tell is compiled every time") {
  CachedBuild build;
  build.write("a.c", "int a;\n");
  std::vector<std::string> options;
  SECTION("assembly that reads a file") { build.write("a.c", "__asm__(\".incbin \\\"/dev/null\\\"\");\n"); }
  SECTION("a precompiled header") {
    const fs::path header = build.write("p.h", "int p;\n");
    REQUIRE(run_program({"clang-19", "-x", "c-header", header.string(), "-o", header.string() + ".pch"})->ok());
    options = {"-include", header.string()};
  }
  SECTION("an option that names a file") { options = {"-fprofile-list=" + build.write("list", "").string()}; }
  build.compile(options);
  CHECK(build.compile(options) >= 1);
}

TEST_CASE("a device is not replaced by an object") {
  const CachedBuild build;
  build.write("a.c", "int a;\n");
  fs::create_symlink("/dev/null", build.object());
  CHECK(build.compile() == 1);
  CHECK(build.compile() == 1);
  CHECK(fs::is_symlink(build.object()));
}

TEST_CASE("what a whole run did not use is not kept, and a failed run loses nothing") {
  CachedBuild build;
  build.write("a.c", "int a;\n");
  REQUIRE(build.compile() == 1);
  build.begin();
  build.begin();
  CHECK(build.compile() == 0);
  build.end();
  build.begin();
  build.end();
  build.begin();
  CHECK(build.compile() == 1);
}
