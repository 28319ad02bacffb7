// How much work lowering may spend: data that is part of the cache key. Implements spec/lowering.md, section "Policy".
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
  // ThinLTO imports functions of other modules up to this many instructions; LLVM's own default is 100. 0: none.
  unsigned import_limit = 10;
  // The units of a program become one module where their bitcode has no more bytes than this in all. 0: never.
  std::uint64_t merge_limit = 0;
  unsigned vector_width = 0;  // bits that loops and straight code are vectorised for; 0: as the CPU's tuning says
  bool operator==(const Policy&) const = default;
};

// What of a policy decides bytes, so without its name, for keys and jobs.
OrderedJson policy_json(const Policy& policy);

// Code::invalid names the known ones.
Result<Policy> find_policy(std::string_view name);
// Whether the units of a link become one module: the policy wants it of so many bytes of bitcode, every unit
// counted, and nothing can replace what the link defines. In a library, LD_PRELOAD may replace any exported function.
bool merges_units(const Policy& policy, LinkKind kind, std::uint64_t bitcode_bytes);

// The one that is asked for, or, where `asked` has no name, the one that an image says; the default where that is not
// known here.
Policy policy_for(const Policy& asked, std::string_view of_image);

}  // namespace xaas
