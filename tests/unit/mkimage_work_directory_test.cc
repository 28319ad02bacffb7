#include <catch2/catch.hpp>

#include "format/base/file.h"
#include "mkimage/record/work_directory.h"

namespace fs = std::filesystem;
using xaas::WorkDirectory;

TEST_CASE("a work directory belongs to one at a time") {
  const auto parent = xaas::TempDirectory::create(fs::temp_directory_path());
  REQUIRE(parent);
  const fs::path root = parent->path() / "work";
  {
    const auto first = WorkDirectory::create(root, WorkDirectory::Keep::yes);
    REQUIRE(first);
    REQUIRE(first->begin_anew());
    REQUIRE(xaas::write_file(first->build() / "file", ""));
    const auto second = WorkDirectory::create(root, WorkDirectory::Keep::no);
    REQUIRE_FALSE(second);
    CHECK(second.error().message.find("in use by another mkxaas") != std::string::npos);
    CHECK(fs::exists(first->build() / "file"));
  }
  {
    const auto next = WorkDirectory::create(root, WorkDirectory::Keep::no);
    REQUIRE(next);
    CHECK(fs::exists(next->build() / "file"));
    REQUIRE(next->begin_anew());
    CHECK(fs::is_empty(next->build()));
  }
  CHECK_FALSE(fs::exists(root));
}

TEST_CASE("a work directory that is taken up keeps the build and the copy of the source") {
  const auto parent = xaas::TempDirectory::create(fs::temp_directory_path());
  REQUIRE(parent);
  const fs::path root = parent->path() / "work";
  {
    auto first = WorkDirectory::create(root, WorkDirectory::Keep::no);
    REQUIRE(first);
    REQUIRE(first->begin_anew());
    fs::create_directory(first->source());
    for (const fs::path& part : {first->source(), first->build(), first->capture(), first->installed(), first->ir()}) {
      REQUIRE(xaas::write_file(part / "file", ""));
    }
    first->keep();
  }
  const auto next = WorkDirectory::create(root, WorkDirectory::Keep::no);
  REQUIRE(next);
  REQUIRE(next->take_up());
  for (const fs::path& part : {next->source(), next->build(), next->capture()}) CHECK(fs::exists(part / "file"));
  for (const fs::path& part : {next->installed(), next->ir(), next->tools()}) CHECK(fs::is_empty(part));
}

TEST_CASE("somebody's directory is not taken for a work directory") {
  const auto parent = xaas::TempDirectory::create(fs::temp_directory_path());
  REQUIRE(parent);
  REQUIRE(xaas::write_file(parent->path() / "file", ""));
  CHECK_FALSE(WorkDirectory::create(parent->path(), WorkDirectory::Keep::no));
  CHECK(fs::exists(parent->path() / "file"));
}
