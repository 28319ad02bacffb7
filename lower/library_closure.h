// Libraries of this host with all libraries that they need, found as the dynamic loader would find them. Implements
// spec/mount.md, section "Slots".
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/elf_file.h"
#include "format/base/error.h"
#include "format/base/mapped_file.h"
#include "format/base/symbol_names.h"

namespace xaas {

// The directories in which a host's dynamic loader looks for libraries.
struct LoaderDirectories {
  std::vector<std::filesystem::path> first;  // those of LD_LIBRARY_PATH
  std::vector<std::filesystem::path> usual;  // those of the loader's configuration, and its default ones

  std::vector<std::filesystem::path> all() const;
};

// A library that was read.
struct ClosureMember {
  std::filesystem::path path;
  std::unique_ptr<const MappedFile> file;
  ElfFile elf;  // of `file`
  ElfDynamic dynamic;
};

// Immutable once read.
class LibraryClosure {
 public:
  // Reads the libraries at `paths`. Code::not_found names a library that one of them needs and that the host lacks.
  // Code::invalid if a file cannot be read, is damaged, or is no library for `triple`.
  static Result<LibraryClosure> read(const std::vector<std::filesystem::path>& paths,
                                     const LoaderDirectories& directories, std::string_view triple);

  // The libraries that were asked for, in this order.
  const std::vector<ClosureMember>& own() const { return own_; }
  // What they need, directly or through each other, by soname. Null if they do not need it.
  const ClosureMember* find_needed(const std::string& soname) const;
  // The sonames of all libraries that they need.
  std::vector<std::string> needed() const;

  // Takes out of `symbols` what any of the libraries offers.
  Status remove_defined(SymbolNames& symbols) const;
  // What the libraries ask of the one with this soname, as far as the host's offers it. REQUIRES: they need it.
  Result<SymbolNames> asked_of(const std::string& soname) const;

 private:
  class Reading;
  std::vector<ClosureMember> own_;
  std::map<std::string, ClosureMember> needed_;  // by soname
};

}  // namespace xaas
