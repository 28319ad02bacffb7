// Records a compiled unit: its object, and its bitcode or the reason why it has none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// The result of compiling one source.
struct CompiledUnit {
  std::string source;                       // as on the command line
  std::string target;                       // the object file; for a temporary object, the file that it is linked into
  std::string_view object;                  // bytes of the object file
  std::optional<std::string_view> bitcode;  // bitcode of the same unit
  std::vector<std::string> headers = {};    // headers that it read
  std::optional<UnitIdentity> identity = {};
  std::vector<std::string> asks = {};  // Ask::line() of each
  UnitVariants variants = {};
  std::vector<UnitRegions> regions = {};
  bool is_shared = false;  // whether it is an earlier compile's result
};
void record_unit(const CaptureEnvironment& environment, const Compilation& compilation, const CompiledUnit& unit);

// The bitcode that clang has put into an object.
std::optional<std::string_view> embedded_bitcode(std::string_view object);

// The texts of reasons in records, with a compiler's message.
std::string does_not_compile(const std::string& message);
std::string does_not_compile_to_bitcode(const std::string& message);

}  // namespace xaas
