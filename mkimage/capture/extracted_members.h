// Finds which members of archives a link took, from the map that GNU ld and gold write and from lld's own list.
// Implements spec/lowering.md, "The link that the project asked for".
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace xaas {

// Pairs of archive and member, as paths without "." and "..". A relative path starts at the directory of the link. For
// a thin archive, the archive is empty and the member is its file. Two members of one name count as two.
using ExtractedMembers = std::multiset<std::pair<std::string, std::string>>;

// Reads the text of a link map. Nullopt if the map is that of another linker, or in another language than English.
std::optional<ExtractedMembers> members_in_map(std::string_view map, const std::filesystem::path& directory);

// Reads the text that lld writes for --why-extract=.
ExtractedMembers members_in_why_extract(std::string_view text, const std::filesystem::path& directory);

}  // namespace xaas
