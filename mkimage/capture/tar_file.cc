// ustar and pax headers; see tar_file.h.
#include "mkimage/capture/tar_file.h"

#include <charconv>
#include <cstdint>
#include <optional>

namespace xaas {
namespace {

constexpr std::size_t kBlock = 512;
constexpr char kRegular = '0';
constexpr char kPax = 'x';

struct Field {
  std::size_t offset;
  std::size_t size;
};
constexpr Field kName{0, 100};
constexpr Field kSize{124, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kPrefix{345, 155};
constexpr std::size_t kTypeOffset = 156;

std::string_view text(std::string_view header, Field field) {
  const std::string_view whole = header.substr(field.offset, field.size);
  return whole.substr(0, whole.find('\0'));
}

std::optional<std::uint64_t> octal(std::string_view header, Field field) {
  std::string_view digits = text(header, field);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  std::uint64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (result.ec != std::errc()) return std::nullopt;
  return value;
}

bool checksum_matches(std::string_view header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool in_checksum = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    sum += in_checksum ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return octal(header, kChecksum) == sum;
}

// The value of `path` in a pax header: records of "<length> <key>=<value>\n".
std::optional<std::string> pax_path(std::string_view records) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto number = std::from_chars(records.data(), records.data() + records.size(), length);
    if (number.ec != std::errc() || length == 0 || length > records.size()) return std::nullopt;
    const std::string_view record = records.substr(0, length);
    const std::size_t key = record.find(' ') + 1;
    if (record.substr(key).starts_with("path=") && record.ends_with('\n')) {
      return std::string(record.substr(key + 5, record.size() - key - 6));
    }
    records.remove_prefix(length);
  }
  return std::nullopt;
}

}  // namespace

Result<TarFiles> parse_tar(std::string_view bytes) {
  TarFiles files;
  std::optional<std::string> long_name;
  for (std::size_t at = 0; bytes.size() - at >= kBlock;) {
    const std::string_view header = bytes.substr(at, kBlock);
    if (header.find_first_not_of('\0') == std::string_view::npos) return files;
    if (!checksum_matches(header)) return fail(Code::invalid, "a damaged tar header at offset {}", at);
    at += kBlock;
    const auto size = octal(header, kSize);
    if (!size || *size > bytes.size() - at) return fail(Code::invalid, "the tar file is cut off at offset {}", at);
    const std::string_view content = bytes.substr(at, static_cast<std::size_t>(*size));
    const std::size_t padded = (content.size() + kBlock - 1) / kBlock * kBlock;
    if (padded > bytes.size() - at) return fail(Code::invalid, "the tar file is cut off at offset {}", at);
    at += padded;
    const char type = header[kTypeOffset];
    if (type == kPax) {
      long_name = pax_path(content);
      if (!long_name) return fail(Code::invalid, "a pax header without a path at offset {}", at);
      continue;
    }
    if (type != kRegular && type != '\0') {
      return fail(Code::unsupported, "a tar entry of type '{}'", type);
    }
    std::string name(text(header, kName));
    if (const std::string_view prefix = text(header, kPrefix); !prefix.empty())
      name = fmt::format("{}/{}", prefix, name);
    files.emplace(long_name.value_or(name), content);
    long_name.reset();
  }
  return fail(Code::invalid, "the tar file has no end");
}

}  // namespace xaas
