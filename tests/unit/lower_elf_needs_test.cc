#include <catch2/catch.hpp>
#include <cstring>

#include "lower/elf_needs.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace {

ReadBytes reader_of(const std::string& bytes) {
  return [&bytes](std::uint64_t offset, std::span<std::byte> into) -> Result<std::size_t> {
    const std::string_view rest = std::string_view(bytes).substr(std::min<std::size_t>(offset, bytes.size()));
    return rest.copy(reinterpret_cast<char*>(into.data()), into.size());
  };
}

std::string program(const std::string& options) {
  return test::compile_c("#include <math.h>\nint main(int n, char** a) { return (int)sin(n); }\n",
                         "-fno-builtin -fuse-ld=lld " + options);
}

}  // namespace

TEST_CASE("the libraries that a program needs are read without the rest of it, and the rpath that finds them") {
  for (const std::string tags : {"--enable-new-dtags", "--disable-new-dtags"}) {
    const std::string bytes = program("-Wl," + tags + ",-rpath,'$ORIGIN/../lib' -lm");
    const ElfNeeds needs = test::good(read_elf_needs(reader_of(bytes)));
    CHECK(needs.sonames == std::vector<std::string>{"libm.so.6", "libc.so.6"});
    CHECK(needs.rpath == "$ORIGIN/../lib");
  }
}

TEST_CASE("a static program needs no libraries") {
  const std::string bytes = program("-static -lm");
  const ElfNeeds needs = test::good(read_elf_needs(reader_of(bytes)));
  CHECK(needs.sonames.empty());
  CHECK(needs.rpath.empty());
}

TEST_CASE("a program that is cut off anywhere is an error or names the libraries that it needs") {
  const std::string whole = program("-lm");
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    const std::string bytes = whole.substr(0, size);
    const auto needs = read_elf_needs(reader_of(bytes));
    if (needs) CHECK(needs->sonames.size() == 2);
  }
  CHECK_FALSE(
      read_elf_needs(reader_of("not an ELF file, but long enough for all of its headers to be read: " + whole)));
}

}  // namespace xaas
