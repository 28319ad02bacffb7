// See findings.h.
#include "mkimage/discover/findings.h"

#include <algorithm>

namespace xaas {

const Finding* Discovery::find(std::string_view term) const {
  const auto found = std::ranges::find(findings, term, &Finding::term);
  return found == findings.end() ? nullptr : &*found;
}

}  // namespace xaas
