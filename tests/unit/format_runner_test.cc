// The program in front of an executable image: how it is made of a program, and how the image behind it is found.
#include <elf.h>

#include <cstddef>
#include <cstring>

#include "format/base/process.h"
#include "format/squashfs/runner.h"
#include "tests/unit/format_support.h"

namespace xaas {
namespace {

using test::bad;
using test::contains;
using test::good;

// A program that ends with status 42.
std::string program(const char* kind) {
  const TempDirectory directory = test::scratch();
  const std::string file = directory.path() / "program";
  const auto built =
      good(run_and_read({"clang-19", "-x", "c", kind, "-g", "-o", file, "-"}, "int main(void) { return 42; }\n"));
  INFO(built.error);
  REQUIRE(built.status.ok());
  return good(read_file(file));
}

Result<std::uint64_t> find_in(const std::string& bytes, std::uint64_t offset = 0) {
  const TempFile file = good(TempFile::create(std::filesystem::temp_directory_path()));
  good(write_all(file.fd(), bytes));
  return find_image(file.fd(), offset, bytes.size());
}

template <typename T>
std::string with(std::string bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

TEST_CASE("a runner is a program that works and has neither symbols nor sections") {
  const char* const kind = GENERATE("-static", "-static-pie");
  const std::string bytes = program(kind);
  const std::string runner = good(make_runner(bytes));
  CHECK(runner.size() % kRunnerAlignment == 0);
  CHECK(runner.size() < bytes.size());
  CHECK_FALSE(contains(runner, ".symtab"));
  CHECK(good(make_runner(bytes)) == runner);

  const TempDirectory directory = test::scratch();
  const std::filesystem::path file = directory.path() / "runner";
  good(write_file(file, runner + "image"));
  good(make_executable_for_readers(good(open_for_reading(file)).get()));
  CHECK(good(run_program({file.string()})).code == 42);
}

TEST_CASE("only a static program can be a runner") {
  CHECK(contains(bad(make_runner(program("-pie")), Code::unsupported), "dynamically linked"));
  bad(make_runner("#!/bin/sh\n"), Code::invalid);
  bad(make_runner(""), Code::invalid);
}

TEST_CASE("an image is found at its place and behind a runner") {
  const std::string runner = good(make_runner(program("-static")));
  CHECK(good(find_in("hsqs")) == 0);
  CHECK(good(find_in("")) == 0);
  CHECK(good(find_in(runner + "hsqs")) == runner.size());
  CHECK(good(find_in("0123" + runner + "hsqs", 4)) == 4 + runner.size());
}

TEST_CASE("a file that ends before its image, and another program than a runner, are refused") {
  const std::string bytes = program("-static");
  const std::string runner = good(make_runner(bytes));
  for (const std::size_t size : {std::size_t{4}, std::size_t{63}, std::size_t{100}, runner.size() - 1, runner.size()}) {
    CHECK(contains(bad(find_in(runner.substr(0, size)), Code::invalid), "ends before its image"));
  }
  CHECK(contains(bad(find_in(bytes + "hsqs"), Code::invalid), "no image"));

  const std::string image = runner + "hsqs";
  using Header = Elf64_Ehdr;
  bad(find_in(with(image, EI_CLASS, char{ELFCLASS32})), Code::invalid);
  bad(find_in(with(image, EI_DATA, char{ELFDATA2MSB})), Code::invalid);
  bad(find_in(with(image, offsetof(Header, e_phnum), Elf64_Half{0})), Code::invalid);
  bad(find_in(with(image, offsetof(Header, e_phnum), Elf64_Half{257})), Code::invalid);
  bad(find_in(with(image, offsetof(Header, e_phentsize), Elf64_Half{32})), Code::invalid);
  bad(find_in(with(image, offsetof(Header, e_phoff), ~Elf64_Off{0})), Code::invalid);
  bad(find_in(with(image, offsetof(Header, e_phoff), Elf64_Off{image.size() - 1})), Code::invalid);
  const std::size_t first = sizeof(Header);
  bad(find_in(with(image, first + offsetof(Elf64_Phdr, p_offset), ~Elf64_Off{0})), Code::invalid);
  bad(find_in(with(image, first + offsetof(Elf64_Phdr, p_filesz), ~Elf64_Off{0})), Code::invalid);
  bad(find_in(with(image, first + offsetof(Elf64_Phdr, p_filesz), Elf64_Off{image.size()})), Code::invalid);
}

}  // namespace
}  // namespace xaas
