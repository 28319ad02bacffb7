#include <catch2/catch.hpp>

#include "format/base/file.h"
#include "mkimage/build_state.h"

namespace fs = std::filesystem;
using xaas::SourceListing;

namespace {

xaas::BuildState some_state() {
  xaas::BuildState state;
  state.made_for = xaas::Digest::of("anything");
  state.failed = xaas::Stage::install;
  state.fortran = xaas::FortranChoice::gfortran;
  state.source = {{"a b.c", "100644 3 1.000000000"}, {"tab\there", "directory"}};
  return state;
}

}  // namespace

TEST_CASE("the state of a build is read as it was written") {
  const auto parent = xaas::TempDirectory::create(fs::temp_directory_path());
  REQUIRE(parent);
  const fs::path file = parent->path() / "state";
  const xaas::BuildState state = some_state();
  REQUIRE(xaas::save_build_state(file, state));
  const auto read = xaas::load_build_state(file);
  REQUIRE(read);
  CHECK(read->made_for == state.made_for);
  CHECK(read->failed == state.failed);
  CHECK(read->fortran == state.fortran);
  CHECK(read->source == state.source);
}

TEST_CASE("a state that is damaged, or cannot be written, is none") {
  const auto parent = xaas::TempDirectory::create(fs::temp_directory_path());
  REQUIRE(parent);
  const fs::path file = parent->path() / "state";
  CHECK_FALSE(xaas::load_build_state(file));
  REQUIRE(xaas::write_file(file, R"({"version": 1, "failed": "build"})"));
  CHECK_FALSE(xaas::load_build_state(file));
  xaas::BuildState state = some_state();
  state.source.emplace("\xff", "directory");
  CHECK_FALSE(xaas::save_build_state(file, state));
}

TEST_CASE("a build is another one with other commands, but not with another install command") {
  const xaas::PlannedConfiguration configuration{.name = "default", .points = {}, .variables = {}, .requires_ = {}};
  xaas::BuildPlan plan;
  plan.build = "make";
  plan.install = "make install";
  const xaas::Digest before = xaas::describe_build("/src", plan, configuration);
  xaas::BuildPlan other = plan;
  other.install = "cp x /y";
  CHECK(xaas::describe_build("/src", other, configuration) == before);
  other.build = "make x";
  CHECK_FALSE(xaas::describe_build("/src", other, configuration) == before);
  CHECK_FALSE(xaas::describe_build("/other", plan, configuration) == before);
}

TEST_CASE("a copy follows the changes of its source") {
  const auto parent = xaas::TempDirectory::create(fs::temp_directory_path());
  REQUIRE(parent);
  const fs::path from = parent->path() / "from";
  const fs::path to = parent->path() / "to";
  fs::create_directories(from / "old");
  fs::create_directories(from / "out");
  for (const char* name : {"same", "changed", "old/gone", "becomes"}) REQUIRE(xaas::write_file(from / name, name));
  const auto before = xaas::list_source(from, {from / "out"});
  REQUIRE(before);
  CHECK_FALSE(before->contains("out"));
  fs::copy(from, to, fs::copy_options::recursive);
  REQUIRE(xaas::write_file(to / "old" / "made", ""));

  REQUIRE(xaas::write_file(from / "changed", "otherwise"));
  fs::remove(from / "becomes");
  fs::create_directories(from / "becomes" / "empty");
  fs::create_symlink("same", from / "link");
  fs::remove_all(from / "old");
  const auto now = xaas::list_source(from, {from / "out"});
  REQUIRE(now);
  const xaas::SourceChanges changes = xaas::compare_listings(*before, *now);
  CHECK(changes.changed == std::vector<std::string>{"becomes", "becomes/empty", "changed", "link"});
  CHECK(changes.vanished == std::vector<std::string>{"old/gone", "old"});
  REQUIRE(xaas::apply_changes(changes, from, to));
  CHECK(xaas::read_file(to / "changed") == "otherwise");
  CHECK(fs::is_directory(to / "becomes" / "empty"));
  CHECK(fs::is_symlink(to / "link"));
  CHECK_FALSE(fs::exists(to / "old" / "gone"));
  CHECK(fs::exists(to / "old" / "made"));  // the build made it
  CHECK_FALSE(xaas::compare_listings(*now, *now).any());
}
