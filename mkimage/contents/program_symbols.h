// The symbols by which the files of a link use each other.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "mkimage/capture/canonical_ir.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

// Whether the names belong to C++ code: whether one of them is mangled.
bool is_cxx(const ModuleSymbols& symbols);

// Whether the sets have a name in common.
bool share_one(const std::set<std::string>& one, const std::set<std::string>& other);

// Reads files, each only once. Not thread-safe. The results live as long as the reader.
class SymbolReader {
 public:
  // `store` holds the objects of links.
  explicit SymbolReader(const CaptureStore& store) : store_(store) {}

  // The dynamic symbols of a program or a shared library, without versions. Empty if it cannot be read.
  const ModuleSymbols& linked(const std::filesystem::path& file);
  // The global symbols of a relocatable object, or of all objects of an archive. Empty if it cannot be read.
  const ModuleSymbols& object(const Digest& digest);

 private:
  const CaptureStore& store_;
  std::map<std::filesystem::path, ModuleSymbols> linked_;
  std::map<Digest, ModuleSymbols> objects_;
};

}  // namespace xaas
