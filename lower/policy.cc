// The known policies, as a table. Implements spec/lowering.md, section "Policy".
#include "lower/policy.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace xaas {
namespace {

struct KnownPolicy {
  std::string_view name;
  unsigned opt_level;
  unsigned import_limit;
  unsigned vector_width;
};

constexpr std::array kPolicies{
    KnownPolicy{"default", 3, 100, 0},
    KnownPolicy{"fast", 3, 0, 0},
    KnownPolicy{"max", 3, 400, 512},
};

}  // namespace

Result<Policy> find_policy(std::string_view name) {
  const auto* known = std::find_if(kPolicies.begin(), kPolicies.end(), [&](const auto& p) { return p.name == name; });
  if (known != kPolicies.end()) {
    return Policy{.name = std::string(known->name),
                  .opt_level = known->opt_level,
                  .import_limit = known->import_limit,
                  .vector_width = known->vector_width};
  }
  std::string names;
  for (const KnownPolicy& policy : kPolicies) {
    if (!names.empty()) names += ", ";
    names += policy.name;
  }
  return fail(Code::invalid, "unknown policy '{}': choose one of {}", name, names);
}

}  // namespace xaas
