// How much work lowering may spend: data that is part of the cache key. Implements spec/lowering.md, section "Policy".
#pragma once

#include <string>
#include <string_view>

#include "format/error.h"

namespace xaas {

struct Policy {
  std::string name;        // "default"
  unsigned opt_level = 3;  // 0..3
  bool import = true;      // ThinLTO cross-module import
  bool operator==(const Policy&) const = default;
};

// "default" or "fast" (no import); Code::invalid names the known ones.
Result<Policy> find_policy(std::string_view name);

}  // namespace xaas
