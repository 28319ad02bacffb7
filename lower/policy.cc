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
  bool import;
};

constexpr std::array kPolicies{
    KnownPolicy{"default", 3, true},
    KnownPolicy{"fast", 3, false},
};

}  // namespace

Result<Policy> find_policy(std::string_view name) {
  const auto* known = std::find_if(kPolicies.begin(), kPolicies.end(), [&](const auto& p) { return p.name == name; });
  if (known != kPolicies.end()) {
    return Policy{.name = std::string(known->name), .opt_level = known->opt_level, .import = known->import};
  }
  std::string names;
  for (const KnownPolicy& policy : kPolicies) {
    if (!names.empty()) names += ", ";
    names += policy.name;
  }
  return fail(Code::invalid, "unknown policy '{}': choose one of {}", name, names);
}

}  // namespace xaas
