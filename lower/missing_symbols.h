// The symbols that a host's libc is too old to have, although an image's programs need them. Implements
// spec/lowering.md, "Older libcs".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/image.h"
#include "lower/link_plan.h"

namespace xaas {

struct MissingSymbol {
  std::string name;
  std::string version;  // which the baseline asks for: "GLIBC_2.36"; this libc is the oldest that has the symbol
  std::vector<std::string> units{};  // that need it, by their names in the recipe; empty if none is found
};

// The newest version that the host's libc defines: "GLIBC_2.31". Empty if it has no such libc.
std::string libc_of(const HostView& host, std::string_view triple);

// What the baseline of `record` needs of libc and no library of its link has, by whatever version: those of the image
// are looked at too. In the order of the baseline's symbols. Empty if the host's libc has all versions that are needed.
// REQUIRES: `plan` is the record's.
Result<std::vector<MissingSymbol>> missing_from_libc(const LoweringContext& context, const FileRecord& record,
                                                     const LinkPlan& plan);

// Sets `units` of each symbol. Reads all units and objects of the recipe, if there is a symbol.
Status find_units(const Image& image, const Recipe& recipe, std::vector<MissingSymbol>& symbols);

// "fsopen@GLIBC_2.36 (mount.o), …": at most a line.
std::string describe(const std::vector<MissingSymbol>& symbols);

// "glibc 2.36 is the oldest that has it, and that of this host has versions up to 2.31"; empty if no version is one of
// libc's. `own` is the newest version of the libc of `host`, or empty.
std::string describe_oldest_libc(const std::vector<MissingSymbol>& symbols, std::string_view host,
                                 std::string_view own);

}  // namespace xaas
