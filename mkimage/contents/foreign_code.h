// Finds C++ code of a program that was not captured and so stays as it was compiled. The form of C++ data can depend on
// the CPU for which its code is compiled, so captured code must keep the form that such code has. Implements
// spec/lowering.md, "One level in a process".
#pragma once

#include <string>

#include "format/base/error.h"
#include "mkimage/contents/image_contents.h"

namespace xaas {

struct CxxInterfaces {
  // Code that was not captured and that lowered programs use C++ symbols of, or that uses theirs: "libabc.so.1 (used by
  // bin/abc)". Empty if there is none.
  std::string foreign;
  // Whether lowered programs use C++ symbols of other lowered ones.
  bool between_programs = false;
};

// Looks at all programs of the configuration that have a recipe. The runtime libraries of C++ do not count. `store`
// holds the objects of the links.
Result<CxxInterfaces> cxx_interfaces(const ConfigurationContents& configuration, const CanonicalUnits& units,
                                     const CaptureStore& store);

}  // namespace xaas
