#include <catch2/catch.hpp>

#include "format/base/file.h"
#include "mkimage/install_namespace.h"

namespace fs = std::filesystem;

TEST_CASE("the outermost directory that is missing is named") {
  const auto parent = xaas::TempDirectory::create(fs::temp_directory_path());
  REQUIRE(parent);
  CHECK(xaas::outermost_missing(parent->path()).empty());
  CHECK(xaas::outermost_missing(parent->path() / "a") == parent->path() / "a");
  CHECK(xaas::outermost_missing(parent->path() / "a" / "b" / "c") == parent->path() / "a");
}

TEST_CASE("stray files are moved into the tree and overwrite nothing") {
  const auto parent = xaas::TempDirectory::create(fs::temp_directory_path());
  REQUIRE(parent);
  const fs::path stray = parent->path() / "stray";
  const fs::path tree = parent->path() / "tree";
  fs::create_directories(stray / "bin");
  fs::create_directories(stray / "new" / "deep");
  fs::create_directories(tree / "bin");
  REQUIRE(xaas::write_file(stray / "bin" / "both", "stray"));
  REQUIRE(xaas::write_file(stray / "bin" / "mine", "stray"));
  REQUIRE(xaas::write_file(stray / "new" / "deep" / "file", "stray"));
  fs::create_symlink("nowhere", tree / "bin" / "link");
  REQUIRE(xaas::write_file(stray / "bin" / "link", "stray"));
  REQUIRE(xaas::write_file(tree / "bin" / "both", "tree"));

  REQUIRE(xaas::move_contents(stray, tree));
  CHECK_FALSE(fs::exists(stray));
  CHECK(xaas::read_file(tree / "bin" / "both") == "tree");
  CHECK(xaas::read_file(tree / "bin" / "mine") == "stray");
  CHECK(xaas::read_file(tree / "new" / "deep" / "file") == "stray");
  CHECK(fs::is_symlink(tree / "bin" / "link"));
}
