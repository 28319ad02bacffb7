// Reads static libraries in the GNU format: long names, symbol tables skipped, thin archives. Nothing is trusted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

struct ArMember {
  std::string name;       // in a thin archive: the path, relative to the archive's directory
  std::string_view data;  // empty in a thin archive
};

struct ArArchive {
  bool thin = false;
  std::vector<ArMember> members;  // in order; a name may come more than once
};

bool is_archive(std::string_view bytes);
bool is_thin_archive(std::string_view bytes);
// Views into `bytes`. Code::invalid when damaged or cut off.
Result<ArArchive> parse_archive(std::string_view bytes);

}  // namespace xaas
