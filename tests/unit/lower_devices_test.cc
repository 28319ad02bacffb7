#include <algorithm>
#include <catch2/catch.hpp>

#include "format/manifest.h"
#include "lower/devices.h"
#include "lower/gpus.h"

TEST_CASE("the devices of this host are ones that a configuration may require, each once, in order") {
  const std::vector<std::string> devices = xaas::host_devices();
  CHECK(std::ranges::is_sorted(devices));
  CHECK(std::ranges::adjacent_find(devices) == devices.end());
  for (const std::string& device : devices) CHECK(std::ranges::count(xaas::kDevices, device) == 1);
  const std::vector<std::string> more = xaas::devices_of_host();
  CHECK(std::ranges::is_sorted(more));
  CHECK(std::ranges::adjacent_find(more) == more.end());
  CHECK(std::ranges::includes(more, devices));
}
