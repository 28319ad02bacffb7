// What an installation says of itself: which entries it has and what they hold. By it a later run knows which files it
// can keep, and that the directory is one of ours. Implements spec/install.md, "The record".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "lower/native_tree.h"

namespace xaas {

// The path of the record in an installation.
inline constexpr std::string_view kInstalledRecord = ".xaas/installed";

struct InstalledEntry {
  NativeEntry::Kind kind = NativeEntry::Kind::directory;
  unsigned permissions = 0;
  std::int64_t mtime = 0;  // of a file, in seconds since 1970
  std::uint64_t size = 0;  // of a file, in bytes
  Digest content{};        // NativeEntry::content, or baseline where that is what the file has
};

struct InstalledRecord {
  // For people:
  std::string image{};  // name and version
  std::string target{};
  std::string configuration{};
  std::string prefix{};

  // By path, in the form of printable(): JSON holds only UTF-8, and a path may have any byte.
  std::map<std::string, InstalledEntry> entries{};
};

// One line of JSON for the whole, then one for each entry.
std::string to_text(const InstalledRecord& record);
Result<InstalledRecord> parse_installed_record(std::string_view text);

// The record of the installation in `directory`; nullopt if there is none, or none that this version reads.
std::optional<InstalledRecord> read_installed_record(const std::filesystem::path& directory);

// Whether the installation in `directory` has the entry as it is wanted, with this content: it was installed so, and
// nobody has changed it since, as far as type, permissions, size and time show. `recorded` is null if the installation
// did not have it.
bool is_installed(const NativeEntry& wanted, const Digest& content, const InstalledEntry* recorded,
                  const std::filesystem::path& directory);

// The permissions with which an entry is installed. The top directory can be renamed only by a user who may write it.
unsigned installed_permissions(const NativeEntry& entry);

}  // namespace xaas
