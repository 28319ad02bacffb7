// Lends modules from the packs of a scope, and makes one pack of those of a job; see module_store.h.
#include "lower/module_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "format/base/file.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

// LLVM's prefix for objects in its cache; see llvm/lib/Support/Caching.cpp. Other files in the directory are temporary.
constexpr std::string_view kPrefix = "llvmcache-";
constexpr std::uint64_t kMost = 4ULL << 30;  // the most bytes that one worker may leave behind

std::vector<fs::path> files_in(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) files.push_back(entry->path());
  return files;
}

std::vector<ModulePack> open_packs(const fs::path& directory) {
  std::vector<ModulePack> packs;
  for (const fs::path& path : files_in(directory)) {
    if (!is_pack(path)) continue;
    auto pack = ModulePack::open(path);
    if (pack) packs.push_back(std::move(*pack));
    if (!pack && pack.error().code == Code::invalid) unlink(path.c_str());
  }
  std::ranges::sort(packs, [](const ModulePack& one, const ModulePack& other) {
    return std::pair(-one.time(), one.path()) < std::pair(-other.time(), other.path());
  });
  return packs;
}

// The bytes of a file that a worker has left. Refuses symlinks, devices, and files of more than kLargestModule bytes.
std::optional<std::string> read_left_behind(const fs::path& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (!fd.valid() || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  auto bytes = read_fd(fd.get(), kLargestModule);
  return bytes ? std::optional(std::move(*bytes)) : std::nullopt;
}

}  // namespace

ModuleStore::ModuleStore(const Cache& cache, const Digest& scope)
    : is_usable_(cache.writable().has_value()),
      root_(cache.directory() / kCacheModules / scope.hex().substr(0, 2) / scope.hex()) {
  if (!is_usable_) return;
  for (const fs::path& part : {root_.parent_path(), root_}) mkdir(part.c_str(), 0700);
  // Records the use, for prune_cache().
  static_cast<void>(utimensat(AT_FDCWD, root_.c_str(), nullptr, 0));
  packs_ = open_packs(root_);
  for (std::size_t pack = 0; pack < packs_.size(); ++pack) {
    for (std::size_t i = 0; i < packs_[pack].modules().size(); ++i) {
      modules_.emplace(packs_[pack].modules()[i].key, Location{pack, i});
    }
  }
}

// A pack with one damaged module is removed as a whole, so that the next job makes the module again.
void ModuleStore::forget(std::size_t pack) {
  unlink(packs_[pack].path().c_str());
  std::erase_if(modules_, [&](const auto& module) { return module.second.first == pack; });
}

// Copies instead of linking, because a worker could write to a file that it shares with the store.
bool ModuleStore::copy(const Location& location, const fs::path& to) {
  const ModulePack& pack = packs_[location.first];
  const auto bytes = pack.read(pack.modules()[location.second]);
  if (!bytes) {
    if (bytes.error().code == Code::invalid) forget(location.first);
    return false;
  }
  if (create_private_file(to, *bytes)) return true;
  unlink(to.c_str());  // LLVM would take a partial file for the whole
  return false;
}

void ModuleStore::lend(const fs::path& directory, std::uint64_t most) {
  if (mkdir(directory.c_str(), 0700) != 0) return;
  std::vector<std::pair<Location, std::string>> newest_first;
  for (const auto& [key, location] : modules_) {
    if (key.size() == kObjectKeyDigits) newest_first.emplace_back(location, key);
  }
  std::ranges::sort(newest_first);
  std::uint64_t lent = 0;
  for (const auto& [location, key] : newest_first) {
    if (!modules_.contains(key)) continue;  // its pack was damaged
    lent += packs_[location.first].modules()[location.second].size;
    if (lent > most || available_bytes(directory) < kScratchRoom) return;
    copy(location, directory / (std::string(kPrefix) + key));
  }
}

bool ModuleStore::lend_unit(const Digest& key, const fs::path& file) {
  const auto found = modules_.find(key.hex());
  if (found == modules_.end() || available_bytes(file.parent_path()) < kScratchRoom) return false;
  const Location location = found->second;  // copy() may forget it
  return copy(location, file);
}

// Returns whether the module was taken. After the first that is too much or cannot be written, none is taken.
bool ModuleStore::take(const std::string& key, const fs::path& file) {
  if (!is_usable_ || modules_.contains(key)) return false;
  const auto bytes = read_left_behind(file);
  if (!bytes) return false;
  taken_bytes_ += bytes->size();
  is_usable_ = false;
  if (taken_bytes_ > kMost) return false;
  if (!taken_) {
    auto writer = ModulePackWriter::create(root_);
    if (!writer) return false;
    taken_.emplace(std::move(*writer));
  }
  is_usable_ = taken_->add(key, *bytes).has_value();
  if (!is_usable_) taken_.reset();
  return is_usable_;
}

std::size_t ModuleStore::collect(const fs::path& directory, std::size_t most) {
  std::size_t added = 0;
  for (const fs::path& file : files_in(directory)) {
    if (added == most) break;
    const std::string name = file.filename().string();
    if (!name.starts_with(kPrefix)) continue;
    const std::string key = name.substr(kPrefix.size());
    if (key.size() == kObjectKeyDigits && is_module_key(key) && take(key, file)) ++added;
  }
  return added;
}

void ModuleStore::collect_unit(const Digest& key, const fs::path& file) { take(key.hex(), file); }

void ModuleStore::commit() {
  if (taken_) static_cast<void>(taken_->commit());
  taken_.reset();
  is_usable_ = false;
}

}  // namespace xaas
