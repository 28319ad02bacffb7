// See image_target.h.
#include "mkimage/image_target.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "mkimage/build_driver.h"

namespace xaas {

Result<std::filesystem::path> image_path(const std::filesystem::path& given) {
  std::error_code error;
  const std::filesystem::path directory =
      std::filesystem::canonical(given.has_parent_path() ? given.parent_path() : ".", error);
  if (error) return fail(Code::not_found, "cannot write {}: {}", given.string(), error.message());
  if (!given.has_filename() || std::filesystem::is_directory(given)) {
    return fail(Code::invalid, "{} is a directory; give the image a name of its own", given.string());
  }
  return directory / given.filename();
}

Result<std::int64_t> source_date_epoch() {
  const char* text = std::getenv(kEpochVariable);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  if (text == nullptr || *text == '\0') return kDefaultEpoch;
  const std::string_view digits(text);
  std::int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec == std::errc() && result.ptr == digits.data() + digits.size() && value >= 0) return value;
  return fail(Code::invalid, "{} is \"{}\", which is no number of seconds", kEpochVariable, text);
}

}  // namespace xaas
