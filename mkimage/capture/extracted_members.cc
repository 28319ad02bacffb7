// See extracted_members.h.
#include "mkimage/capture/extracted_members.h"

#include <algorithm>

#include "format/base/mapped_file.h"
#include "format/base/split.h"
#include "mkimage/capture/ar_archive.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

std::string normal(const fs::path& directory, const fs::path& path) {
  return (directory / path).lexically_normal().string();
}

// Parses "libx.a(y.o)", or for a thin archive "y.o", which is how GNU ld writes it.
std::pair<std::string, std::string> member(const fs::path& directory, std::string_view text) {
  const std::size_t open = text.rfind('(');
  if (!text.ends_with(')') || open == std::string_view::npos) return {"", normal(directory, text)};
  const std::string archive = normal(directory, text.substr(0, open));
  const std::string name(text.substr(open + 1, text.size() - open - 2));
  const auto file = MappedFile::open(archive);
  if (!file || !is_thin_archive(file->bytes())) return {archive, name};
  return {"", normal(fs::path(archive).parent_path(), name)};
}

}  // namespace

std::optional<ExtractedMembers> members_in_map(std::string_view map, const fs::path& directory) {
  // The first part of a map lists the members at the start of lines. The file that asked for a member stands behind it,
  // or, after a long name, on an indented line of its own. If nothing was extracted, the part is missing.
  constexpr std::string_view kTitle = "Archive member included ";
  const auto start = map.find_first_not_of('\n');
  if (start == std::string_view::npos) return std::nullopt;
  map.remove_prefix(start);
  ExtractedMembers members;
  if (!map.starts_with(kTitle)) {
    const bool is_known = map.starts_with("As-needed library included ") || map.starts_with("Discarded input ") ||
                          map.starts_with("Merging program properties") || map.starts_with("Memory Configuration") ||
                          map.starts_with("Memory map") || map.starts_with("Allocating common symbols") ||
                          map.starts_with("There are no discarded input sections");
    return is_known ? std::optional(members) : std::nullopt;
  }
  map.remove_prefix(std::min(map.find('\n'), map.size() - 1) + 1);
  if (map.starts_with('\n')) map.remove_prefix(1);
  std::string_view last;
  const auto add_last = [&] {
    if (!last.empty()) members.insert(member(directory, last));
    last = {};
  };
  for (const std::string_view line : split(map.substr(0, map.find("\n\n")), '\n')) {
    if (!line.starts_with(' ')) {
      add_last();
      last = line.substr(0, line.find("  "));
    }
    // Nothing asked for these members, and lld does not list them.
    if (line.ends_with("(--whole-archive)")) last = {};
  }
  add_last();
  return members;
}

ExtractedMembers members_in_why_extract(std::string_view text, const fs::path& directory) {
  ExtractedMembers members;
  for (const std::string_view line : split(text, '\n')) {
    const auto columns = split(line, '\t');
    if (columns.size() < 3 || columns[1] == "extracted") continue;
    members.insert(member(directory, columns[1]));
  }
  return members;
}

}  // namespace xaas
