// A source tree as an image records it whole. Two trees with the same files have the same digest, whatever their times,
// owners and umask. Implements spec/image-format.md, section "Source".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"

namespace xaas {

enum class SourceKind { directory, file, link };

struct SourceEntry {
  std::string path;  // relative to the root of the tree
  SourceKind kind = SourceKind::file;
  bool is_executable = false;  // of a file: whether its owner may execute it
  std::string link_target;     // of a link
  std::uint64_t size = 0;      // of a file, in bytes
  Digest sha256;               // of the content of a file

  unsigned permissions() const { return kind != SourceKind::file || is_executable ? 0755U : 0644U; }
};

struct WholeSource {
  std::filesystem::path root;
  std::vector<SourceEntry> entries;  // sorted by the bytes of their paths
  std::uint64_t files = 0;           // regular files
  std::uint64_t bytes = 0;           // in them
  Digest digest;                     // of all entries
};

// Reads every file below `root`. Anything but files, directories and symbolic links is passed over.
Result<WholeSource> read_whole_source(const std::filesystem::path& root);

}  // namespace xaas
