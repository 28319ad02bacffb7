#include <sys/stat.h>
#include <sys/xattr.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "format/base/file.h"
#include "mkimage/contents/installed_tree.h"

namespace {

struct Destination {
  xaas::TempDirectory directory = xaas::TempDirectory::create("/tmp").value();
  std::filesystem::path root = directory.path() / "opt/app";

  Destination() { std::filesystem::create_directories(root / "bin"); }
  void write(const std::filesystem::path& path) const {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "x";
  }
  xaas::Result<xaas::InstalledTree> scan() const { return xaas::scan_tree(directory.path(), "/opt/app"); }
};

}  // namespace

TEST_CASE("a tree lists files, symlinks and hard links, sorted, without setuid") {
  const Destination destination;
  destination.write(destination.root / "bin/b");
  REQUIRE(chmod((destination.root / "bin/b").c_str(), 04755) == 0);
  std::filesystem::create_hard_link(destination.root / "bin/b", destination.root / "bin/c");
  std::filesystem::create_symlink("b", destination.root / "bin/a");
  const auto tree = destination.scan();
  REQUIRE(tree);
  REQUIRE(tree->entries.size() == 4);
  CHECK(tree->entries[0].path == "bin");
  CHECK(tree->entries[1].link_target == "b");
  CHECK(tree->entries[2].permissions == 0755);
  CHECK(tree->entries[2].same_as.empty());
  CHECK(tree->entries[3].same_as == "bin/b");
  CHECK(tree->warnings.size() == 2);
}

TEST_CASE("a link whose target begins with DESTDIR points into the prefix") {
  const Destination destination;
  const std::string before = destination.directory.path().string();
  std::filesystem::create_symlink(before + "/opt/app/share/data", destination.root / "a");
  std::filesystem::create_symlink(before + "x/data", destination.root / "b");
  const auto tree = destination.scan();
  REQUIRE(tree);
  CHECK(tree->entries[0].link_target == "/opt/app/share/data");
  CHECK(tree->entries[1].link_target == before + "x/data");
}

TEST_CASE("file capabilities are dropped with a warning") {
  const Destination destination;
  destination.write(destination.root / "bin/a");
  const std::uint32_t capability[] = {0x02000000, 1U << 13, 0, 0, 0};  // version 2, CAP_NET_RAW permitted
  const std::string file = (destination.root / "bin/a").string();
  if (setxattr(file.c_str(), "security.capability", capability, sizeof capability, 0) != 0) return;  // not allowed here
  const auto tree = destination.scan();
  REQUIRE(tree);
  CHECK(tree->warnings == std::vector<std::string>{"bin/a: file capabilities are dropped"});
}

TEST_CASE("files outside of the prefix are an error that names at most five") {
  const Destination destination;
  destination.write(destination.root / "bin/a");
  for (int i = 0; i < 7; ++i) destination.write(destination.directory.path() / "etc" / std::to_string(i));
  const auto tree = destination.scan();
  REQUIRE_FALSE(tree);
  CHECK(tree.error().message.find("/etc/0, /etc/1, /etc/2, /etc/3, /etc/4 and 2 more") != std::string::npos);
}

TEST_CASE("an empty install, pipes and an own .xaas are refused with a message") {
  const xaas::TempDirectory empty = xaas::TempDirectory::create("/tmp").value();
  const auto nothing = xaas::scan_tree(empty.path(), "/opt/app");
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().message.find("installed nothing") != std::string::npos);

  const Destination with_pipe;
  REQUIRE(mkfifo((with_pipe.root / "bin/pipe").c_str(), 0644) == 0);
  REQUIRE_FALSE(with_pipe.scan());
  CHECK(with_pipe.scan().error().message.find("bin/pipe") != std::string::npos);

  const Destination with_private;
  with_private.write(with_private.root / ".xaas/x");
  CHECK_FALSE(with_private.scan());
}

TEST_CASE("attributes of the installed files are kept, but for those that are ours") {
  const Destination destination;
  const std::filesystem::path file = destination.root / "bin/a";
  destination.write(file);
  if (setxattr(file.c_str(), "user.note", "x", 1, 0) != 0) return;  // the file system has no attributes
  REQUIRE(setxattr(file.c_str(), "user.xaas.recipe", "x", 1, 0) == 0);
  const auto tree = destination.scan();
  REQUIRE(tree);
  CHECK(tree->entries.back().xattrs == std::map<std::string, std::string>{{"user.note", "x"}});
}
