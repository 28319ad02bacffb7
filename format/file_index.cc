// Encodes and searches the index; see file_index.h and spec/image-format.md, section "Index", for the layout.
#include "format/file_index.h"

#include <algorithm>
#include <array>
#include <limits>

#include "format/base/little_endian.h"
#include "format/base/paths.h"
#include "format/base/text.h"

namespace xaas {
namespace {

constexpr std::string_view kMagic = "XAASFIDX";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderSize = 128;
constexpr std::size_t kRecordSize = 128;
constexpr std::uint32_t kMaxRecordSize = 1U << 16;
constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();  // the largest size of a file
constexpr std::size_t kPlaceSize = 8;
// The bits of a place that are its offset.
constexpr unsigned kOffsetBits = 48;
constexpr std::uint64_t kOffsetMask = (std::uint64_t{1} << kOffsetBits) - 1;
// Flags of a record.
constexpr std::uint32_t kHasRecipe = 1U << 0;  // `recipe` and `promised_size` are set
constexpr std::uint32_t kHasPrefix = 1U << 1;  // `first place` and `place count` are set
constexpr std::uint32_t kIsText = 1U << 2;     // with kHasPrefix

// Offsets of the header's fields.
constexpr std::size_t kVersionAt = 8, kRecordSizeAt = 12, kCountAt = 16, kRecordsOffsetAt = 24, kStringsOffsetAt = 32,
                      kStringsSizeAt = 40, kPlacesOffsetAt = 48, kPlacesCountAt = 56;
// Offsets of a record's fields.
constexpr std::size_t kPathOffsetAt = 0, kPathLengthAt = 8, kFlagsAt = 12, kSha256At = 16, kRecipeAt = 48, kSizeAt = 80,
                      kPromisedSizeAt = 88, kFirstPlaceAt = 96, kPlaceCountAt = 104;

Digest load_digest(std::span<const std::byte> bytes, std::size_t offset) {
  Digest::Bytes digest;
  std::transform(bytes.begin() + offset, bytes.begin() + offset + Digest::kSize, digest.begin(),
                 [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  return Digest(digest);
}

void append_digest(std::string& bytes, const Digest& digest) {
  bytes.append(reinterpret_cast<const char*>(digest.bytes().data()), Digest::kSize);
}

// Whether [offset, offset + length) lies within `size`. The sum may overflow.
bool fits(std::uint64_t offset, std::uint64_t length, std::uint64_t size) {
  return offset <= size && length <= size - offset;
}

// The bits above the offset are 1 + the length of the tail, or 0 without a tail.
std::uint64_t encode_place(const PrefixPlace& place) {
  return place.offset | (place.tail ? std::uint64_t{*place.tail} + 1 : 0) << kOffsetBits;
}

PrefixPlace decode_place(std::uint64_t bits) {
  PrefixPlace place{bits & kOffsetMask, std::nullopt};
  const std::uint64_t tail = bits >> kOffsetBits;
  if (tail != 0) place.tail = static_cast<std::uint32_t>(tail - 1);
  return place;
}

std::uint32_t flags_of(const FileRecord& record) {
  std::uint32_t flags = record.recipe.is_none() ? 0 : kHasRecipe;
  if (record.place_count == 0) return flags;
  return flags | kHasPrefix | (record.is_text ? kIsText : 0);
}

}  // namespace

std::uint64_t promised_size(std::uint64_t baseline_size) {
  return std::max(2 * baseline_size, baseline_size + (std::uint64_t{1} << 20));
}

std::string encode_file_index(std::vector<FileRecord> records, std::span<const PrefixPlace> places) {
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  std::string strings;
  for (const FileRecord& record : records) strings += record.path;

  std::string bytes(kMagic);
  append_le<std::uint32_t>(bytes, kVersion);
  append_le<std::uint32_t>(bytes, kRecordSize);
  append_le<std::uint64_t>(bytes, records.size());
  append_le<std::uint64_t>(bytes, kHeaderSize);
  const std::uint64_t places_offset = kHeaderSize + records.size() * kRecordSize;
  append_le<std::uint64_t>(bytes, places_offset + places.size() * kPlaceSize);
  append_le<std::uint64_t>(bytes, strings.size());
  append_le<std::uint64_t>(bytes, places_offset);
  append_le<std::uint64_t>(bytes, places.size());
  bytes.resize(kHeaderSize);

  std::uint64_t path_offset = 0;
  for (const FileRecord& record : records) {
    const std::size_t start = bytes.size();
    append_le<std::uint64_t>(bytes, path_offset);
    append_le<std::uint32_t>(bytes, static_cast<std::uint32_t>(record.path.size()));
    append_le<std::uint32_t>(bytes, flags_of(record));
    append_digest(bytes, record.sha256);
    append_digest(bytes, record.recipe);
    append_le<std::uint64_t>(bytes, record.size);
    append_le<std::uint64_t>(bytes, record.promised_size);
    append_le<std::uint64_t>(bytes, record.place_count == 0 ? 0 : record.first_place);
    append_le<std::uint64_t>(bytes, record.place_count);
    bytes.resize(start + kRecordSize);
    path_offset += record.path.size();
  }
  for (const PrefixPlace& place : places) append_le<std::uint64_t>(bytes, encode_place(place));
  return bytes + strings;
}

Result<FileIndex> FileIndex::open(Read read, std::uint64_t size) {
  std::array<std::byte, kHeaderSize> header;
  if (size < kHeaderSize) return fail(Code::invalid, "index: {} bytes are too few", size);
  XAAS_TRY(read(0, header));
  if (!std::equal(kMagic.begin(), kMagic.end(), header.begin(),
                  [](char c, std::byte b) { return std::byte(c) == b; })) {
    return fail(Code::invalid, "index: not an index (bad magic)");
  }
  const auto version = load_le<std::uint32_t>(header, kVersionAt);
  if (version != kVersion) {
    return fail(Code::unsupported, "index: version {}, this program reads version {}: use a newer one", version,
                kVersion);
  }
  FileIndex index;
  index.record_size_ = load_le<std::uint32_t>(header, kRecordSizeAt);
  index.count_ = load_le<std::uint64_t>(header, kCountAt);
  index.records_offset_ = load_le<std::uint64_t>(header, kRecordsOffsetAt);
  index.strings_offset_ = load_le<std::uint64_t>(header, kStringsOffsetAt);
  index.strings_size_ = load_le<std::uint64_t>(header, kStringsSizeAt);
  if (index.record_size_ < kRecordSize || index.record_size_ > kMaxRecordSize) {
    return fail(Code::invalid, "index: {} cannot be the size of a record", index.record_size_);
  }
  if (index.count_ > size / index.record_size_ ||
      !fits(index.records_offset_, index.count_ * index.record_size_, size)) {
    return fail(Code::invalid, "index: {} records do not fit into {} bytes", index.count_, size);
  }
  if (index.strings_offset_ < index.records_offset_ + index.count_ * index.record_size_ ||
      !fits(index.strings_offset_, index.strings_size_, size)) {
    return fail(Code::invalid, "index: the paths do not fit behind the records in {} bytes", size);
  }
  index.places_offset_ = load_le<std::uint64_t>(header, kPlacesOffsetAt);
  index.places_count_ = load_le<std::uint64_t>(header, kPlacesCountAt);
  if (index.places_count_ > size / kPlaceSize || !fits(index.places_offset_, index.places_count_ * kPlaceSize, size)) {
    return fail(Code::invalid, "index: {} places of the prefix do not fit into {} bytes", index.places_count_, size);
  }
  index.read_ = std::move(read);
  return index;
}

Result<FileRecord> FileIndex::at(std::uint64_t position) const {
  if (position >= count_) return fail(Code::not_found, "index: there is no record {}", position);
  std::array<std::byte, kRecordSize> bytes;
  XAAS_TRY(read_(records_offset_ + position * record_size_, bytes));
  const auto path_offset = load_le<std::uint64_t>(bytes, kPathOffsetAt);
  const auto path_length = load_le<std::uint32_t>(bytes, kPathLengthAt);
  if (path_length == 0 || path_length > kMaxPath || !fits(path_offset, path_length, strings_size_)) {
    return fail(Code::invalid, "index: record {} has its path outside the index", position);
  }
  FileRecord record;
  record.path.resize(path_length);
  XAAS_TRY(read_(strings_offset_ + path_offset, std::as_writable_bytes(std::span(record.path))));
  record.sha256 = load_digest(bytes, kSha256At);
  record.size = load_le<std::uint64_t>(bytes, kSizeAt);
  if (record.size > kMaxSize) return fail(Code::invalid, "index: record {} has an impossible size", position);
  const auto flags = load_le<std::uint32_t>(bytes, kFlagsAt);
  if ((flags & kHasPrefix) != 0) {
    record.first_place = load_le<std::uint64_t>(bytes, kFirstPlaceAt);
    record.place_count = load_le<std::uint64_t>(bytes, kPlaceCountAt);
    record.is_text = (flags & kIsText) != 0;
  }
  if ((flags & kHasRecipe) == 0) return record;
  record.recipe = load_digest(bytes, kRecipeAt);
  record.promised_size = load_le<std::uint64_t>(bytes, kPromisedSizeAt);
  if (record.recipe.is_none() || record.promised_size < record.size || record.promised_size > kMaxSize) {
    return fail(Code::invalid, "index: record {} promises an impossible size, or has no recipe", position);
  }
  return record;
}

Result<std::optional<FileRecord>> FileIndex::find(std::string_view path) const {
  std::optional<FileRecord> low, high;  // the nearest records seen on both sides, to notice a wrong order
  std::uint64_t first = 0;
  for (std::uint64_t last = count_; first < last;) {
    const std::uint64_t middle = first + (last - first) / 2;
    XAAS_ASSIGN(FileRecord record, at(middle));
    if (record.path == path) return record;
    if ((low && record.path <= low->path) || (high && record.path >= high->path)) {
      return fail(Code::invalid, "index: record {} is out of order", middle);
    }
    if (record.path < path) {
      first = middle + 1;
      low = std::move(record);
    } else {
      last = middle;
      high = std::move(record);
    }
  }
  return std::nullopt;
}

Result<PrefixPlaces> FileIndex::places(const FileRecord& record, std::size_t prefix_size) const {
  PrefixPlaces places{{}, record.is_text};
  if (!fits(record.first_place, record.place_count, places_count_)) {
    return fail(Code::invalid, "index: {} has its places of the prefix outside the index", printable(record.path));
  }
  std::string bytes(static_cast<std::size_t>(record.place_count * kPlaceSize), '\0');
  XAAS_TRY(read_(places_offset_ + record.first_place * kPlaceSize, std::as_writable_bytes(std::span(bytes))));
  std::uint64_t end = 0;  // of the place before this one
  for (std::size_t at = 0; at < bytes.size(); at += kPlaceSize) {
    const PrefixPlace place = decode_place(load_le<std::uint64_t>(std::as_bytes(std::span(bytes)), at));
    const std::uint64_t length = prefix_size + place.tail.value_or(0);
    if (place.offset < end || !fits(place.offset, length, record.size) || (place.tail && record.is_text)) {
      return fail(Code::invalid, "index: a place of the prefix lies outside of {} or in another",
                  printable(record.path));
    }
    places.list.push_back(place);
    end = place.offset + length;
  }
  return places;
}

}  // namespace xaas
