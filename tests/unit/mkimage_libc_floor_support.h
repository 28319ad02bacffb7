// What tests of libc_floor share: the floor of this machine, and functions of libraries that this program does not
// have.
#pragma once

#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "mkimage/contents/libc_floor.h"

namespace xaas {

inline constexpr const char* kFloorCompiler = "clang-19";

inline const LibcFloor& floor_here() {
  static const LibcFloor floor = LibcFloor::create(kFloorCompiler).value();
  return floor;
}

// A library beside those of this program. dlopen() and dlsym() of this program are stubs of ours, for hwloc.
inline void* load_beside(const std::filesystem::path& library) {
  void* const loaded = dlmopen(LM_ID_BASE, library.c_str(), RTLD_NOW | RTLD_LOCAL);
  INFO(library.string() << " cannot be loaded");
  REQUIRE(loaded != nullptr);
  return loaded;
}

template <typename Function>
Function* library_function(void* library, const char* name, const char* version) {
  void* const found = dlvsym(library, name, version);
  INFO(name << " " << version);
  REQUIRE(found != nullptr);
  return reinterpret_cast<Function*>(found);
}

// A function of an addition.
template <typename Function>
Function* addition(const char* name, const char* soname = "libxaas-libc.so") {
  void* const library = load_beside(floor_here().addition(soname));
  return library_function<Function>(library, name, "XAAS_1");
}

}  // namespace xaas
