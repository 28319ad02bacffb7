// GNU ar headers; see ar_archive.h.
#include "mkimage/capture/ar_archive.h"

#include <charconv>
#include <cstdint>
#include <optional>

namespace xaas {
namespace {

constexpr std::string_view kMagic = "!<arch>\n";
constexpr std::string_view kThinMagic = "!<thin>\n";
constexpr std::size_t kHeader = 60;
constexpr std::size_t kNameSize = 16;
constexpr std::size_t kSizeOffset = 48;
constexpr std::size_t kSizeSize = 10;

std::string_view trim_right(std::string_view text) {
  const std::size_t last = text.find_last_not_of(' ');
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc()) return std::nullopt;
  return value;
}

// "/123" is an offset into the table of long names, whose entries end in "/\n"; "#1/20" (BSD) puts the name in front of
// the data.
Result<ArMember> resolve_name(std::string_view name, std::string_view long_names, std::string_view data) {
  if (name.starts_with("#1/")) {
    const auto length = number(name.substr(3));
    if (!length || *length > data.size()) return fail(Code::invalid, "a damaged member name in the archive");
    const std::string_view whole = data.substr(0, static_cast<std::size_t>(*length));
    return ArMember{std::string(whole.substr(0, whole.find('\0'))), data.substr(whole.size())};
  }
  if (name.starts_with('/')) {
    const auto offset = number(name.substr(1));
    if (!offset || *offset >= long_names.size()) return fail(Code::invalid, "a damaged member name in the archive");
    std::string_view found = long_names.substr(static_cast<std::size_t>(*offset));
    found = found.substr(0, found.find('\n'));
    if (found.ends_with('/')) found.remove_suffix(1);
    return ArMember{std::string(found), data};
  }
  if (name.ends_with('/')) name.remove_suffix(1);
  return ArMember{std::string(name), data};
}

bool is_symbol_table(std::string_view name) {
  return name == "/" || name == "/SYM64/" || name.starts_with("__.SYMDEF");
}

}  // namespace

bool is_archive(std::string_view bytes) { return bytes.starts_with(kMagic) || bytes.starts_with(kThinMagic); }

bool is_thin_archive(std::string_view bytes) { return bytes.starts_with(kThinMagic); }

Result<ArArchive> parse_archive(std::string_view bytes) {
  if (!is_archive(bytes)) return fail(Code::invalid, "not an archive");
  ArArchive archive;
  archive.thin = is_thin_archive(bytes);
  std::string_view long_names;
  for (std::size_t at = kMagic.size(); at < bytes.size();) {
    if (bytes.size() - at < kHeader) return fail(Code::invalid, "the archive is cut off at offset {}", at);
    const std::string_view header = bytes.substr(at, kHeader);
    const auto size = number(header.substr(kSizeOffset, kSizeSize));
    if (!header.ends_with("`\n") || !size) return fail(Code::invalid, "a damaged archive header at offset {}", at);
    at += kHeader;
    const std::string_view name = trim_right(header.substr(0, kNameSize));
    const bool special = is_symbol_table(name) || name == "//";
    const std::uint64_t stored = archive.thin && !special ? 0 : *size;
    if (stored > bytes.size() - at) return fail(Code::invalid, "the archive is cut off at offset {}", at);
    const std::string_view data = bytes.substr(at, static_cast<std::size_t>(stored));
    at += data.size() + (data.size() & 1);
    if (name == "//") long_names = data;
    if (special) continue;
    XAAS_ASSIGN(ArMember member, resolve_name(name, long_names, data));
    if (is_symbol_table(member.name)) continue;
    archive.members.push_back(std::move(member));
  }
  return archive;
}

}  // namespace xaas
