// Units that are taken from an earlier run, and units that must not be taken.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "format/base/file.h"
#include "format/base/process.h"
#include "mkimage/capture/compile_capture.h"
#include "mkimage/reuse/capture_cache.h"
#include "mkimage/reuse/preprocessed_text.h"
#include "mkimage/reuse/preprocessed_unit.h"
#include "tests/unit/mkimage_counting_compiler.h"

namespace {

using namespace xaas;
namespace fs = std::filesystem;

// A build with a cache and a compiler that counts how often it compiles. Each run starts with an empty capture.
class CachedBuild {
 public:
  CachedBuild() {
    environment_.source = root() / "src";
    environment_.build = root() / "build";
    environment_.cache = root() / "cache";
    environment_.prefix = "/opt/test";
    environment_.c_compiler = compiler_.path();
    fs::create_directories(environment_.source);
    fs::create_directories(environment_.build);
    begin();
  }

  void begin() {
    environment_.capture = root() / fmt::format("capture{}", runs_++);
    REQUIRE(environment_.store().create());
    REQUIRE(cache().begin());
  }
  void end() const { cache().end(); }
  // Begins another configuration of the same run.
  void begin_configuration(const std::string& name) {
    environment_.shares_units = true;
    environment_.configuration = name;
    REQUIRE(environment_.store().create());
  }
  CaptureCache cache() const { return CaptureCache(environment_.cache); }

  fs::path root() const { return directory_->path(); }
  fs::path object() const { return environment_.build / "a.o"; }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(environment_.source / name) << text;
    return environment_.source / name;
  }

  // Compiles the unit, and returns how often the compiler compiled.
  int compile(std::vector<std::string> options = {}) const {
    const auto before = compiler_.compiles();
    options.insert(options.end(), {"-c", (environment_.source / "a.c").string(), "-o", object().string()});
    const CompilerCommand command = parse_compiler_command(options);
    REQUIRE(compile_and_capture(environment_, {environment_.c_compiler, options, command}) == 0);
    return static_cast<int>(compiler_.compiles() - before);
  }
  // The records of the units, without the flag that tells whether they were compiled.
  std::vector<UnitRecord> units() const {
    std::vector<UnitRecord> units = environment_.store().units().value();
    for (UnitRecord& unit : units) unit.is_shared = false;
    return units;
  }

 private:
  Result<TempDirectory> directory_ = TempDirectory::create(fs::temp_directory_path());
  test::CountingCompiler compiler_{"clang-19", directory_->path()};
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
  SECTION("text that is preprocessed already") { options = {"-x", "cpp-output"}; }
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

TEST_CASE(
    "a unit whose text the options for the CPU do not change is captured without them, once for all configurations") {
  CachedBuild build;
  build.begin_configuration("avx2");
  build.write("a.c", "int a(int x) { return x + __LINE__; }\n");
  REQUIRE(build.compile({"-mavx2"}) == 1);
  CHECK(build.units().front().machine_options.empty());
  CHECK(build.units().front().asked_machine_options == std::vector<std::string>{"-mavx2"});
  build.begin_configuration("avx512");
  CHECK(build.compile({"-mavx512f", "-DUNUSED", "-I/elsewhere"}) == 0);
  CHECK(build.units().front().machine_options.empty());
  CHECK(build.compile({"-mavx512f", "-ffast-math"}) == 1);
  CHECK(build.compile({"-mavx512f", "-mno-sse4.1"}) == 1);
}

TEST_CASE(
    "a unit whose text only SSE3 changes is captured with that alone, and once for all configurations that have it") {
  CachedBuild build;
  build.begin_configuration("avx2");
  build.write("a.c", "#ifdef __SSE3__\nint a;\n#else\nint b;\n#endif\n#if 0\n#ifdef __AVX2__\n#endif\n#endif\n");
  REQUIRE(build.compile({"-mavx2"}) == 1);
  CHECK(build.units().front().machine_options == std::vector<std::string>{"-msse3"});
  CHECK(build.units().front().headers.empty());
  build.begin_configuration("avx512");
  CHECK(build.compile({"-mavx512f"}) == 0);
  CHECK(build.units().front().machine_options == std::vector<std::string>{"-msse3"});
  build.begin_configuration("skylake");
  CHECK(build.compile({"-march=skylake-avx512"}) == 1);
  CHECK(build.units().front().machine_options == std::vector<std::string>{"-msse3", "-mcx16"});
  build.begin_configuration("sse2");
  CHECK(build.compile({"-mfsgsbase"}) == 1);
  CHECK(build.units().front().machine_options.empty());
}

TEST_CASE("what finds out whether a text tells the CPU is no dependency of the unit") {
  CachedBuild build;
  const fs::path dependencies = fs::path(build.object()).replace_extension(".d");
  build.write("a b.h", "enum { kA = 3 };\n");
  build.write("a.c", "#include \"a b.h\"\nint a(void) { return kA; }\n");
  REQUIRE(build.compile({"-MD", "-MP", "-mavx2"}) == 1);
  const std::string rule = contents(dependencies);
  const auto headers = build.units().front().headers;
  build.begin_configuration("avx2");
  REQUIRE(build.compile({"-MD", "-MP", "-mavx2"}) == 1);
  CHECK(contents(dependencies) == rule);
  CHECK(build.units().front().headers == headers);
}

TEST_CASE("headers of the C library do not keep options for the CPU") {
  CachedBuild build;
  build.begin_configuration("avx2");
  build.write("a.c",
              "#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <sys/types.h>\n"
              "double a(double x) { return sin(x); }\n");
  REQUIRE(build.compile({"-mavx2"}) == 1);
  CHECK(build.units().front().machine_options.empty());
  build.begin_configuration("avx512");
  CHECK(build.compile({"-mavx512f"}) == 0);
}

TEST_CASE("options for the CPU stay where the unit needs them") {
  CachedBuild build;
  build.begin_configuration("one");
  int first = 1;
  std::vector<std::string> options = {"-mavx2", "-mcrc32"};
  SECTION("the text tells them") { build.write("a.c", "#ifdef __AVX2__\nint a;\n#else\nint b;\n#endif\n"); }
  SECTION("a macro of the command line tells them") {
    build.write("a.c", "#if KIND\nint a;\n#else\nint b;\n#endif\n");
    options.push_back("-DKIND=__AVX2__");
  }
  SECTION("names of macros are made of parts") { build.write("a.c", "#define ISA(x) __##x##__\nint a = ISA(AVX2);\n"); }
  SECTION("the preprocessor is asked for functions of the CPU") {
    build.write("a.h", "#define HAS(x) __has_builtin(__builtin_##x)\n");
    build.write("a.c", "#include \"a.h\"\nint a = HAS(ia32_psadbw256);\n");
  }
  SECTION("a function has its own target") {
    build.write("a.c", "__attribute__((noinline, target (\"sse4.1\"))) int a(int x) { return x; }\n");
  }
  SECTION("a mode is that of a vector") {
    build.write("a.c", "typedef float v __attribute__((mode (V8SF)));\nv a(v x) { return x; }\n");
  }
  SECTION("a mode with underscores is that of a vector") {
    build.write("a.c", "typedef float v __attribute__((__mode__ (__V8SF__)));\nv a(v x) { return x; }\n");
  }
  SECTION("the alignment of vectors is asked for") {
    build.write("a.c", "int a = __builtin_omp_required_simd_align(double);\n");
  }
  SECTION("OpenMP chooses by them") {
    build.write(
        "a.c",
        "int f(void);\nint g(void);\n#pragma omp declare variant(f) match(device={isa(\"avx2\")})\nint g(void);\n");
  }
  SECTION("vectors are handed over") {
    build.write("a.c", "typedef int v __attribute__((vector_size(32)));\nv a(v x) { return x; }\n");
  }
  SECTION("it does not compile without") {
    build.write("a.c",
                "int a(void) { return __builtin_ia32_crc32qi(1, 2) + __builtin_ia32_rdtscp(&(unsigned){0}) > 0; }\n");
    first = 2;
  }
  CHECK(build.compile(options) == first);
  REQUIRE(build.units().size() == 1);
  CHECK(build.units().front().machine_options == std::vector<std::string>{"-mavx2", "-mcrc32"});
  build.begin_configuration("two");
  CHECK(build.compile(options) == 0);
  options.push_back("-mfma");
  CHECK(build.compile(options) == 1);
}

TEST_CASE("what the compiler says is said again, and only where it would be") {
  CachedBuild build;
  build.write("a.c", "int a(void) { int unused; return 1; }\n");
  CHECK(build.compile() == 1);
  CHECK(build.compile({"-Wall"}) == 1);
  CHECK(build.compile({"-Wall"}) == 0);
  CHECK(build.compile() == 0);
}

TEST_CASE("with debug information, a comment is a part of the source") {
  CachedBuild build;
  build.write("a.c", "int a; // one\n");
  CHECK(build.compile({"-g"}) == 1);
  CHECK(build.compile({"-g", "-g0"}) == 1);
  CHECK(build.compile({"-O2", "-g0"}) == 1);
  CHECK(build.compile() == 1);
  build.write("a.c", "int a; // two\n");
  CHECK(build.compile({"-g"}) == 1);
  CHECK(build.compile({"-g", "-g0"}) == 0);
  CHECK(build.compile({"-O2", "-g0"}) == 0);
  CHECK(build.compile() == 0);
}

TEST_CASE("what the preprocessor says is said again") {
  CachedBuild build;
  build.write("a.c", "#ifdef OLD\n#warning old\n#endif\nint a;\n");
  CHECK(build.compile() == 1);
  CHECK(build.compile({"-DOLD"}) == 1);
  CHECK(build.compile({"-DOLD"}) == 0);
  CHECK(build.compile({"-DOTHER"}) == 0);
}

TEST_CASE("a response file is no part of a key") {
  CachedBuild build;
  build.write("a.c", "int a;\n");
  const fs::path response = build.write("arguments", "-O1");
  CHECK(build.compile({"@" + response.string()}) == 1);
  CHECK(build.compile({"@" + response.string()}) == 1);
}

TEST_CASE("a text tells the headers that it has come from") {
  CHECK(headers_of("# 1 \"a.c\"\n# 1 \"<built-in>\" 1\n# 1 \"a.c\" 2\n# 1 \"/usr/include/x.h\" 1 3\nint x;\n"
                   "# 2 \"a.c\" 2\n# 1 \"./a \\\"b\\\\.h\" 1\n# 9 \"grammar.y\"\n# 1 \"/usr/include/x.h\" 1 3\n") ==
        std::vector<std::string>{"/usr/include/x.h", "./a \"b\\.h"});
  CHECK(headers_of("# 1 \"j\\303\\266rg/a.h\" 1\n") == std::vector<std::string>{"j\303\266rg/a.h"});
}

TEST_CASE("places in the source are left out of a text unless the compiler may look at them") {
  const std::string text =
      "# 1 \"a.c\"\n\n# 1 \"/usr/include/x.h\" 1 3\nint x;\n# 2 \"a.c\" 2\n\n\nint a = 7;\n#pragma pack(1)\n";
  CHECK(without_places(text) == "int x;\nint a = 7;\n#pragma pack(1)\n");
  CHECK(places_of(text) == "0# 1 \"a.c\"\n0\n0# 1 \"/usr/include/x.h\" 1 3\n1# 2 \"a.c\" 2\n1\n1\n");
  CHECK_FALSE(asks_for_places(text));
  for (const char* asks : {"__builtin_FILE()", "__PRETTY_FUNCTION__", "R\"(\n# 1 \"x\"\n)\""}) {
    CHECK(asks_for_places(text + asks));
  }
}
