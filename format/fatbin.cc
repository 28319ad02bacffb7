// Reads and writes fat binaries; see fatbin.h.
#include "format/fatbin.h"

#include <elf.h>
#include <fmt/format.h>
#include <zstd.h>

#include <charconv>
#include <span>

#include "format/base/elf_file.h"
#include "format/base/little_endian.h"

namespace xaas {
namespace {

constexpr std::uint32_t kFatbinMagic = 0xba55ed50;
constexpr std::uint16_t kContainerVersion = 1;
constexpr std::size_t kContainerHeader = 16;
constexpr std::uint16_t kEntryVersion = 0x101;
constexpr std::size_t kEntryHeader = 64;  // without the name and the options behind it
constexpr std::size_t kOptionsHeader = 8;
constexpr std::size_t kAlignment = 8;
constexpr std::uint64_t kMostEntries = 1024;
constexpr std::uint64_t kLargestContent = 1ULL << 30;  // bytes; more is taken for damage
constexpr std::uint64_t kOtherCompressions = 0x2000;   // LZ4, by older versions of nvcc
constexpr std::uint64_t kPlainFlags = 0x11;            // 64 bits, for Linux
constexpr std::uint16_t kCubinMajor = 1;
constexpr std::string_view kCompatibilitySection = ".nv.compat";
constexpr std::string_view kPtxVersion = "\n.version ";

// Offsets in an entry's header.
enum Field : std::size_t {
  kKind = 0,
  kFatbinVersion = 2,
  kFatbinHeaderSize = 4,
  kPaddedSize = 8,
  kCompressedSize = 16,
  kOptionsOffset = 20,
  kMinor = 24,
  kMajor = 26,
  kArchitecture = 28,
  kNameOffset = 32,
  kNameSize = 36,
  kFlags = 40,
  kUncompressedSize = 56,
};

std::size_t rounded_up(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

template <typename T>
T number_at(std::string_view bytes, std::size_t offset) {
  return load_le<T>(std::as_bytes(std::span(bytes)), offset);
}

tl::unexpected<Error> damaged_fatbin(std::string_view what) {
  return fail(Code::invalid, "a damaged fat binary: {}", what);
}

Result<std::string_view> piece_of(std::string_view bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return damaged_fatbin("something lies outside of it");
  return bytes.substr(offset, size);
}

Result<std::optional<std::string>> options_of(std::string_view header) {
  const auto offset = number_at<std::uint32_t>(header, kOptionsOffset);
  if (offset == 0) return std::nullopt;
  XAAS_ASSIGN(const std::string_view place, piece_of(header, offset, kOptionsHeader));
  XAAS_ASSIGN(const std::string_view text,
              piece_of(header, number_at<std::uint32_t>(place, 0), number_at<std::uint32_t>(place, 4)));
  return std::string(text);
}

Result<std::string> decompressed(std::string_view header, std::string_view payload) {
  const auto size = number_at<std::uint64_t>(header, kUncompressedSize);
  if (size > kLargestContent) return damaged_fatbin("an entry is too large");
  XAAS_ASSIGN(const std::string_view compressed,
              piece_of(payload, 0, number_at<std::uint32_t>(header, kCompressedSize)));
  if (ZSTD_getFrameContentSize(compressed.data(), compressed.size()) != size) {
    return damaged_fatbin("the size of an entry is not what it says");
  }
  std::string content(size, '\0');
  const std::size_t result = ZSTD_decompress(content.data(), content.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(result) != 0 || result != size) return damaged_fatbin("an entry cannot be decompressed");
  return content;
}

Result<std::string> content_of(std::string_view header, std::string_view payload, DeviceCodeKind kind) {
  std::string content(payload);
  if ((number_at<std::uint64_t>(header, kFlags) & kFatbinZstd) != 0) {
    XAAS_ASSIGN(content, decompressed(header, payload));
  }
  // Text ends where its zeros begin, and files keep those that fill them up.
  if (kind == DeviceCodeKind::ptx) content.erase(content.find_last_not_of('\0') + 1);
  if (kind == DeviceCodeKind::elf) content.resize(rounded_up(content.size()), '\0');
  return content;
}

// `header` is the whole header, and not shorter than kEntryHeader.
Result<FatbinEntry> parse_entry(std::string_view header, std::string_view payload) {
  FatbinEntry entry;
  const auto kind = number_at<std::uint16_t>(header, kKind);
  entry.kind = static_cast<DeviceCodeKind>(kind);
  if (entry.kind != DeviceCodeKind::ptx && entry.kind != DeviceCodeKind::elf) {
    return fail(Code::unsupported, "a fat binary has an entry of the unknown kind {}", kind);
  }
  const auto flags = number_at<std::uint64_t>(header, kFlags);
  if ((flags & kOtherCompressions) != 0) {
    return fail(Code::unsupported, "a fat binary is compressed in an unknown way (flags {:#x})", flags);
  }
  entry.flags = flags & ~kFatbinZstd;
  entry.minor = number_at<std::uint16_t>(header, kMinor);
  entry.major = number_at<std::uint16_t>(header, kMajor);
  entry.architecture = number_at<std::uint32_t>(header, kArchitecture);
  XAAS_ASSIGN(const std::string_view name, piece_of(header, number_at<std::uint32_t>(header, kNameOffset),
                                                    number_at<std::uint32_t>(header, kNameSize)));
  entry.name = name;
  XAAS_ASSIGN(entry.options, options_of(header));
  XAAS_ASSIGN(entry.content, content_of(header, payload, entry.kind));
  return entry;
}

// Text with a NUL at its end, filled up.
void append_filled(std::string& bytes, std::string_view text) {
  bytes += text;
  bytes.append(rounded_up(text.size() + 1) - text.size(), '\0');
}

// The name and the options, which stand behind the header's numbers.
std::string tail_of(const FatbinEntry& entry) {
  std::string tail;
  if (!entry.name.empty()) append_filled(tail, entry.name);
  if (!entry.options) return tail;
  append_le(tail, static_cast<std::uint32_t>(kEntryHeader + tail.size() + kOptionsHeader));
  append_le(tail, static_cast<std::uint32_t>(entry.options->size()));
  append_filled(tail, *entry.options);
  return tail;
}

void append_entry(std::string& bytes, const FatbinEntry& entry) {
  const std::string tail = tail_of(entry);
  const std::size_t options = kEntryHeader + (entry.name.empty() ? 0 : rounded_up(entry.name.size() + 1));
  std::string payload;
  if (entry.kind == DeviceCodeKind::ptx) append_filled(payload, entry.content);
  if (entry.kind == DeviceCodeKind::elf) payload = entry.content;
  payload.resize(rounded_up(payload.size()), '\0');
  append_le(bytes, static_cast<std::uint16_t>(entry.kind));
  append_le(bytes, kEntryVersion);
  append_le(bytes, static_cast<std::uint32_t>(kEntryHeader + tail.size()));
  append_le(bytes, std::uint64_t{payload.size()});
  append_le(bytes, std::uint32_t{0});  // not compressed
  append_le(bytes, static_cast<std::uint32_t>(entry.options ? options : 0));
  append_le(bytes, entry.minor);
  append_le(bytes, entry.major);
  append_le(bytes, entry.architecture);
  append_le(bytes, static_cast<std::uint32_t>(entry.name.empty() ? 0 : kEntryHeader));
  append_le(bytes, static_cast<std::uint32_t>(entry.name.size()));
  append_le(bytes, entry.flags);
  append_le(bytes, std::uint64_t{0});
  append_le(bytes, std::uint64_t{0});  // not compressed
  bytes += tail + payload;
}

// fatbinary puts the section behind an empty string, and counts its bytes from the start of that. So the last byte of
// the section is not counted.
Result<std::string> compatibility_options(std::string_view section) {
  if (section.empty() || section.back() != '\0') {
    return fail(Code::unsupported, "a file for GPUs has a {} of an unknown form", kCompatibilitySection);
  }
  section.remove_suffix(1);
  return std::string(1, '\0').append(section);
}

}  // namespace

std::string architecture_name(const FatbinEntry& entry) {
  const char* suffix = (entry.flags & kFatbinArchitectureOnly) != 0 ? "a" : "";
  if ((entry.flags & kFatbinFamilyOnly) != 0) suffix = "f";
  return fmt::format("{}_{}{}", entry.kind == DeviceCodeKind::ptx ? "compute" : "sm", entry.architecture, suffix);
}

Result<std::vector<FatbinEntry>> parse_fatbin(std::string_view bytes) {
  if (bytes.size() < kContainerHeader || number_at<std::uint32_t>(bytes, 0) != kFatbinMagic) {
    return fail(Code::invalid, "not a fat binary");
  }
  if (number_at<std::uint16_t>(bytes, 4) != kContainerVersion ||
      number_at<std::uint16_t>(bytes, 6) != kContainerHeader) {
    return fail(Code::unsupported, "a fat binary of another version");
  }
  XAAS_ASSIGN(std::string_view rest, piece_of(bytes, kContainerHeader, number_at<std::uint64_t>(bytes, 8)));
  std::vector<FatbinEntry> entries;
  while (!rest.empty()) {
    if (rest.size() < kEntryHeader) return damaged_fatbin("an entry is cut off");
    if (entries.size() == kMostEntries) return damaged_fatbin("it has too many entries");
    if (number_at<std::uint16_t>(rest, kFatbinVersion) != kEntryVersion) {
      return fail(Code::unsupported, "a fat binary has an entry of another version");
    }
    const auto header_size = number_at<std::uint32_t>(rest, kFatbinHeaderSize);
    if (header_size < kEntryHeader) return damaged_fatbin("the header of an entry is too short");
    XAAS_ASSIGN(const std::string_view header, piece_of(rest, 0, header_size));
    XAAS_ASSIGN(const std::string_view payload,
                piece_of(rest, header_size, number_at<std::uint64_t>(rest, kPaddedSize)));
    XAAS_ASSIGN(entries.emplace_back(), parse_entry(header, payload));
    rest.remove_prefix(header.size() + payload.size());
  }
  return entries;
}

std::string write_fatbin(const std::vector<FatbinEntry>& entries) {
  std::string content;
  for (const FatbinEntry& entry : entries) append_entry(content, entry);
  std::string bytes;
  append_le(bytes, kFatbinMagic);
  append_le(bytes, kContainerVersion);
  append_le(bytes, static_cast<std::uint16_t>(kContainerHeader));
  append_le(bytes, std::uint64_t{content.size()});
  return bytes + content;
}

Result<FatbinEntry> ptx_entry(std::uint32_t architecture, std::string text, std::uint64_t flags) {
  FatbinEntry entry;
  entry.architecture = architecture;
  entry.flags = kPlainFlags | (flags & kFatbinDebug);
  entry.options = "";
  const std::size_t at = text.find(kPtxVersion);
  const char* const end = text.data() + text.size();
  const char* const start = at == std::string::npos ? end : text.data() + at + kPtxVersion.size();
  const auto [point, error] = std::from_chars(start, end, entry.major);
  if (error != std::errc() || point == end || std::from_chars(point + 1, end, entry.minor).ec != std::errc()) {
    return fail(Code::invalid, "PTX that does not say its version");
  }
  entry.content = std::move(text);
  return entry;
}

Result<FatbinEntry> linked_entry(std::uint32_t architecture, std::string cubin) {
  XAAS_ASSIGN(FatbinEntry entry, cubin_entry(architecture, std::move(cubin)));
  entry.options.reset();
  entry.flags &= ~kFatbinCompatibility;
  return entry;
}

Result<FatbinEntry> cubin_entry(std::uint32_t architecture, std::string cubin) {
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(cubin));
  if (elf.machine() != EM_CUDA) return fail(Code::invalid, "an ELF file that is for no GPU");
  FatbinEntry entry;
  entry.kind = DeviceCodeKind::elf;
  entry.architecture = architecture;
  entry.major = kCubinMajor;
  entry.minor = static_cast<unsigned char>(cubin[EI_ABIVERSION]);
  entry.flags = kPlainFlags;
  if (const ElfSection* section = elf.find_section(kCompatibilitySection); section != nullptr) {
    XAAS_ASSIGN(entry.options, compatibility_options(section->data));
    entry.flags |= kFatbinCompatibility;
  }
  cubin.resize(rounded_up(cubin.size()), '\0');
  entry.content = std::move(cubin);
  return entry;
}

}  // namespace xaas
