// Where an image is written, and which time its entries have.
#pragma once

#include <cstdint>
#include <filesystem>

#include "format/base/error.h"

namespace xaas {

// The absolute path of an image that is to be made. An error if there is no such directory, or if `given` is one.
Result<std::filesystem::path> image_path(const std::filesystem::path& given);

// The time of all entries, in seconds since 1970: $SOURCE_DATE_EPOCH, else kDefaultEpoch. Code::invalid if the variable
// is no number.
Result<std::int64_t> source_date_epoch();

}  // namespace xaas
