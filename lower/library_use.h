// The libraries that programs use on a host, and what they define. `xaas-lower check` and `explain` compare it with
// what programs ask for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/base/elf_file.h"
#include "format/image.h"
#include "lower/host_view.h"
#include "lower/library_search.h"
#include "lower/slot_choice.h"

namespace xaas {

struct LibraryUse {
  std::string soname;
  std::string path;      // in the image or on the host
  bool bundled = false;  // whether the image has it
  bool operator==(const LibraryUse&) const = default;
};

// How a library that was found is used: where one of the host stands in its slot, that one.
LibraryUse use_of(const FoundLibrary& library, const std::vector<SlotChoice>& slots);

// Reads libraries, each only once. Borrows everything. Not thread-safe.
class LibraryInterfaces {
 public:
  LibraryInterfaces(const Image& image, const HostView& host, std::string triple)
      : image_(image), host_(host), triple_(std::move(triple)) {}

  // Nullopt if the library cannot be read.
  const std::optional<LibraryInterface>& of(const LibraryUse& library);

  // The versions that the file needs and the library that is to have them does not define, the newest first. Libraries
  // that cannot be read, or are not among `libraries`, are taken to have them.
  Result<std::vector<std::string>> missing_versions(const ElfFile& elf, const std::vector<LibraryUse>& libraries);

  // Whether one of the libraries exports the symbol, by any version. Where a description does not have the symbols of a
  // library, it is taken to have none that it had no version for.
  bool is_exported(std::string_view symbol, const std::vector<LibraryUse>& libraries);

 private:
  std::optional<LibraryInterface> read(const LibraryUse& library) const;

  const Image& image_;
  const HostView& host_;
  const std::string triple_;
  std::map<std::pair<bool, std::string>, std::optional<LibraryInterface>> known_;  // by LibraryUse's members
};

// The bytes of an ELF file of the image, whether its index has it or not. Nullopt for other files.
Result<std::optional<std::string>> read_elf(const Image& image, const std::string& path);

}  // namespace xaas
