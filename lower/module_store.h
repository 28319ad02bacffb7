// Keeps objects that ThinLTO made of single modules, and units in prepared form, so that another link that needs the
// same one does not make it again. Implements spec/cache.md, "Modules".
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "lower/cache.h"

namespace xaas {

// The state of a file in a store. The file's name holds the digest that its bytes must have.
enum class ModuleState { sound, broken, unreadable };
bool is_module(const std::filesystem::path& path);
ModuleState check_module(const std::filesystem::path& path);  // REQUIRES: is_module(path)

// The files of one scope. Jobs of one scope trust each other, and equal names mean equal bytes. Several processes may
// use one scope at once. No function reports an error: a failure only costs time, because the file is made again. Not
// thread-safe.
class ModuleStore {
 public:
  // If the cache cannot be written, the store is empty and stays so.
  ModuleStore(const Cache& cache, const Digest& scope);

  // Makes the directory `directory` and copies sound objects into it for LLVM to use as its cache, the newest first.
  // Copies up to `most` bytes.
  void lend(const std::filesystem::path& directory, std::uint64_t most);
  // Keeps objects that a worker has added to `directory`, up to `most` of them. Returns how many it kept.
  std::size_t collect(const std::filesystem::path& directory, std::size_t most);

  // Prepared units are stored under their key of unit_keys(). lend_unit() copies a stored unit to `file`, and
  // collect_unit() stores `file`.
  bool lend_unit(const Digest& key, const std::filesystem::path& file);  // false if no copy was made
  void collect_unit(const Digest& key, const std::filesystem::path& file);

 private:
  std::optional<std::string> name_of(const std::string& key) const;
  bool copy(const std::string& name, const std::filesystem::path& to);
  bool keep(const std::string& key, const std::filesystem::path& file);

  bool is_usable_;  // whether more files can be kept
  std::filesystem::path root_;
  std::set<std::string> names_;  // names of the files in root_
  std::uint64_t kept_ = 0;       // bytes that were added to the store
};

}  // namespace xaas
