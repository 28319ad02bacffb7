// Reads the tar files that lld's --reproduce writes: ustar, with pax headers for long names. Checks everything it
// reads.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

// Name of a regular file -> content. If a name occurs twice, the first content counts.
using TarFiles = std::map<std::string, std::string_view, std::less<>>;

// The result has views into `bytes`. Code::invalid if the file is damaged or cut off.
Result<TarFiles> parse_tar(std::string_view bytes);

}  // namespace xaas
