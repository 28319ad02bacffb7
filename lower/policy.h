// How much work lowering may spend. A policy is data, and part of the cache key. Implements spec/lowering.md, section
// "Policy".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "format/base/error.h"
#include "format/base/json_fields.h"
#include "format/recipe.h"

namespace xaas {

struct Policy {
  std::string name;        // "default"
  unsigned opt_level = 3;  // 0..3
  // ThinLTO imports functions of other modules up to this many instructions. LLVM's own default is 100. 0 means no
  // import.
  unsigned import_limit = 10;
  // The units of a program become one module if their bitcode has at most this many bytes in all. 0 means never.
  std::uint64_t merge_limit = 0;
  unsigned vector_width = 0;  // bits; loops and straight-line code are vectorised for it; 0: as the CPU's tuning says
  bool operator==(const Policy&) const = default;
};

// The part of a policy that decides bytes, which is everything but its name. For keys and jobs.
OrderedJson policy_json(const Policy& policy);

// Code::invalid for an unknown name; the message lists the known ones.
Result<Policy> find_policy(std::string_view name);
// Whether the units of a link become one module. `bitcode_bytes` counts every unit, and must be within the policy's
// `merge_limit`. The link must not make a library, because LD_PRELOAD may replace any exported function of a library.
bool merges_units(const Policy& policy, LinkKind kind, std::uint64_t bitcode_bytes);

// Returns `asked` if it has a name. Otherwise returns the policy that the image names, or the default policy if that
// name is unknown here.
Policy policy_for(const Policy& asked, std::string_view of_image);

}  // namespace xaas
