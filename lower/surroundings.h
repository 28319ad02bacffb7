// Where the discovery of a system looks: a root directory and the environment of the user. Tests give small trees.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

struct Surroundings {
  std::filesystem::path root = "/";
  std::map<std::string, std::string, std::less<>> environment{};
  std::string triple{};  // of the system's programs: "x86_64-pc-linux-gnu"

  // An absolute path of the system as a path of this process.
  std::filesystem::path at(const std::filesystem::path& path) const { return root / path.relative_path(); }
  // The reverse of at(): how the system itself calls a path below the root.
  std::filesystem::path shown(const std::filesystem::path& path) const;
  // Empty if the variable is not set.
  std::string variable(std::string_view name) const;
  // The directories in a list such as PATH that are absolute. Others would depend on the current directory, and what is
  // found there may be anybody's.
  std::vector<std::filesystem::path> directories(std::string_view name) const;
};

// This machine, and the environment of this process.
Surroundings surroundings_here();

// The names in a directory, sorted; empty if it cannot be read.
std::vector<std::string> names_in(const std::filesystem::path& directory);
// The first line of a small file, without white space at its ends; empty if it cannot be read.
std::string first_line_of(const std::filesystem::path& file);

}  // namespace xaas
