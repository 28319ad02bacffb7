#include <catch2/catch.hpp>
#include <filesystem>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/process.h"
#include "tests/unit/oldest_libc.h"

namespace {

std::string build_shared_library(const std::vector<std::string>& options) {
  const auto directory = xaas::TempDirectory::create(std::filesystem::temp_directory_path());
  REQUIRE(directory);
  const std::string file = (directory->path() / "lib.so").string();
  std::vector<std::string> run = {"clang-19", "-x", "c", "-shared", "-fPIC", "-fuse-ld=lld", "-o", file, "-"};
  run.insert(run.end(), options.begin(), options.end());
  const auto result = xaas::run_and_read(run, "#include <stdio.h>\nint f(void) { return puts(\"x\"); }\n");
  REQUIRE(result);
  INFO(result->error);
  REQUIRE(result->status.ok());
  return xaas::read_file(file).value();
}

}  // namespace

TEST_CASE("build-id, soname, needed libraries, rpath and versions of a library are read") {
  const std::string bytes = build_shared_library({"-Wl,--build-id=0x0123abcd", "-Wl,-soname,libx.so.2",
                                                  "-Wl,-rpath,$ORIGIN/../lib", "-Wl,--disable-new-dtags", "-g"});
  const auto elf = xaas::ElfFile::parse(bytes);
  REQUIRE(elf);
  CHECK(elf->kind() == xaas::ElfKind::shared);
  CHECK(elf->is_native());
  CHECK(elf->build_id() == "0123abcd");
  CHECK(elf->has_symbol_table());
  CHECK(elf->has_debug_info());
  CHECK_FALSE(elf->is_debug_only());
  CHECK_FALSE(elf->interpreter());
  const auto dynamic = elf->dynamic();
  REQUIRE(dynamic);
  CHECK(dynamic->soname == "libx.so.2");
  CHECK(dynamic->rpath == "$ORIGIN/../lib");
  CHECK_FALSE(dynamic->runpath);
  CHECK(dynamic->needed == std::vector<std::string>{"libc.so.6"});
  CHECK(std::ranges::count(dynamic->needed_versions, xaas::test::kOldestLibc) == 1);
}

TEST_CASE("the versions that a library defines are read, without their parents") {
  const auto directory = xaas::TempDirectory::create(std::filesystem::temp_directory_path());
  const std::filesystem::path script = directory->path() / "versions";
  REQUIRE(xaas::write_file(script, "V1 { global: f; local: *; };\nV2 { global: g; } V1;\n"));
  const std::string bytes =
      build_shared_library({"-Wl,--version-script=" + script.string(), "-Wl,--undefined-version"});
  const auto elf = xaas::ElfFile::parse(bytes);
  REQUIRE(elf);
  const auto dynamic = elf->dynamic();
  REQUIRE(dynamic);
  const std::vector<std::string>& versions = dynamic->defined_versions;
  CHECK(std::ranges::count(versions, "V1") == 1);
  CHECK(std::ranges::count(versions, "V2") == 1);
}

TEST_CASE("dynamic symbols are read, with the versions of those that are asked of other files") {
  const std::string bytes = build_shared_library({});
  const auto elf = xaas::ElfFile::parse(bytes);
  REQUIRE(elf);
  const auto symbols = elf->dynamic_symbols();
  REQUIRE(symbols);
  const auto f = std::ranges::find(*symbols, "f", &xaas::ElfSymbol::name);
  REQUIRE(f != symbols->end());
  CHECK(f->is_defined);
  CHECK(f->version.empty());
  const auto puts = std::ranges::find(*symbols, "puts", &xaas::ElfSymbol::name);
  REQUIRE(puts != symbols->end());
  CHECK_FALSE(puts->is_defined);
  CHECK_FALSE(puts->is_weak);
  CHECK(puts->version == xaas::test::kOldestLibc);
  CHECK(std::ranges::any_of(*symbols, [](const auto& symbol) { return symbol.is_weak && !symbol.is_defined; }));
  const auto versions = elf->needed_versions();
  REQUIRE(versions);
  CHECK(std::ranges::any_of(*versions, [](const auto& needed) {
    return needed.second.file == "libc.so.6" && needed.second.version == xaas::test::kOldestLibc &&
           !needed.second.is_weak;
  }));
}

TEST_CASE("a stripped file has no symbols, a runpath is told from an rpath") {
  const std::string bytes = build_shared_library({"-s", "-Wl,-rpath,/x", "-Wl,--enable-new-dtags"});
  const auto elf = xaas::ElfFile::parse(bytes);
  REQUIRE(elf);
  CHECK_FALSE(elf->has_symbol_table());
  CHECK_FALSE(elf->has_debug_info());
  CHECK(elf->dynamic()->runpath == "/x");
}

TEST_CASE("a damaged ELF file is refused or read within its bounds", "[one-thread]") {
  const std::string bytes = build_shared_library({"-s"});
  const auto look_at_everything = [](const std::string& damaged) {
    const auto elf = xaas::ElfFile::parse(damaged);
    if (!elf) return;
    static_cast<void>(elf->dynamic());
    static_cast<void>(elf->interpreter());
    static_cast<void>(elf->build_id());
  };
  for (std::size_t size = 0; size < bytes.size(); size += 7) look_at_everything(bytes.substr(0, size));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(0xff);
    look_at_everything(damaged);
  }
  CHECK_FALSE(xaas::ElfFile::parse("#!/bin/sh\n"));
}
