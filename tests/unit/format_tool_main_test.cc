#include <catch2/catch.hpp>
#include <stdexcept>

#include "format/base/tool_main.h"
#include "tests/unit/format_support.h"

using xaas::test::errors_of;

TEST_CASE("a tool ends with the status of its work, or with one line") {
  int status = -1;
  const auto run = [&](const std::function<xaas::Result<int>()>& work) {
    return errors_of([&] { status = xaas::tool_main("tool", work); });
  };
  CHECK(run([] { return 5; }).empty());
  CHECK(status == 5);
  CHECK(run([]() -> xaas::Result<int> { return xaas::fail(xaas::Code::io, "cannot \x1b[1m"); }) ==
        "tool: cannot \\033[1m\n");
  CHECK(status == xaas::kFailed);
  CHECK(run([]() -> xaas::Result<int> { throw std::runtime_error("thrown"); }) == "tool: thrown\n");
  CHECK(status == xaas::kFailed);
  CHECK(run([]() -> xaas::Result<int> { throw std::bad_alloc(); }) == "tool: there is not enough memory\n");
  CHECK(status == xaas::kFailed);
}

TEST_CASE("advice stands on a line of its own, with its backslashes") {
  CHECK(errors_of([] { xaas::report("tool", {xaas::Code::failed, "failed\nrun 'it'\\''s'"}); }) ==
        "tool: failed\ntool: run 'it'\\''s'\n");
}
