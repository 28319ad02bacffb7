// The record of a compiled unit: its object, the bitcode of the same unit, or the reason why there is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// What a compile of one source left behind.
struct CompiledUnit {
  std::string source;       // as on the command line
  std::string target;       // the object file; of one that is temporary, the file that it is linked into
  std::string_view object;  // bytes of the object file
  std::optional<std::string_view> bitcode;  // of the same unit
  std::vector<std::string> headers = {};    // that it read
  std::optional<UnitIdentity> identity = {};
  bool is_shared = false;  // nothing was compiled for it
};
void record_unit(const CaptureEnvironment& environment, const Compilation& compilation, const CompiledUnit& unit);

// The bitcode that clang put into an object.
std::optional<std::string_view> embedded_bitcode(std::string_view object);

// Reasons in records.
std::string does_not_compile(const std::string& message);
std::string does_not_compile_to_bitcode(const std::string& message);

}  // namespace xaas
