// What a linked file tells the loader and other programs, apart from its code. By the shape, the results of two linkers
// are compared, and an installed file with the file that its link made. Implements spec/lowering.md, "The link that the
// project asked for".
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Maps the name of each aspect to a list of words. An aspect is missing if the file does not tell it.
using LinkShape = std::map<std::string, std::vector<std::string>, std::less<>>;

// The aspects.
namespace aspect {
inline constexpr std::string_view kNeeded = "needed libraries";           // in order
inline constexpr std::string_view kDynamicFlags = "dynamic flags";        // BIND_NOW, NODEFLIB…
inline constexpr std::string_view kExecutableStack = "executable stack";  // "yes" or "no"
inline constexpr std::string_view kSegments = "segments";  // their types, of those that a program can see
inline constexpr std::string_view kOverlaps = "segments that share pages with others of other rights";
inline constexpr std::string_view kEntry = "entry point";                     // a symbol's name
inline constexpr std::string_view kExported = "exported symbols";             // with versions and types, sorted
inline constexpr std::string_view kVersionSymbols = "version symbols";        // GNU ld defines one for each version
inline constexpr std::string_view kImported = "imported symbols";             // with versions, sorted
inline constexpr std::string_view kTables = "sections of the project's own";  // loaded sections, with sizes
inline constexpr std::string_view kSections = "section flags";                // flags of sections with code or data
inline constexpr std::string_view kNotes =
    "sections that are not loaded";  // with digests; without those that strip removes
}  // namespace aspect

// The shape of an ELF program or library for x86-64. Code::invalid if it is damaged, Code::unsupported for another
// machine.
Result<LinkShape> link_shape(std::string_view elf);

// The first difference in words, from the point of view of `other`: "exported symbols (f@V1 is missing)". Nullopt if
// they do not differ. An aspect is compared only if both shapes have it. difference_of_linkers() compares the aspects
// in which two linkers must agree. difference_of_installed() compares those that installing must not change.
std::optional<std::string> difference_of_linkers(const LinkShape& one, const LinkShape& other);
std::optional<std::string> difference_of_installed(const LinkShape& linked, const LinkShape& installed);

// The same shape for a record, with each long list replaced by its digest. A difference in such a list is still found,
// but not named.
LinkShape abbreviated(LinkShape shape);

}  // namespace xaas
