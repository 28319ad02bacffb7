// The guard of an image's file, on a real file that is changed under it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "fuse/image_guard.h"
#include "tests/unit/format_support.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// The file of an image. The guard sees only its size, times and first bytes.
class GuardedFile {
 public:
  GuardedFile() : path(make(directory_)), file(open(path)), guard(file.get(), 0, path) {}
  // The guard looks at the file once a second.
  bool stays_unchanged() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1100);
    while (std::chrono::steady_clock::now() < end) {
      if (!guard.check()) return false;
      std::this_thread::yield();
    }
    return true;
  }

 private:
  static fs::path make(std::optional<TempDirectory>& directory) {
    auto made = TempDirectory::create(fs::temp_directory_path());
    REQUIRE(made);
    directory.emplace(std::move(*made));
    REQUIRE(write_file(directory->path() / "image", "one"));
    return directory->path() / "image";
  }
  static Fd open(const fs::path& path) {
    auto file = open_for_reading(path);
    REQUIRE(file);
    return std::move(*file);
  }
  std::optional<TempDirectory> directory_;

 public:
  const fs::path path;
  const Fd file;
  ImageGuard guard;
};

TEST_CASE("a change of the image under the mount is noticed, with one text however often") {
  GuardedFile image;
  struct stat before{};
  REQUIRE(::stat(image.path.c_str(), &before) == 0);
  SECTION("of its size") { REQUIRE(::truncate(image.path.c_str(), 1) == 0); }
  SECTION("of its bytes") {
    const Fd file(::open(image.path.c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(write_all(file.get(), "two"));
  }
  SECTION("of its bytes, with its time of change set back") {
    const Fd file(::open(image.path.c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(write_all(file.get(), "two"));
    const timespec times[] = {before.st_atim, before.st_mtim};
    REQUIRE(::futimens(file.get(), times) == 0);
  }
  REQUIRE_FALSE(image.stays_unchanged());
  const Status first = image.guard.check();
  const Status second = image.guard.check();
  REQUIRE_FALSE(first);
  REQUIRE_FALSE(second);
  CHECK(first.error().code == Code::io);
  CHECK(first.error().message == second.error().message);
}

TEST_CASE("an image that is renamed, replaced or given another mode under the mount has not changed") {
  GuardedFile image;
  REQUIRE(::chmod(image.path.c_str(), 0600) == 0);
  fs::rename(image.path, image.path.string() + ".old");
  REQUIRE(write_file(image.path, "two"));
  CHECK(image.stays_unchanged());
}

}  // namespace
}  // namespace xaas
