// Encodes and decodes the trailer; see trailer.h and spec/image-format.md, section "Trailer", for the layout.
#include "format/squashfs/trailer.h"

#include <algorithm>

#include "format/base/little_endian.h"

namespace xaas {
namespace {

constexpr std::string_view kMagic = "XAASTRLR";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kTrailerHeaderSize = 64;
constexpr std::size_t kSectionSize = 32;
constexpr std::uint32_t kMustUnderstand = 1U << 0;

// Offsets of the header's fields.
constexpr std::size_t kVersionAt = 8, kSectionCountAt = 12, kLengthAt = 16, kSquashfsSizeAt = 24;
// Offsets of a section's fields.
constexpr std::size_t kTypeAt = 0, kFlagsAt = 4, kOffsetAt = 8, kSectionLengthAt = 16;

std::uint64_t align(std::uint64_t size) {
  return (size + kTrailerAlignment - 1) / kTrailerAlignment * kTrailerAlignment;
}

TrailerSection decode_section(std::span<const std::byte> bytes) {
  return {.type = load_le<std::uint32_t>(bytes, kTypeAt),
          .flags = load_le<std::uint32_t>(bytes, kFlagsAt),
          .offset = load_le<std::uint64_t>(bytes, kOffsetAt),
          .length = load_le<std::uint64_t>(bytes, kSectionLengthAt)};
}

}  // namespace

std::uint64_t trailer_offset(std::uint64_t squashfs_size) { return align(squashfs_size); }

std::string encode_trailer(const Trailer& trailer) {
  std::string bytes(kMagic);
  append_le<std::uint32_t>(bytes, trailer.version);
  append_le<std::uint32_t>(bytes, static_cast<std::uint32_t>(trailer.sections.size()));
  append_le<std::uint64_t>(bytes, trailer.length);
  append_le<std::uint64_t>(bytes, trailer.squashfs_size);
  bytes.resize(kTrailerHeaderSize);
  for (const TrailerSection& section : trailer.sections) {
    const std::size_t start = bytes.size();
    append_le<std::uint32_t>(bytes, section.type);
    append_le<std::uint32_t>(bytes, section.flags);
    append_le<std::uint64_t>(bytes, section.offset);
    append_le<std::uint64_t>(bytes, section.length);
    bytes.resize(start + kSectionSize);
  }
  bytes.resize(align(bytes.size()));
  return bytes;
}

Result<std::optional<Trailer>> decode_trailer(std::span<const std::byte> head, std::uint64_t squashfs_size,
                                              std::uint64_t available) {
  if (head.size() < kMagic.size() ||
      !std::equal(kMagic.begin(), kMagic.end(), head.begin(), [](char c, std::byte b) { return std::byte(c) == b; })) {
    return std::nullopt;
  }
  if (head.size() < kTrailerHeaderSize) return fail(Code::invalid, "trailer: truncated");
  Trailer trailer;
  trailer.version = load_le<std::uint32_t>(head, kVersionAt);
  if (trailer.version != kVersion) {
    return fail(Code::unsupported, "trailer: version {}, this program reads version {}: use a newer one",
                trailer.version, kVersion);
  }
  const auto count = load_le<std::uint32_t>(head, kSectionCountAt);
  trailer.length = load_le<std::uint64_t>(head, kLengthAt);
  trailer.squashfs_size = load_le<std::uint64_t>(head, kSquashfsSizeAt);
  if (trailer.squashfs_size != squashfs_size) return fail(Code::invalid, "trailer: belongs to another SquashFS");
  if (trailer.length % kTrailerAlignment != 0) {
    return fail(Code::invalid, "trailer: {} bytes are no multiple of {}", trailer.length, kTrailerAlignment);
  }
  if (trailer.length > available) return fail(Code::invalid, "trailer: truncated");
  if (count > kMaxTrailerSections || trailer.length < kTrailerHeaderSize + count * kSectionSize ||
      head.size() < kTrailerHeaderSize + count * kSectionSize) {
    return fail(Code::invalid, "trailer: {} sections do not fit", count);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const TrailerSection section = decode_section(head.subspan(kTrailerHeaderSize + i * kSectionSize, kSectionSize));
    if (section.offset > trailer.length || section.length > trailer.length - section.offset) {
      return fail(Code::invalid, "trailer: section {} lies outside of it", i);
    }
    trailer.sections.push_back(section);
  }
  return trailer;
}

Status check_trailer(const Trailer& trailer) {
  for (const TrailerSection& section : trailer.sections) {
    if ((section.flags & kMustUnderstand) != 0) {
      return fail(Code::unsupported,
                  "trailer: section type {} must be understood, and this program does not: use a newer one",
                  section.type);
    }
  }
  return {};
}

}  // namespace xaas
