// Visits every entry below a directory of an image once. Safe on hostile images: a loop ends in an error.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "format/base/error.h"
#include "format/squashfs/reader.h"

namespace xaas {

// Called with the path from the root of the image and with the entry. An error ends the walk, which returns it.
using Visit = std::function<Status(const std::string& path, const DirectoryEntry& entry)>;

// Visits all entries below the directory `from` ("" is the root). The order is sorted, with a directory before its
// contents. Code::invalid when a directory appears in two places, which includes every loop, and when a path is longer
// than Linux can open.
Status walk(const SquashfsReader& reader, std::string_view from, const Visit& visit);

}  // namespace xaas
