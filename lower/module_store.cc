// An object's name here is LLVM's name for it and the digest of its bytes, so that it needs no record; see
// module_store.h.
#include "lower/module_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/file.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

// LLVM's own, see llvm/lib/Support/Caching.cpp: what else is in its directory is temporary.
constexpr std::string_view kPrefix = "llvmcache-";
constexpr std::size_t kKeyDigits = 40;
constexpr std::uint64_t kLargest = 256ULL << 20;  // bytes of an object
constexpr std::uint64_t kMost = 4ULL << 30;       // bytes that one worker may leave behind

bool is_key(std::string_view text) {
  return text.size() == kKeyDigits && std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// "<key>-<digest>"
struct StoredName {
  std::string key;
  Digest digest;
};

std::optional<StoredName> parse_name(const std::string& name) {
  if (name.size() <= kKeyDigits || name[kKeyDigits] != '-' || !is_key(name.substr(0, kKeyDigits))) return std::nullopt;
  const auto digest = Digest::parse("sha256:" + name.substr(kKeyDigits + 1));
  if (!digest) return std::nullopt;
  return StoredName{name.substr(0, kKeyDigits), *digest};
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}

std::vector<std::string> newest_first(const fs::path& directory) {
  std::vector<std::pair<std::int64_t, std::string>> timed;
  for (std::string& name : names_in(directory)) {
    struct stat status{};
    if (lstat((directory / name).c_str(), &status) == 0) timed.emplace_back(-status.st_mtim.tv_sec, std::move(name));
  }
  std::ranges::sort(timed);
  std::vector<std::string> names;
  for (auto& [time, name] : timed) names.push_back(std::move(name));
  return names;
}

// The bytes of a regular file of this user; not of a symlink, of a device or of more than a module can need.
std::optional<std::string> read_own(const fs::path& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (!fd.valid() || fstat(fd.get(), &status) != 0) return std::nullopt;
  if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return std::nullopt;
  }
  auto bytes = read_fd(fd.get(), kLargest);
  if (!bytes) return std::nullopt;
  return std::move(*bytes);
}

}  // namespace

bool is_module(const fs::path& path) { return parse_name(path.filename().string()).has_value(); }

ModuleState check_module(const fs::path& path) {
  const auto name = parse_name(path.filename().string());
  const auto bytes = read_own(path);
  if (!name || !bytes) return ModuleState::unreadable;
  return Digest::of(*bytes) == name->digest ? ModuleState::sound : ModuleState::broken;
}

ModuleStore::ModuleStore(const Cache& cache, const Digest& scope)
    : is_usable_(cache.writable().has_value()),
      root_(cache.directory() / kCacheModules / scope.hex().substr(0, 2) / scope.hex()) {}

void ModuleStore::lend(const fs::path& directory, std::uint64_t most) const {
  if (mkdir(directory.c_str(), 0700) != 0 || !is_usable_) return;
  // Used now, for whoever removes what has not been used for long.
  static_cast<void>(utimensat(AT_FDCWD, root_.c_str(), nullptr, 0));
  std::uint64_t lent = 0;
  for (const std::string& name : newest_first(root_)) {
    const auto parsed = parse_name(name);
    if (!parsed) continue;
    const auto bytes = read_own(root_ / name);
    if (!bytes) continue;
    lent += bytes->size();
    if (lent > most || available_bytes(directory) < kScratchRoom) return;
    if (Digest::of(*bytes) != parsed->digest) {
      unlink((root_ / name).c_str());
      continue;
    }
    // A copy: a worker could write to what it shares with the store.
    const fs::path copy = directory / (std::string(kPrefix) + parsed->key);
    if (create_private_file(copy, *bytes)) continue;
    unlink(copy.c_str());  // LLVM would take a part of it for the whole
    return;
  }
}

std::size_t ModuleStore::collect(const fs::path& directory, std::size_t most) const {
  if (!is_usable_) return 0;
  for (const fs::path& part : {root_.parent_path(), root_}) mkdir(part.c_str(), 0700);
  std::size_t added = 0;
  std::uint64_t total = 0;
  std::vector<std::string> known = names_in(root_);
  for (std::string& name : known) name.resize(std::min(name.size(), kKeyDigits));
  std::ranges::sort(known);
  for (const std::string& name : names_in(directory)) {
    if (!name.starts_with(kPrefix)) continue;
    const std::string key = name.substr(kPrefix.size());
    if (!is_key(key) || std::ranges::binary_search(known, key)) continue;
    const auto bytes = read_own(directory / name);
    if (!bytes) continue;
    total += bytes->size();
    if (total > kMost || added == most) break;
    auto file = TempFile::create(root_);
    if (!file || fchmod(file->fd(), 0600) != 0 || !write_all(file->fd(), *bytes)) break;
    // Not synchronised: what a crash leaves half-written does not have the digest in its name.
    const fs::path target = root_ / (key + "-" + Digest::of(*bytes).hex());
    if (rename(file->path().c_str(), target.c_str()) != 0) break;
    ++added;
  }
  return added;
}

}  // namespace xaas
