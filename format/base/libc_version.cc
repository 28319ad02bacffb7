// See libc_version.h.
#include "format/base/libc_version.h"

#include <algorithm>
#include <charconv>

namespace xaas {
namespace {

constexpr std::string_view kGlibcPrefix = "GLIBC_";

}  // namespace

bool is_libc_version(std::string_view version) { return version.starts_with(kGlibcPrefix); }

std::vector<unsigned> libc_version_numbers(std::string_view version) {
  std::vector<unsigned> numbers;
  if (!is_libc_version(version)) return numbers;
  const char* at = version.data() + kGlibcPrefix.size();
  const char* const end = version.data() + version.size();
  while (true) {
    unsigned number = 0;
    const auto result = std::from_chars(at, end, number);
    if (result.ec != std::errc()) return {};
    numbers.push_back(number);
    if (result.ptr == end) return numbers;
    if (*result.ptr != '.') return {};
    at = result.ptr + 1;
  }
}

std::string newest_libc_version(const std::vector<std::string>& versions) {
  const auto newest = std::ranges::max_element(versions, {}, libc_version_numbers);
  return newest == versions.end() || libc_version_numbers(*newest).empty() ? std::string() : *newest;
}

}  // namespace xaas
