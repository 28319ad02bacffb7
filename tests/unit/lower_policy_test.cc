// Policies are found by name.
#include "lower/policy.h"
#include "tests/unit/lower_support.h"

namespace xaas {

TEST_CASE("the default policy imports across modules and the fast one does not") {
  CHECK(test::good(find_policy("default")).import_limit > 0);
  CHECK(test::good(find_policy("fast")).import_limit == 0);
}

TEST_CASE("the policy is the one that is asked for, else the image's, else the default") {
  const Policy fast = test::good(find_policy("fast"));
  CHECK(policy_for(fast, "max") == fast);
  CHECK(policy_for({}, "max").name == "max");
  CHECK(policy_for({}, "of-tomorrow").name == "default");
}

TEST_CASE("units become one module in programs, up to the policy's limit, and never in libraries") {
  const Policy policy{.name = "", .merge_limit = 100};
  CHECK(merges_units(policy, LinkKind::pie, 100));
  CHECK_FALSE(merges_units(policy, LinkKind::pie, 101));
  CHECK_FALSE(merges_units(policy, LinkKind::shared, 100));
  CHECK_FALSE(merges_units(test::good(find_policy("default")), LinkKind::pie, 1));
}

TEST_CASE("an unknown policy is refused, naming the known ones") {
  const auto result = find_policy("best");
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "unknown policy 'best': choose one of default, fast, max");
}

}  // namespace xaas
