// Strings of a program are shortened together or not at all. Strings that programs do not read as data do not matter.
#include <catch2/catch.hpp>

#include "clang_units.h"
#include "format/base/file.h"
#include "format/prefix_finder.h"
#include "format/program_strings.h"
#include "format/string_mark.h"

using namespace xaas;

namespace {

const std::string kBuildPrefix = "/prefix/of/the/build";

struct Found {
  std::vector<bool> has_tail;
  std::size_t padded = 0;
};

// Finds the prefix in the file that clang makes, with `options`, of assembly with these strings. A '!' in front of a
// string marks it.
class Programs {
 public:
  Found find(const std::vector<std::string>& strings, const std::string& options, const std::string& more = "") const {
    std::string text = more + ".globl _start\n.text\n_start: nop\n";
    for (const std::string& string : strings) {
      const bool is_marked = string.starts_with("!");
      text += ".section .rodata\n.asciz \"" + string.substr(is_marked ? 1 : 0) + "\"\n";
      if (!is_marked) continue;
      for (const char c : kStringMark) text += fmt::format(".byte {}\n", static_cast<unsigned char>(c));
    }
    const std::filesystem::path at = units_.directory("program");
    REQUIRE(write_file(at / "unit.s", text));
    test::ClangUnits::run(at, "clang-19 -nostdlib unit.s -o unit " + options);
    return find(at / "unit");
  }

  static Found find(const std::filesystem::path& path) {
    const Fd file = open_for_reading(path).value();
    const std::uint64_t size = file_size(file.get()).value();
    PrefixFinder finder(kBuildPrefix);
    finder.add(read_file(path).value());
    PrefixPlaces places = finder.take();
    Found found;
    found.padded = unify_strings(file.get(), size, kBuildPrefix.size(), places).value();
    for (const PrefixPlace& place : places.list) found.has_tail.push_back(place.tail.has_value());
    CHECK(find_prefix(file.get(), size, kBuildPrefix).value().list == places.list);
    return found;
  }

 private:
  test::ClangUnits units_;
};

}  // namespace

TEST_CASE("all strings of a program that are marked are shortened, or none") {
  const Programs programs;
  for (const char* kind : {"-static", "-shared"}) {
    const Found all = programs.find({"!" + kBuildPrefix + "/a", "!-I" + kBuildPrefix}, kind);
    CHECK(all.has_tail == std::vector{true, true});
    CHECK(all.padded == 0);
    const Found one = programs.find({"!" + kBuildPrefix + "/a", kBuildPrefix + "/b", "!" + kBuildPrefix}, kind);
    CHECK(one.has_tail == std::vector{false, false, false});
    CHECK(one.padded == 3);
  }
}

TEST_CASE("an rpath, debug information and names of sources keep no string from being shortened") {
  const Programs programs;
  const Found found =
      programs.find({"!" + kBuildPrefix + "/a", kBuildPrefix + "/.xaas/src/a.c"}, "-shared -Wl,-rpath," + kBuildPrefix,
                    ".section .debug_str\n.asciz \"" + kBuildPrefix + "\"\n");
  REQUIRE(found.has_tail.size() == 4);
  CHECK(std::ranges::count(found.has_tail, true) == 1);
  CHECK(found.padded == 0);
}

TEST_CASE("nothing is shortened in files that are no programs") {
  const Programs programs;
  CHECK(programs.find({"!" + kBuildPrefix + "/a"}, "-c").has_tail == std::vector{false});
  const TempDirectory directory = TempDirectory::create(std::filesystem::temp_directory_path()).value();
  const std::string marked = kBuildPrefix + "/a" + std::string(1, '\0') + std::string(kStringMark);
  REQUIRE(write_file(directory.path() / "data", marked + marked));
  const Found data = Programs::find(directory.path() / "data");
  CHECK(data.has_tail == std::vector{false, false});
  CHECK(data.padded == 0);
}

TEST_CASE("a damaged program gives no tails and no crash") {
  const test::ClangUnits units;
  const std::filesystem::path at = units.directory("program");
  REQUIRE(write_file(at / "unit.s", ".globl _start\n_start: nop\n.section .rodata\n.asciz \"" + kBuildPrefix + "\"\n"));
  test::ClangUnits::run(at, "clang-19 -nostdlib -static unit.s -o unit");
  const std::string whole = read_file(at / "unit").value();
  for (std::size_t i = 0; i < 64; ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(~damaged[i]);
    REQUIRE(write_file(at / "damaged", damaged));
    CHECK(Programs::find(at / "damaged").has_tail == std::vector{false});
  }
}
