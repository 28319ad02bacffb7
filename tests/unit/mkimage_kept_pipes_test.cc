// A pipe that a command names can be read more than once.
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "format/base/file.h"
#include "mkimage/compiler/kept_pipes.h"

namespace {

using namespace xaas;

// A descriptor that reads `text` from a pipe.
Fd pipe_with(const std::string& text) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const Fd writer(ends[1]);
  REQUIRE(write_all(writer.get(), text));
  return Fd(ends[0]);
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a pipe that is named within an option is read as often as it is opened") {
  const Fd reader = pipe_with("one\ntwo\n");
  const std::string path = fmt::format("/dev/fd/{}", reader.get());
  const std::string prefix = GENERATE("", "@", "-Wl,--version-script=");
  REQUIRE(keep_pipes({"-c", prefix + path, "-O2"}));
  CHECK(text_of(path) == "one\ntwo\n");
  CHECK(text_of(path) == "one\ntwo\n");
}

TEST_CASE("a pipe that no argument names is left alone") {
  const Fd reader = pipe_with("text");
  REQUIRE(keep_pipes({"-c", "/dev/fdx", fmt::format("/dev/fd/{}", reader.get() + 1000)}));
  CHECK(read_fd(reader.get()).value() == "text");
}

TEST_CASE("standard input is read for an input of that name, and not for an output") {
  const Fd saved(dup(STDIN_FILENO));
  const Fd reader = pipe_with("text");
  REQUIRE(dup2(reader.get(), STDIN_FILENO) == STDIN_FILENO);
  REQUIRE(keep_pipes({"-S", "-o", "-", "a.c"}));
  const bool was_pipe = lseek(STDIN_FILENO, 0, SEEK_CUR) < 0;
  REQUIRE(keep_pipes({"-x", "c", "-"}));
  const InputStart start;
  const std::string first = read_fd(STDIN_FILENO).value();
  start.rewind();
  const std::string second = read_fd(STDIN_FILENO).value();
  REQUIRE(dup2(saved.get(), STDIN_FILENO) == STDIN_FILENO);
  CHECK(was_pipe);
  CHECK(first == "text");
  CHECK(second == "text");
}
