#include <catch2/catch.hpp>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/process.h"
#include "mkimage/capture/ar_archive.h"
#include "mkimage/contents/native_archives.h"

namespace {

using namespace xaas;

struct Installed {
  TempDirectory directory = TempDirectory::create(std::filesystem::temp_directory_path()).value();
  std::string in(const std::string& name) const { return (directory.path() / name).string(); }

  // An installed tree that has only lib.a, with a captured object and a member that holds `text`.
  InstalledTree with_archive(const std::string& text) const {
    REQUIRE(write_file(in("a.c"), "int a(void) { return 1; }\n"));
    REQUIRE(run_program({"clang-19", "-c", "-flto=thin", "-ffat-lto-objects", in("a.c"), "-o", in("a.o")})->ok());
    REQUIRE(write_file(in("other.o"), text));
    std::filesystem::create_directories(in("dest/opt"));
    REQUIRE(run_program({"llvm-ar-19", "qcS", in("dest/opt/lib.a"), in("a.o")})->ok());
    if (!text.empty()) REQUIRE(run_program({"llvm-ar-19", "qS", in("dest/opt/lib.a"), in("other.o")})->ok());
    return scan_tree(in("dest"), "/opt").value();
  }
  bool has_bitcode() const {
    const std::string bytes = read_file(in("dest/opt/lib.a")).value();
    const ArArchive archive = parse_archive(bytes).value();
    return ElfFile::parse(archive.members.front().data)->find_section(kBitcodeSection) != nullptr;
  }
};

}  // namespace

TEST_CASE("installed archives lose their bitcode") {
  const Installed installed;
  std::vector<std::string> warnings;
  const auto tree = installed.with_archive("");
  CHECK(make_archives_native(tree, warnings).value().size() == 1);
  CHECK(warnings.empty());
  CHECK_FALSE(installed.has_bitcode());
}

TEST_CASE("an archive that objcopy does not understand stays as it is, with a warning") {
  const Installed installed;
  std::vector<std::string> warnings;
  const auto tree = installed.with_archive("no object at all");
  REQUIRE(make_archives_native(tree, warnings));
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("lib.a") != std::string::npos);
  CHECK(installed.has_bitcode());
}
