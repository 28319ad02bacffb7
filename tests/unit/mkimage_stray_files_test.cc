#include <catch2/catch.hpp>

#include "format/base/file.h"
#include "mkimage/stray_files.h"

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

struct Place {
  xaas::TempDirectory directory = xaas::TempDirectory::create(fs::temp_directory_path()).value();

  fs::path write(const fs::path& name) const {
    const fs::path path = directory.path() / name;
    fs::create_directories(path.parent_path());
    REQUIRE(xaas::write_file(path, "x"));
    return path;
  }
};

}  // namespace

TEST_CASE("files that a lower directory has too are not strays, nor are links that lead nowhere a failure") {
  const Place place;
  const fs::path upper = place.directory.path() / "upper";
  const fs::path lower = place.directory.path() / "lower";
  place.write("upper/share/cache");
  place.write("lower/share/cache");
  place.write("upper/bin/new");
  fs::create_directories(upper / "empty");
  place.write("upper/lib/__pycache__/a.pyc");
  fs::create_symlink("loop", upper / "loop");
  fs::create_directory_symlink(place.directory.path(), upper / "link");
  CHECK(xaas::files_added(upper, lower) == Names{"bin/new", "link", "loop"});
  CHECK(xaas::files_in(upper) == Names{"bin/new", "link", "loop", "share/cache"});
  CHECK(xaas::files_added(lower, upper).empty());
  CHECK(xaas::files_added(place.directory.path() / "nothing", lower).empty());
}

TEST_CASE("files that are made or replaced are found by the time of their change") {
  const Place place;
  const fs::path old = place.write("bin/old");
  const fs::path root = place.directory.path();
  // As soon as another file has another time, the clock has gone on.
  timespec start = xaas::file_clock_now();
  while (!xaas::files_changed_since(start, root, {}).empty()) start = xaas::file_clock_now();
  const fs::path added = place.write("bin/added");
  fs::last_write_time(added, fs::last_write_time(old) - std::chrono::hours(1));
  place.write("work/left/out");
  CHECK(xaas::files_changed_since(start, root, root / "work") == Names{"bin/added"});
  place.write("bin/old");
  CHECK(xaas::files_changed_since(start, root, root / "work") == Names{"bin/added", "bin/old"});
}

TEST_CASE("a warning about strays gives advice only if nothing else was installed") {
  const std::string wrote =
      "the install command wrote to /usr/local and not to $DESTDIR$PREFIX: bin/a; these files are ";
  const std::string ask = "; have it install below $DESTDIR$PREFIX";
  CHECK(xaas::describe_strays({{"bin/a"}, false}, true, "; try") ==
        wrote + "neither in the image nor on this host" + ask + ", or give --prefix /usr/local; try");
  CHECK(xaas::describe_strays({{"bin/a"}, true}, true, "; try") ==
        wrote + "on this host and not in the image" + ask + "; try");
  CHECK(
      xaas::describe_strays({{"bin/a", "bin/b"}, true}, false, "; try") ==
      "the install command also wrote to /usr/local: bin/a, bin/b; these files are on this host and not in the image");
}
