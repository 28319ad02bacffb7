// The name of a file in the store is its key and the digest of its bytes, so the file needs no record. The key of an
// object is LLVM's name for it. See module_store.h.
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

#include "format/base/file.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

// LLVM's prefix for objects in its cache; see llvm/lib/Support/Caching.cpp. Other files in the directory are temporary.
constexpr std::string_view kPrefix = "llvmcache-";
constexpr std::size_t kObjectKeyDigits = 40;
constexpr std::size_t kUnitKeyDigits = 64;
constexpr std::uint64_t kLargest = 256ULL << 20;  // the most bytes of one file
constexpr std::uint64_t kMost = 4ULL << 30;       // the most bytes that one worker may leave behind

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_object_key(std::string_view text) { return text.size() == kObjectKeyDigits && is_hex(text); }
bool is_unit_key(std::string_view text) { return text.size() == kUnitKeyDigits && is_hex(text); }

// "<key>-<digest>"
struct StoredName {
  std::string key;
  Digest digest;
};

std::optional<StoredName> parse_name(const std::string& name) {
  const std::size_t end = name.find('-');
  if (end == std::string::npos) return std::nullopt;
  std::string key = name.substr(0, end);
  const auto digest = Digest::parse("sha256:" + name.substr(end + 1));
  if (!digest || !(is_object_key(key) || is_unit_key(key))) return std::nullopt;
  return StoredName{std::move(key), *digest};
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

struct Object {
  std::string name;
  std::string key;
  std::int64_t time;  // seconds since 1970
  std::uint64_t size;
};

std::vector<Object> newest_first(const fs::path& directory, const std::set<std::string>& names) {
  std::vector<Object> objects;
  for (const std::string& name : names) {
    const auto parsed = parse_name(name);
    struct stat status{};
    if (!parsed || !is_object_key(parsed->key) || lstat((directory / name).c_str(), &status) != 0) continue;
    objects.push_back({name, parsed->key, status.st_mtim.tv_sec, static_cast<std::uint64_t>(status.st_size)});
  }
  std::ranges::sort(objects, std::greater(), &Object::time);
  return objects;
}

// The bytes of a regular file that this user owns and nobody else can write. Refuses symlinks, devices, and files of
// more than kLargest bytes.
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
      root_(cache.directory() / kCacheModules / scope.hex().substr(0, 2) / scope.hex()) {
  if (!is_usable_) return;
  for (const fs::path& part : {root_.parent_path(), root_}) mkdir(part.c_str(), 0700);
  // Records the use, for prune_cache().
  static_cast<void>(utimensat(AT_FDCWD, root_.c_str(), nullptr, 0));
  for (std::string& name : names_in(root_)) names_.insert(std::move(name));
}

std::optional<std::string> ModuleStore::name_of(const std::string& key) const {
  const auto name = names_.lower_bound(key + "-");
  if (name == names_.end() || !name->starts_with(key + "-")) return std::nullopt;
  return *name;
}

// Copies instead of linking, because a worker could write to a file that it shares with the store.
bool ModuleStore::copy(const std::string& name, const fs::path& to) {
  const auto parsed = parse_name(name);
  const auto bytes = read_own(root_ / name);
  if (!parsed || !bytes) return false;
  if (Digest::of(*bytes) != parsed->digest) {
    unlink((root_ / name).c_str());
    names_.erase(name);
    return false;
  }
  if (create_private_file(to, *bytes)) return true;
  unlink(to.c_str());  // LLVM would take a partial file for the whole
  return false;
}

// Returns whether the file was added. After the first file that is too much or cannot be written, no more files are
// kept.
bool ModuleStore::keep(const std::string& key, const fs::path& file) {
  if (!is_usable_ || name_of(key)) return false;
  const auto bytes = read_own(file);
  if (!bytes) return false;
  kept_ += bytes->size();
  is_usable_ = false;
  if (kept_ > kMost) return false;
  auto temporary = TempFile::create(root_);
  if (!temporary || fchmod(temporary->fd(), 0600) != 0 || !write_all(temporary->fd(), *bytes)) return false;
  // The file is not synchronised to disk. A file that a crash leaves half-written does not have the digest in its name.
  const fs::path target = root_ / (key + "-" + Digest::of(*bytes).hex());
  is_usable_ = rename(temporary->path().c_str(), target.c_str()) == 0;
  return is_usable_;
}

void ModuleStore::lend(const fs::path& directory, std::uint64_t most) {
  if (mkdir(directory.c_str(), 0700) != 0) return;
  std::uint64_t lent = 0;
  for (const Object& object : newest_first(root_, names_)) {
    lent += object.size;
    if (lent > most || available_bytes(directory) < kScratchRoom) return;
    copy(object.name, directory / (std::string(kPrefix) + object.key));
  }
}

std::size_t ModuleStore::collect(const fs::path& directory, std::size_t most) {
  std::size_t added = 0;
  for (const std::string& name : names_in(directory)) {
    if (added == most) break;
    if (!name.starts_with(kPrefix)) continue;
    const std::string key = name.substr(kPrefix.size());
    if (is_object_key(key) && keep(key, directory / name)) ++added;
  }
  return added;
}

bool ModuleStore::lend_unit(const Digest& key, const fs::path& file) {
  const auto name = name_of(key.hex());
  return name && available_bytes(file.parent_path()) >= kScratchRoom && copy(*name, file);
}

void ModuleStore::collect_unit(const Digest& key, const fs::path& file) { keep(key.hex(), file); }

}  // namespace xaas
