// Objects that ThinLTO made of single modules, and units as they are prepared for a link, kept so that another link
// which needs the same one need not make it again. Implements spec/cache.md, "Modules".
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

// Of a file in a store, by its name; its bytes have to be those that the name says.
enum class ModuleState { sound, broken, unreadable };
bool is_module(const std::filesystem::path& path);
ModuleState check_module(const std::filesystem::path& path);  // REQUIRES: is_module(path)

// All that one scope has: of jobs that trust each other, and for which equal names mean equal bytes. Several processes
// may use one scope at once. What does not work out costs time and nothing else, so nothing here fails. One thread.
class ModuleStore {
 public:
  // Without a cache that can be written, nothing is ever there.
  ModuleStore(const Cache& cache, const Digest& scope);

  // Makes `directory` a cache of LLVM with the objects that are here and are sound, the newest first, up to `most`
  // bytes.
  void lend(const std::filesystem::path& directory, std::uint64_t most);
  // Keeps what a worker has added to it, up to `most` objects, and tells how many that were.
  std::size_t collect(const std::filesystem::path& directory, std::size_t most);

  // A unit as it is prepared for a link, under its key of unit_keys(): makes `file` a copy of it, or keeps `file`.
  bool lend_unit(const Digest& key, const std::filesystem::path& file);  // whether it was here
  void collect_unit(const Digest& key, const std::filesystem::path& file);

 private:
  std::optional<std::string> name_of(const std::string& key) const;
  bool copy(const std::string& name, const std::filesystem::path& to);
  bool keep(const std::string& key, const std::filesystem::path& file);

  bool is_usable_;  // to keep more
  std::filesystem::path root_;
  std::set<std::string> names_;  // of the files in root_
  std::uint64_t kept_ = 0;       // bytes that were added
};

}  // namespace xaas
