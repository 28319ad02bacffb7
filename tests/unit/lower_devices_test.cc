#include <algorithm>
#include <catch2/catch.hpp>

#include "format/manifest.h"
#include "lower/devices.h"

TEST_CASE("the devices of this host are ones that a configuration may require, each once, in order") {
  const std::vector<std::string> devices = xaas::host_devices();
  CHECK(std::ranges::is_sorted(devices));
  CHECK(std::ranges::adjacent_find(devices) == devices.end());
  for (const std::string& device : devices) CHECK(std::ranges::count(xaas::kDevices, device) == 1);
}
