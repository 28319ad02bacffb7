// Reads libraries and follows what they need; see library_closure.h.
#include "lower/library_closure.h"

#include <elf.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "format/base/search_path.h"
#include "format/base/text.h"
#include "lower/elf_identity.h"
#include "lower/host_library.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

bool is_library_of(const ElfFile& elf, std::string_view triple) {
  const std::uint8_t elf_class = elf.is_64() ? ELFCLASS64 : ELFCLASS32;
  return elf.kind() == ElfKind::shared &&
         is_elf_for({.elf_class = elf_class, .machine = elf.machine(), .type = 0, .build_id = {}}, triple);
}

Result<ClosureMember> read_member(const fs::path& path, std::string_view triple) {
  XAAS_ASSIGN(auto file, MappedFile::open(path));
  auto kept = std::make_unique<const MappedFile>(std::move(file));
  const auto elf = ElfFile::parse(kept->bytes());
  if (!elf) return fail(elf.error().code, "{}: {}", path.string(), elf.error().message);
  if (!is_library_of(*elf, triple)) return fail(Code::invalid, "{} is no library for {}", path.string(), triple);
  auto dynamic = elf->dynamic();
  if (!dynamic) return fail(dynamic.error().code, "{}: {}", path.string(), dynamic.error().message);
  return ClosureMember{path, std::move(kept), *elf, std::move(*dynamic)};
}

void append_directories(std::vector<fs::path>& to, const std::vector<fs::path>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

std::vector<fs::path> LoaderDirectories::all() const {
  std::vector<fs::path> directories = first;
  append_directories(directories, usual);
  return directories;
}

// Follows what libraries need, one soname after the other. A process has one library of each soname.
class LibraryClosure::Reading {
 public:
  Reading(LibraryClosure& closure, const LoaderDirectories& directories, std::string_view triple)
      : closure_(closure), directories_(directories), triple_(triple) {}

  Status add_own(const fs::path& path) {
    XAAS_ASSIGN(ClosureMember member, read_member(path, triple_));
    closure_.own_.push_back(std::move(member));
    return {};
  }

  // `inherited` are directories of the DT_RPATH of those who need the member.
  Status follow(const ClosureMember& member, const std::vector<fs::path>& inherited) {
    const ElfDynamic& dynamic = member.dynamic;
    const fs::path origin = member.path.parent_path();
    std::vector<fs::path> rpath;
    if (!dynamic.runpath) {
      rpath = search_path(dynamic.rpath.value_or(""), origin);
      append_directories(rpath, inherited);
    }
    std::vector<fs::path> searched = rpath;
    append_directories(searched, directories_.first);
    append_directories(searched, search_path(dynamic.runpath.value_or(""), origin));
    append_directories(searched, directories_.usual);
    for (const std::string& soname : dynamic.needed) XAAS_TRY(add_needed(soname, member, searched, rpath));
    return {};
  }

 private:
  Status add_needed(const std::string& soname, const ClosureMember& user, const std::vector<fs::path>& searched,
                    const std::vector<fs::path>& rpath) {
    if (closure_.needed_.contains(soname)) return {};
    const auto found = soname.find('/') == std::string::npos ? find_host_library(soname, triple_, searched)
                                                             : std::optional<fs::path>(soname);
    if (!found) {
      return fail(Code::not_found, "{} needs {}, which is not on this host", user.path.string(), soname);
    }
    XAAS_ASSIGN(ClosureMember member, read_member(*found, triple_));
    const auto place = closure_.needed_.emplace(soname, std::move(member)).first;
    return follow(place->second, rpath);
  }

  LibraryClosure& closure_;
  const LoaderDirectories& directories_;
  const std::string_view triple_;
};

Result<LibraryClosure> LibraryClosure::read(const std::vector<fs::path>& paths, const LoaderDirectories& directories,
                                            std::string_view triple) {
  LibraryClosure closure;
  Reading reading(closure, directories, triple);
  for (const fs::path& path : paths) XAAS_TRY(reading.add_own(path));
  for (const ClosureMember& member : closure.own_) XAAS_TRY(reading.follow(member, {}));
  return closure;
}

const ClosureMember* LibraryClosure::find_needed(const std::string& soname) const {
  const auto found = needed_.find(soname);
  return found == needed_.end() ? nullptr : &found->second;
}

std::vector<std::string> LibraryClosure::needed() const {
  std::vector<std::string> sonames;
  for (const auto& [soname, member] : needed_) sonames.push_back(soname);
  return sonames;
}

Status LibraryClosure::remove_defined(SymbolNames& symbols) const {
  for (const ClosureMember& member : own_) XAAS_TRY(xaas::remove_defined(symbols, member.elf));
  for (const auto& [soname, member] : needed_) {
    if (!symbols.empty()) XAAS_TRY(xaas::remove_defined(symbols, member.elf));
  }
  return {};
}

Result<SymbolNames> LibraryClosure::asked_of(const std::string& soname) const {
  XAAS_ASSIGN(const SymbolNames offered, defined_symbols(needed_.at(soname).elf));
  SymbolNames asked;
  const auto add = [&](const ClosureMember& member) -> Status {
    if (!is_in(member.dynamic.needed, soname)) return {};
    XAAS_ASSIGN(const SymbolNames undefined, undefined_symbols(member.elf));
    std::ranges::set_intersection(undefined, offered, std::inserter(asked, asked.end()));
    return {};
  };
  for (const ClosureMember& member : own_) XAAS_TRY(add(member));
  for (const auto& [name, member] : needed_) XAAS_TRY(add(member));
  return asked;
}

}  // namespace xaas
