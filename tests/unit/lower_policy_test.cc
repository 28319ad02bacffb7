// Policies are found by name.
#include "lower/policy.h"
#include "tests/unit/lower_support.h"

namespace xaas {

TEST_CASE("the default policy imports across modules and the fast one does not") {
  CHECK(test::good(find_policy("default")).import_limit > 0);
  CHECK(test::good(find_policy("fast")).import_limit == 0);
}

TEST_CASE("an unknown policy is refused, naming the known ones") {
  const auto result = find_policy("best");
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "unknown policy 'best': choose one of default, fast, max");
}

}  // namespace xaas
