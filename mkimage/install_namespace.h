// The prefix while the install command runs: the tree that it has installed so far, seen by that command alone. So
// files that an install step writes to the prefix itself come to lie in the installed tree, and it can run programs
// that it has installed. Implements spec/recipe.md, "Installing".
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// With this as its first argument, mkxaas is to call exec_with_prefix() with all that follow.
inline constexpr const char* kWithPrefix = "--with-prefix";

// Replaces this process by a command that has a mount namespace of its own. `arguments`: the prefix, the tree that is
// to be seen there, an empty directory beside the tree, the command. Returns only when that fails. REQUIRES: one
// thread.
Error exec_with_prefix(const std::vector<std::string>& arguments);

// Of one run of the install command. Where this host allows no such namespace, or the prefix cannot be covered, the
// command runs as any other.
class InstallNamespace {
 public:
  // `destination`: $DESTDIR, without symlinks. The tree in it is made. `scratch`: a name for a directory beside it.
  static Result<InstallNamespace> create(const std::filesystem::path& prefix, const std::filesystem::path& destination,
                                         const std::filesystem::path& scratch);

  bool is_private() const { return is_private_; }
  // What to run in place of `command`.
  std::vector<std::string> wrap(const std::vector<std::string>& command) const;
  // Call when the command has ended, however that was. Puts the tree in order; a warning, where files were found
  // outside of it.
  Result<std::optional<std::string>> end() const;

 private:
  InstallNamespace() = default;
  std::vector<std::string> call(const std::vector<std::string>& command) const;
  Status make_outline();

  bool is_private_ = false;
  std::string self_;  // our executable
  std::filesystem::path prefix_;
  std::filesystem::path destination_;
  std::filesystem::path tree_;  // destination_ + prefix_
  std::filesystem::path scratch_;
  std::filesystem::path missing_;  // the outermost directory of the prefix that the host has not; empty: none
  std::vector<std::filesystem::path> outline_;  // directories that were made in the tree
};

// The outermost directory of `path` that does not exist; empty: `path` exists.
std::filesystem::path outermost_missing(const std::filesystem::path& path);

// Moves what is in the directory `from` into the directory `to`, nothing there is overwritten; removes `from`.
Status move_contents(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace xaas
