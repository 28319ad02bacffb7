// Objects that ThinLTO made of single modules, kept so that another link which needs the same one need not make it
// again. Implements spec/cache.md, "Modules".
#pragma once

#include <cstdint>
#include <filesystem>

#include "format/digest.h"
#include "format/error.h"
#include "lower/cache.h"

namespace xaas {

// Of a file in a store, by its name; its bytes have to be those that the name says.
enum class ModuleState { sound, broken, unreadable };
bool is_module(const std::filesystem::path& path);
ModuleState check_module(const std::filesystem::path& path);  // REQUIRES: is_module(path)

// All objects of one scope: of jobs that trust each other, and for which equal names mean equal objects. Several
// processes may use one scope at once. What does not work out costs time and nothing else, so nothing here fails.
class ModuleStore {
 public:
  // `cache` must outlive the store. Without a cache that can be written, nothing is ever there.
  ModuleStore(const Cache& cache, const Digest& scope);

  // Makes `directory` a cache of LLVM with what is here and is sound, the newest first, up to `most` bytes.
  void lend(const std::filesystem::path& directory, std::uint64_t most) const;
  // Keeps what a worker has added to it, up to `most` objects, and tells how many that were.
  std::size_t collect(const std::filesystem::path& directory, std::size_t most) const;

 private:
  bool is_usable_;
  std::filesystem::path root_;
};

}  // namespace xaas
