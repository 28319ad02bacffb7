// The files of a source tree, read within limits. A project may hold anything, so a reader of build files opens files
// only through this class.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Reads regular files below one directory. Paths are relative to it and normal; "" is the directory itself. A symbolic
// link is followed if it leads to a place in the tree. Not thread-safe.
class SourceTree {
 public:
  // Code::not_found or Code::invalid if `root` is no directory.
  static Result<SourceTree> open(const std::filesystem::path& root);

  const std::filesystem::path& root() const { return root_; }

  // The text of a file, or null if it is not there, is no text, or passes a limit: 4 MiB a file, 256 MiB together. The
  // text lives as long as the tree.
  const std::string* read(const std::string& path);
  bool has_file(const std::string& path) const;
  bool has_directory(const std::string& path) const;
  // The names of the regular files in a directory, sorted; at most 10,000.
  std::vector<std::string> files_in(const std::string& path) const;
  // The names of the directories in a directory, sorted; at most 10,000. Hidden ones are left out.
  std::vector<std::string> directories_in(const std::string& path) const;

  // What was left unread because of a limit, one line each.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  explicit SourceTree(std::filesystem::path root) : root_(std::move(root)) {}
  std::optional<std::filesystem::path> resolve(const std::string& path) const;
  std::vector<std::string> names_in(const std::string& path, bool directories) const;
  std::optional<std::string> load(const std::string& path);

  std::filesystem::path root_;  // canonical
  std::map<std::string, std::optional<std::string>> texts_;
  std::uint64_t bytes_ = 0;
  std::vector<std::string> notes_;
};

// The directory that a path names a file in: "" for the tree itself.
std::string directory_of(const std::string& path);

// `path` relative to `directory`, both in a tree, made normal. Nullopt if it leads out of the tree.
std::optional<std::string> path_in_tree(std::string_view directory, std::string_view path);

}  // namespace xaas
