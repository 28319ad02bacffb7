// Reads static libraries in the GNU format, with long names and thin archives. Skips symbol tables. Checks everything
// it reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

struct ArMember {
  std::string name;       // in a thin archive the path, relative to the archive's directory
  std::string_view data;  // empty in a thin archive
};

struct ArArchive {
  bool thin = false;
  std::vector<ArMember> members;  // in order; a name may occur more than once
};

bool is_archive(std::string_view bytes);
bool is_thin_archive(std::string_view bytes);
// The result has views into `bytes`. Code::invalid if the archive is damaged or cut off.
Result<ArArchive> parse_archive(std::string_view bytes);

}  // namespace xaas
