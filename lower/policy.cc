// The table of known policies. Implements spec/lowering.md, section "Policy".
#include "lower/policy.h"

#include <algorithm>
#include <array>

#include "format/manifest.h"

namespace xaas {
namespace {

struct KnownPolicy {
  std::string_view name;
  unsigned opt_level;
  unsigned import_limit;
  std::uint64_t merge_limit;
  unsigned vector_width;
};

constexpr std::array kKnown{
    KnownPolicy{"default", 3, 10, 0, 0},
    KnownPolicy{"fast", 3, 0, 0, 0},
    KnownPolicy{"max", 3, 400, 16 << 20, 512},
};

static_assert(std::ranges::equal(kKnown, kPolicies, {}, &KnownPolicy::name));

}  // namespace

OrderedJson policy_json(const Policy& policy) {
  return {{"opt_level", policy.opt_level},
          {"import_limit", policy.import_limit},
          {"merge_limit", policy.merge_limit},
          {"vector_width", policy.vector_width}};
}

Result<Policy> find_policy(std::string_view name) {
  const auto* known = std::find_if(kKnown.begin(), kKnown.end(), [&](const auto& p) { return p.name == name; });
  if (known != kKnown.end()) {
    return Policy{.name = std::string(known->name),
                  .opt_level = known->opt_level,
                  .import_limit = known->import_limit,
                  .merge_limit = known->merge_limit,
                  .vector_width = known->vector_width};
  }
  return fail(Code::invalid, "unknown policy '{}': choose one of {}", name, fmt::join(kPolicies, ", "));
}

bool merges_units(const Policy& policy, LinkKind kind, std::uint64_t bitcode_bytes) {
  return kind != LinkKind::shared && bitcode_bytes <= policy.merge_limit;
}

Policy policy_for(const Policy& asked, std::string_view of_image) {
  if (!asked.name.empty()) return asked;
  auto policy = find_policy(of_image);
  if (!policy) policy = find_policy(kDefaultPolicy);
  return *policy;
}

}  // namespace xaas
