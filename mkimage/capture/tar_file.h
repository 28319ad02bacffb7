// Reads the tar files that lld's --reproduce writes: ustar with pax headers for long names. Nothing is trusted.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

// Regular files by name. A name that comes twice keeps its first content.
using TarFiles = std::map<std::string, std::string_view, std::less<>>;

// Views into `bytes`. Code::invalid when damaged or cut off.
Result<TarFiles> parse_tar(std::string_view bytes);

}  // namespace xaas
