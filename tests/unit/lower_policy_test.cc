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

TEST_CASE("an unknown policy is refused, naming the known ones") {
  const auto result = find_policy("best");
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "unknown policy 'best': choose one of default, fast, max");
}

}  // namespace xaas
