// Which members of archives a link took: by the map that GNU ld and gold write, and by lld's own list. Implements
// spec/lowering.md, "The link that the project asked for".
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace xaas {

// Archive and member, both without "." and ".."; relative paths start at the directory of the link. Of a thin archive,
// the archive is empty and the member is its file. Two members of one name count as two.
using ExtractedMembers = std::multiset<std::pair<std::string, std::string>>;

// From the text of a link map. Nullopt where the map is of another linker, or in another language.
std::optional<ExtractedMembers> members_in_map(std::string_view map, const std::filesystem::path& directory);

// From the text of lld's --why-extract=.
ExtractedMembers members_in_why_extract(std::string_view text, const std::filesystem::path& directory);

}  // namespace xaas
