#include <catch2/catch.hpp>

#include "format/base/split.h"

TEST_CASE("text is split at every separator, the last one adds nothing") {
  using Pieces = std::vector<std::string_view>;
  CHECK(xaas::split("a,b", ',') == Pieces{"a", "b"});
  CHECK(xaas::split("a,,b,", ',') == Pieces{"a", "", "b"});
  CHECK(xaas::split("", ',').empty());
}
