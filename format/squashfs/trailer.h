// The trailer behind the SquashFS. It reserves room for a hash tree and signatures, so that adding them later changes
// no byte in front of it. Implements spec/image-format.md, section "Trailer".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// The trailer begins and ends at multiples of this number of bytes, from the start of the image.
inline constexpr std::uint64_t kTrailerAlignment = 4096;
// As many sections as fit into the first 4 KiB. A reader looks at no more of the trailer.
inline constexpr std::uint32_t kMaxTrailerSections = 126;

struct TrailerSection {
  std::uint32_t type = 0;    // 1: hash tree (dm-verity layout), 2: signatures
  std::uint32_t flags = 0;   // bit 0: a reader that does not know `type` must refuse the image
  std::uint64_t offset = 0;  // from the start of the trailer
  std::uint64_t length = 0;
};

struct Trailer {
  std::uint32_t version = 1;
  std::uint64_t squashfs_size = 0;  // bytes_used of the super block
  std::uint64_t length = 0;         // bytes of the whole trailer with its sections
  std::vector<TrailerSection> sections;
};

// Where the trailer of a SquashFS of `squashfs_size` bytes begins, from the start of the image: the next multiple of 4
// KiB.
std::uint64_t trailer_offset(std::uint64_t squashfs_size);
// The header and the entries of the sections, padded with zeros to a multiple of 4 KiB. The contents of the sections go
// behind them. REQUIRES: there are at most kMaxTrailerSections.
std::string encode_trailer(const Trailer& trailer);
// `head` has the first 4 KiB of the trailer, or fewer bytes when the file ends before. `available` is the number of
// bytes of the file from the start of the trailer on. Nullopt when there is no trailer, as in a plain SquashFS.
Result<std::optional<Trailer>> decode_trailer(std::span<const std::byte> head, std::uint64_t squashfs_size,
                                              std::uint64_t available);
// Code::unsupported when a reader must understand a section. This build understands no section.
Status check_trailer(const Trailer& trailer);

}  // namespace xaas
