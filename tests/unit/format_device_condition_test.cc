// What configurations require of devices.
#include <catch2/catch.hpp>

#include "format/device_condition.h"

using namespace xaas;

TEST_CASE("devices and conditions on them are known, and nothing else") {
  for (const char* known :
       {"nvidia-gpu", "infiniband", "nvidia-gpu>=sm_80", "nvidia-driver>=550", "nvidia-driver>=550.54.1"}) {
    INFO(known);
    CHECK(is_known_device(known));
  }
  for (const char* unknown : {"", "gpu", "nvidia-gpu>=", "nvidia-gpu>=80", "nvidia-gpu>=sm_8x", "nvidia-gpu>=sm_8.0",
                              "nvidia-gpu>=sm_90a", "amd-gpu>=gfx90a", "nvidia-driver>=", "nvidia-driver>=550.",
                              "nvidia-driver>=.5", "nvidia-driver", "nvidia-gpu=sm_80", "nvidia-gpu>sm_80"}) {
    INFO(unknown);
    CHECK_FALSE(is_known_device(unknown));
    CHECK_FALSE(has_device({"nvidia-gpu", "nvidia-gpu=sm_80", "nvidia-driver=600"}, unknown));
  }
}

TEST_CASE("a condition is met by one device that is new enough") {
  const std::vector<std::string> host = {"nvidia-driver=550.54.15", "nvidia-gpu", "nvidia-gpu=sm_75",
                                         "nvidia-gpu=sm_90"};
  CHECK(has_device(host, "nvidia-gpu"));
  CHECK(has_device(host, "nvidia-gpu>=sm_80"));
  CHECK(has_device(host, "nvidia-gpu>=sm_90"));
  CHECK_FALSE(has_device(host, "nvidia-gpu>=sm_100"));
  CHECK(has_device(host, "nvidia-driver>=550"));
  CHECK(has_device(host, "nvidia-driver>=550.54.15"));
  CHECK_FALSE(has_device(host, "nvidia-driver>=550.60"));
  CHECK_FALSE(has_device(host, "nvidia-driver>=580"));
  CHECK_FALSE(has_device({"nvidia-gpu"}, "nvidia-gpu>=sm_75"));
  CHECK_FALSE(has_device({}, "nvidia-gpu>=sm_75"));
  CHECK(device_properties(host, "nvidia-gpu") == std::vector<std::string>{"sm_75", "sm_90"});
}
