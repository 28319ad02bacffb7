// Translation units for tests. clang compiles them as the capturing wrapper does it, in a directory of their own.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "format/base/file.h"
#include "mkimage/capture/canonical_ir.h"

namespace xaas::test {

// For one thread; several processes may each use one. Every failure is a failure of the test.
class ClangUnits {
 public:
  ClangUnits() : directory_(TempDirectory::create(std::filesystem::temp_directory_path()).value()) {}

  // The directory is made if it is absent.
  std::filesystem::path directory(const std::string& name) const {
    std::filesystem::path path = directory_.path() / name;
    std::filesystem::create_directories(path);
    return path;
  }

  // Runs a shell command, and returns its exit status.
  static int status_of(const std::filesystem::path& at, const std::string& command) {
    const std::string line = "cd '" + at.string() + "' && " + command;
    return std::system(line.c_str());  // NOLINT(concurrency-mt-unsafe)
  }

  static void run(const std::filesystem::path& at, const std::string& command) {
    INFO(command);
    REQUIRE(status_of(at, command) == 0);
  }

  // Returns what a shell command prints.
  std::string output(const std::filesystem::path& at, const std::string& command) const {
    const std::filesystem::path text = directory("output") / "text";
    run(at, "{ " + command + "; } > '" + text.string() + "'");
    return read_file(text).value();
  }

  // Returns ThinLTO bitcode of C code, compiled in the directory `where`.
  std::string bitcode(const std::string& source, const std::string& flags, const std::string& where = "a") const {
    const std::filesystem::path at = directory(where);
    REQUIRE(write_file(at / "unit.c", source));
    run(at, "clang-19 -O2 " + flags + " -flto=thin -ffat-lto-objects -Xclang -target-cpu -Xclang '' " + kNoTuning +
                " -c unit.c -o unit.o");
    run(at, "llvm-objcopy-19 --dump-section .llvm.lto=unit.bc unit.o");
    return read_file(at / "unit.bc").value();
  }

  UnitTarget target(const std::string& flags) const {
    return read_unit_target(bitcode("int xaas_probe(int x) { return x; }\n", flags, "probe")).value();
  }

  std::string canonical(const std::string& source, const std::string& flags, const std::string& where = "a") const {
    return canonical_ir(source, flags, where).bitcode;
  }

  // The same with its context, which is read from the native object.
  CanonicalIr canonical_ir(const std::string& source, const std::string& flags, const std::string& where = "a") const {
    const std::string ir = bitcode(source, flags, where);
    const auto result = canonicalise(ir, target(flags), read_file(directory(where) / "unit.o").value());
    if (!result) FAIL(result.error().message);
    return *result;
  }

 private:
#if defined(__aarch64__)  // where clang accepts no such option, and writes no such thing
  static constexpr const char* kNoTuning = "";
#else
  static constexpr const char* kNoTuning = "-mtune=";
#endif

  TempDirectory directory_;
};

}  // namespace xaas::test
