// Reads what clang puts into objects for the devices of OpenMP. LLVM's reader does the work.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Code for a device: of a unit, or a program that is linked.
struct OffloadImage {
  std::string triple;        // as in RegionCode
  std::string architecture;  // as in RegionCode
  bool is_bitcode = false;
  bool is_for_openmp = false;
  std::string content;
};

// What the object has, in its order. Empty if it has nothing for devices. Code::invalid if that cannot be read.
Result<std::vector<OffloadImage>> read_offload_images(std::string_view object);

// Whether the object is the one that clang makes for a link, with the programs for devices.
bool registers_images(std::string_view object);

}  // namespace xaas
