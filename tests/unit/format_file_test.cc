// Files and temporary files.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <fstream>

#include "format/base/file.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

std::size_t entries(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

}  // namespace

TEST_CASE("a file is written and read whole") {
  const TempDirectory directory = scratch();
  const std::string data = noise(1'000'001);
  good(write_file(directory.path() / "f", data));
  CHECK(good(read_file(directory.path() / "f")) == data);
  good(write_file(directory.path() / "f", ""));
  CHECK(good(read_file(directory.path() / "f")).empty());
  CHECK(entries(directory.path()) == 1);
}

TEST_CASE("a file larger than the limit is refused with its path") {
  const TempDirectory directory = scratch();
  good(write_file(directory.path() / "f", "12345"));
  CHECK(good(read_file(directory.path() / "f", 5)) == "12345");
  CHECK(contains(bad(read_file(directory.path() / "f", 4), Code::invalid), "/f"));
}

TEST_CASE("a pipe is read to its end") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const Fd reading(ends[0]);
  {
    const Fd writing(ends[1]);
    good(write_all(writing.get(), "hello"));
  }
  CHECK(good(read_fd(reading.get())) == "hello");
}

TEST_CASE("a missing file is not found, by name") {
  CHECK(contains(bad(read_file("/nonexistent/file"), Code::not_found), "/nonexistent/file"));
}

TEST_CASE("a temporary file leaves nothing unless it is committed") {
  const TempDirectory directory = scratch();
  {
    TempFile file = good(TempFile::create(directory.path()));
    CHECK(entries(directory.path()) == 1);
    const TempFile moved = std::move(file);
    CHECK(entries(directory.path()) == 1);
  }
  CHECK(entries(directory.path()) == 0);
  {
    TempFile file = good(TempFile::create(directory.path()));
    good(write_all(file.fd(), "x"));
    good(file.commit(directory.path() / "kept"));
    CHECK(fcntl(file.fd(), F_GETFD) >= 0);
  }
  CHECK(good(read_file(directory.path() / "kept")) == "x");
  CHECK(entries(directory.path()) == 1);
}

TEST_CASE("a committed file has the permissions of any new file") {
  const TempDirectory directory = scratch();
  const mode_t mask = umask(022);
  good(write_file(directory.path() / "f", "x"));
  umask(mask);
  struct stat status{};
  REQUIRE(stat((directory.path() / "f").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0644);
}

TEST_CASE("a temporary directory goes away with all it holds") {
  std::filesystem::path path;
  {
    const TempDirectory directory = scratch();
    path = directory.path();
    std::filesystem::create_directories(path / "a/b");
    good(write_file(path / "a/b/c", "x"));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a tree is removed whatever its modes and however deep it is") {
  const TempDirectory outer = scratch();
  const std::filesystem::path top = outer.path() / "top";
  std::filesystem::create_directory(top);
  const std::filesystem::path here = std::filesystem::current_path();
  std::filesystem::current_path(top);
  // Deeper than the number of descriptors and the length of any path.
  constexpr int kLevels = 300;
  const std::string name(PATH_MAX / kLevels + 1, 'd');
  for (int level = 0; level < kLevels; ++level) {
    std::ofstream("file") << "x";
    REQUIRE(std::filesystem::create_directory(name));
    std::filesystem::current_path(name);
  }
  std::filesystem::current_path(here);
  std::filesystem::create_directories(top / "closed" / "inner");
  std::filesystem::permissions(top / "closed", std::filesystem::perms::none);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit few{kLevels / 2, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  remove_tree(top);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_FALSE(std::filesystem::exists(top));
}

TEST_CASE("a tree is removed whatever its modes, and what it links to stays as it is") {
  const TempDirectory directory = scratch();
  const std::filesystem::path outside = directory.path() / "outside";
  const std::filesystem::path top = directory.path() / "top";
  std::filesystem::create_directory(outside);
  REQUIRE(chmod(directory.path().c_str(), 0777) == 0);
  REQUIRE(chmod(outside.c_str(), 0777) == 0);
  const bool is_root = geteuid() == 0;  // no mode stops root
  REQUIRE((!is_root || seteuid(65534) == 0));
  std::filesystem::create_directories(top / "a/b/c");
  std::filesystem::create_directory_symlink(outside, top / "link");
  std::filesystem::create_directory_symlink(outside, top / "a/b/link");
  std::ofstream(top / "a/b/c/file") << "x";
  for (const char* name : {"a/b/c", "a/b", "a", ""}) REQUIRE(chmod((top / name).c_str(), *name == 'a' ? 0555 : 0) == 0);
  remove_tree(top);
  REQUIRE((!is_root || seteuid(0) == 0));
  CHECK_FALSE(std::filesystem::exists(top));
  struct stat status{};
  REQUIRE(stat(outside.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0777);
}
