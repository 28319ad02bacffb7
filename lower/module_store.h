// Keeps objects that ThinLTO made of single modules, and units in prepared form, so that another link that needs the
// same one does not make it again. Implements spec/cache.md, "Modules".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "lower/cache.h"
#include "lower/module_pack.h"

namespace xaas {

// The modules of one scope. Jobs of one scope trust each other, and equal keys mean equal bytes. Several processes may
// use one scope at once. No function reports an error: a failure only costs time, because the module is made again. Not
// thread-safe.
class ModuleStore {
 public:
  // If the cache cannot be written, the store is empty and stays so.
  ModuleStore(const Cache& cache, const Digest& scope);

  // Makes the directory `directory` and copies sound objects into it for LLVM to use as its cache, the newest first.
  // Copies up to `most` bytes.
  void lend(const std::filesystem::path& directory, std::uint64_t most);
  // Takes objects that a worker has added to `directory`, up to `most` of them. Returns how many it took.
  std::size_t collect(const std::filesystem::path& directory, std::size_t most);

  // Prepared units are stored under their key of unit_keys(). lend_unit() copies a stored unit to `file`, and
  // collect_unit() takes `file`.
  bool lend_unit(const Digest& key, const std::filesystem::path& file);  // false if no copy was made
  void collect_unit(const Digest& key, const std::filesystem::path& file);

  // Keeps what was taken, as one pack. The store takes nothing afterwards.
  void commit();

 private:
  // Where a module is: a pack of packs_, and a place in it.
  using Location = std::pair<std::size_t, std::size_t>;

  bool copy(const Location& location, const std::filesystem::path& to);
  void forget(std::size_t pack);
  bool take(const std::string& key, const std::filesystem::path& file);

  bool is_usable_;  // whether more modules can be taken
  std::filesystem::path root_;
  std::vector<ModulePack> packs_;  // the newest first
  std::map<std::string, Location> modules_;
  std::optional<ModulePackWriter> taken_;
  std::uint64_t taken_bytes_ = 0;
};

}  // namespace xaas
