// What the tests of capture share: a build whose commands run as xaas-cc runs them, and the recipes of its links.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/process.h"
#include "mkimage/capture/captured_unit.h"
#include "mkimage/capture/compile_capture.h"
#include "mkimage/capture/link_capture.h"
#include "mkimage/capture/real_linker.h"
#include "mkimage/compiler/response_file.h"
#include "mkimage/contents/program_symbols.h"
#include "mkimage/contents/recipe_maker.h"
#include "mkimage/record/capture_environment.h"
#include "tests/unit/format_support.h"

namespace xaas::test {

inline constexpr const char* kCallsTwice = "int twice(int);\nint main(void) { return twice(0); }\n";
inline constexpr const char* kTwice = "int twice(int x) { return 2 * x; }\n";

// A build of its own: directories, compilers, and the two kinds of commands.
class CapturedBuild {
 public:
  CapturedBuild() {
    const std::filesystem::path& root = directory_.path();
    environment_.capture = root / "capture";
    environment_.source = root / "src";
    environment_.build = root / "build";
    environment_.prefix = "/opt/test";
    environment_.c_compiler = find_program("clang-19").value().string();
    environment_.cxx_compiler = find_program("clang++-19").value().string();
    environment_.lld = std::filesystem::canonical(environment_.c_compiler).parent_path() / kLldName;
    environment_.linkers = root / "linkers";
    std::filesystem::create_directories(environment_.linkers);
    for (const char* name : {"ld", "ld.bfd", "ld.gold", "ld.lld"}) {
      std::filesystem::create_symlink(XAAS_BIN_DIR "/xaas-cc", environment_.linkers / name);
    }
    std::filesystem::create_directories(environment_.source);
    std::filesystem::create_directories(environment_.build);
    REQUIRE(environment_.store().create());
  }

  std::string write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = environment_.source / name;
    std::ofstream(path) << text;
    return path.string();
  }
  std::string in_build(const std::string& name) const { return (environment_.build / name).string(); }

  int run(std::vector<std::string> arguments, const std::string& fallback = "") const {
    const CompilerCommand command = parse_compiler_command(arguments);
    const Compilation compilation{environment_.c_compiler, arguments, command, fallback, CompilerRole::c, arguments};
    const bool links = command.mode == CommandMode::link || command.mode == CommandMode::native_link;
    return links ? link_and_capture(environment_, compilation) : compile_and_capture(environment_, compilation);
  }
  // Runs a command as xaas-cc does: its meaning is read with its response files expanded.
  int run_expanded(const std::vector<std::string>& arguments) const {
    const CompilerCommand command = parse_compiler_command(expand_response_files(arguments));
    return link_and_capture(environment_, {environment_.c_compiler, arguments, command});
  }
  std::string compile(const std::string& name, const std::string& text, std::vector<std::string> options = {}) const {
    const std::string object = in_build(name + ".o");
    options.insert(options.end(), {"-c", write(name, text), "-o", object});
    REQUIRE(run(std::move(options)) == 0);
    return object;
  }

  const CaptureEnvironment& environment() const { return environment_; }
  std::vector<UnitRecord> units() const { return environment_.store().units().value(); }
  LinkRecord only_link() const {
    const auto links = environment_.store().links().value();
    REQUIRE(links.size() == 1);
    return links.front();
  }

 private:
  TempDirectory directory_ = scratch();
  CaptureEnvironment environment_;
};

inline CanonicalUnits fake_canonical(const std::vector<UnitRecord>& units) {
  CanonicalUnits result;
  for (const UnitRecord& unit : units) {
    if (unit.reason.empty()) result[unit.object] = {Digest::of("ir of " + unit.source), {}};
  }
  return result;
}

inline Result<Recipe> recipe_of(const CapturedBuild& build, const std::string& file, const CanonicalUnits& units) {
  const std::string bytes = read_file(file).value();
  const CaptureStore store = build.environment().store();
  SymbolReader symbols(store);
  return make_recipe(build.only_link(), ElfFile::parse(bytes).value(), units, {}, "x86_64-pc-linux-gnu", symbols);
}

inline Result<Recipe> recipe_of(const CapturedBuild& build, const std::string& file) {
  return recipe_of(build, file, fake_canonical(build.units()));
}

inline std::size_t count_ir(const Recipe& recipe) {
  return static_cast<std::size_t>(std::ranges::count_if(
      recipe.arguments, [](const LinkArgument& argument) { return std::holds_alternative<IrInput>(argument); }));
}

// The arguments of one kind.
template <typename T>
std::vector<T> arguments_of(const LinkRecord& link) {
  std::vector<T> found;
  for (const RecordedArgument& argument : link.arguments) {
    if (const T* value = std::get_if<T>(&argument)) found.push_back(*value);
  }
  return found;
}

// Returns what `run` returns. Messages of compilers are lost.
template <typename Run>
int silently(const Run& run) {
  int status = -1;
  test::errors_of([&] { status = run(); });
  return status;
}

}  // namespace xaas::test
