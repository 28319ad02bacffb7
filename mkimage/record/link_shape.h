// What a linked file tells the loader and other programs, beside its code: by it two linkers' results are compared, and
// an installed file with the one that its link made. Implements spec/lowering.md, "The link that the project asked
// for".
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Aspects by name, each a list of words. An aspect is missing where the file does not tell it.
using LinkShape = std::map<std::string, std::vector<std::string>, std::less<>>;

// The aspects.
namespace aspect {
inline constexpr std::string_view kNeeded = "needed libraries";           // in order
inline constexpr std::string_view kDynamicFlags = "dynamic flags";        // BIND_NOW, NODEFLIB…
inline constexpr std::string_view kExecutableStack = "executable stack";  // "yes" or "no"
inline constexpr std::string_view kSegments = "segments";                 // their types, as far as a program sees them
inline constexpr std::string_view kOverlaps = "segments that share pages with others of other rights";
inline constexpr std::string_view kEntry = "entry point";                     // a symbol's name
inline constexpr std::string_view kExported = "exported symbols";             // with versions and types, sorted
inline constexpr std::string_view kVersionSymbols = "version symbols";        // GNU ld defines one for each version
inline constexpr std::string_view kImported = "imported symbols";             // with versions, sorted
inline constexpr std::string_view kTables = "sections of the project's own";  // loaded ones, with sizes
inline constexpr std::string_view kSections = "section flags";                // of code and data
inline constexpr std::string_view kNotes =
    "sections that are not loaded";  // with digests; not those that strip removes
}  // namespace aspect

// Of an ELF program or library for x86-64. Code::invalid when it is damaged, Code::unsupported for another machine.
Result<LinkShape> link_shape(std::string_view elf);

// The first difference in words, where both tell the aspect: "exported symbols (f@V1 is missing)", from the point of
// view of `other`. Nullopt where there is none. Aspects that are compared: those which two linkers have to agree in, or
// those which installing has to leave alone.
std::optional<std::string> difference_of_linkers(const LinkShape& one, const LinkShape& other);
std::optional<std::string> difference_of_installed(const LinkShape& linked, const LinkShape& installed);

// The same with long lists replaced by their digests, for a record: differences are still found, but not named.
LinkShape abbreviated(LinkShape shape);

}  // namespace xaas
