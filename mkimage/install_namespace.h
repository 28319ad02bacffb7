// Shows the tree that is being installed at the prefix, to the install command alone. So files that an install step
// writes to the prefix itself end up in the installed tree, and the step can run programs that it has installed. Files
// that it writes to /usr/local instead do not stay there, where the host lets an overlay cover that directory.
// Implements spec/recipe.md, "Installing".
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "mkimage/stray_files.h"

namespace xaas {

// If this is its first argument, mkxaas must call exec_with_prefix() with all arguments that follow.
inline constexpr const char* kWithPrefix = "--with-prefix";

// Replaces this process by a command with a mount namespace of its own. `arguments` are the prefix, the tree to show
// there, the scratch directory, and the command. Returns only if that fails. REQUIRES: the process has one
// thread.
Error exec_with_prefix(const std::vector<std::string>& arguments);

// The namespace for one run of the install command. If this host allows no such namespace, or the prefix cannot be
// covered, the command runs without one.
class InstallNamespace {
 public:
  // `destination` is $DESTDIR, without symlinks. The tree in it is made. `scratch` is a name for a directory beside it.
  static Result<InstallNamespace> create(const std::filesystem::path& prefix, const std::filesystem::path& destination,
                                         const std::filesystem::path& scratch);

  bool is_private() const { return is_private_; }
  // The command to run in place of `command`.
  std::vector<std::string> wrap(const std::vector<std::string>& command) const;
  // Call it when the command has ended, with success or without. Puts the tree in order. Returns warnings of files that
  // were found outside the tree. `advice` stands behind those that ask for another install command.
  Result<std::vector<std::string>> end(std::string_view advice) const;

 private:
  InstallNamespace() = default;
  std::vector<std::string> call(const std::vector<std::string>& command) const;
  Status make_outline();
  StrayFiles strays(bool is_all) const;

  bool is_private_ = false;
  bool covers_local_ = false;  // whether what the command writes to kLocal goes into scratch_
  timespec start_{};           // the command begins after it
  std::string self_;           // this executable, mkxaas
  std::filesystem::path prefix_;
  std::filesystem::path destination_;
  std::filesystem::path tree_;  // destination_ + prefix_
  std::filesystem::path scratch_;
  std::filesystem::path missing_;  // the outermost directory of the prefix that the host lacks; empty: it has all
  std::vector<std::filesystem::path> outline_;  // empty directories that were made in the tree
};

// The outermost directory of `path` that does not exist; empty if `path` exists.
std::filesystem::path outermost_missing(const std::filesystem::path& path);

// Moves the entries of the directory `from` into the directory `to` and removes `from`. Existing files in `to` are not
// overwritten.
Status move_contents(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace xaas
