// One file that holds many modules of a scope, so that a cache has few files however many modules it keeps. Implements
// spec/cache.md, "Modules".
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "format/base/file.h"

namespace xaas {

struct PackedModule {
  std::string key;  // LLVM's name of an object, 40 hex digits, or the key of a prepared unit, 64
  Digest digest;    // of its bytes
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

inline constexpr std::size_t kObjectKeyDigits = 40;
inline constexpr std::size_t kUnitKeyDigits = 64;
inline constexpr std::uint64_t kLargestModule = 256ULL << 20;  // bytes

bool is_module_key(std::string_view text);
bool is_pack(const std::filesystem::path& path);  // by its name

// A pack that is open for reading. It stays readable when the file is removed. Move-only.
class ModulePack {
 public:
  // Code::invalid if the index is not the one that the file's name tells. Another error if the file is not a regular
  // file of this user that nobody else can write, or cannot be read.
  static Result<ModulePack> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::int64_t time() const { return time_; }  // when it was written, in seconds since 1970
  const std::vector<PackedModule>& modules() const { return modules_; }
  // The bytes of one of modules(). Code::invalid if they do not have its digest.
  Result<std::string> read(const PackedModule& module) const;

 private:
  ModulePack() = default;
  Fd fd_;
  std::filesystem::path path_;
  std::int64_t time_ = 0;
  std::vector<PackedModule> modules_;
};

// Writes a pack. Nothing has the name of a pack before commit(). Move-only.
class ModulePackWriter {
 public:
  static Result<ModulePackWriter> create(const std::filesystem::path& directory);
  // REQUIRES: is_module_key(key); `bytes` are at most kLargestModule.
  Status add(const std::string& key, std::string_view bytes);
  // Gives the file its name. It is not synchronised to disk: after a crash, a half-written pack does not have the
  // digests in its index, or not the index of its name.
  Status commit();

 private:
  explicit ModulePackWriter(TempFile file, std::filesystem::path directory)
      : file_(std::move(file)), directory_(std::move(directory)) {}
  TempFile file_;
  std::filesystem::path directory_;
  std::uint64_t written_ = 0;
  std::vector<PackedModule> modules_;
};

}  // namespace xaas
