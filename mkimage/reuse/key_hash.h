// Computes the digest of everything that decides the result of a compile.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/base/file.h"

namespace xaas {

// Parts are separated: "ab", "c" gives another digest than "a", "bc".
class KeyHash {
 public:
  void add(std::string_view part) {
    hash_.update(fmt::format("{}:", part.size()));
    hash_.update(part);
  }
  void add_all(const std::vector<std::string>& parts) {
    for (const std::string& part : parts) add(part);
  }
  // Adds a program or plugin by path, size and modification time, which differ between its versions.
  void add_program(const std::filesystem::path& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) status = {};
    add(fmt::format("{} {} {}.{}", path.string(), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec));
  }
  // Adds a file by its name and content.
  void add_file(const std::filesystem::path& path) {
    const auto fd = open_for_reading(path);
    const auto digest = fd ? Digest::of_file(fd->get()) : tl::unexpected(fd.error());
    add(path.string());
    add(digest ? digest->to_string() : "");
  }
  Digest finish() { return hash_.finish(); }

 private:
  Sha256 hash_;
};

}  // namespace xaas
