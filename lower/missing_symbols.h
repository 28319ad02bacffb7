// The symbols that a host's libc is too old to have, although an image's programs need them. Implements
// spec/lowering.md, "Older libcs".
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/image.h"
#include "lower/library_use.h"
#include "lower/link_plan.h"

namespace xaas {

struct MissingSymbol {
  std::string name;
  std::string version;  // which the baseline asks for: "GLIBC_2.36"; this libc is the oldest that has the symbol
  std::vector<std::string> units{};  // that need it, by their names in the recipe; empty if they are not known
};

// What files lack, by their paths in the tree.
using MissingSymbols = std::map<std::string, std::vector<MissingSymbol>>;

// The newest version that the host's libc defines: "GLIBC_2.31". Empty if it has no such libc.
std::string libc_of(const HostView& host, std::string_view triple);

// What a file needs by versions that its libraries do not define.
struct Lack {
  std::vector<std::string> versions;   // the newest first
  std::vector<MissingSymbol> symbols;  // of these, what no library exports by any version; sorted by name
};

// What `elf`, whose link has the recipe, lacks in `libraries`. A recipe that was written without the units of symbols
// gives symbols without units.
Result<Lack> find_lack(const ElfFile& elf, const Recipe& recipe, const std::vector<LibraryUse>& libraries,
                       LibraryInterfaces& interfaces);

// What `elf` asks for by these versions, also by weak references: the loader wants the versions of these, too.
Result<std::vector<MissingSymbol>> symbols_by_versions(const ElfFile& elf, const std::vector<std::string>& versions);

// The symbols that the baseline of `record` lacks. REQUIRES: `plan` is the record's.
Result<std::vector<MissingSymbol>> missing_symbols(const Image& image, const FileRecord& record, const LinkPlan& plan,
                                                   const std::vector<SlotChoice>& slots, LibraryInterfaces& interfaces);

// "fsopen@GLIBC_2.36 (mount.o), …": at most a line.
std::string describe(const std::vector<MissingSymbol>& symbols);

// What stands behind the symbols: ": glibc 2.36 is the oldest that has it, and that of this host has versions up to
// 2.31"; empty if no version is one of libc's. `own` is the newest version of the libc of `host`, or empty.
std::string describe_oldest_libc(const std::vector<MissingSymbol>& symbols, std::string_view host,
                                 std::string_view own);

}  // namespace xaas
