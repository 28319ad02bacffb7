// What a file is lowered for: target triple, CPU and the complete list of target features. Implements spec/lowering.md,
// section "Target". Uses LLVM's TargetParser only, no code generation.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

struct Target {
  std::string triple;                 // "x86_64-pc-linux-gnu"
  std::string cpu;                    // an LLVM CPU name, never "native"
  std::vector<std::string> features;  // complete and sorted by name: "+avx2", "-avx512f", ...
  unsigned prefer_vector_width = 0;   // bits; 0: what the CPU's tuning says
  bool operator==(const Target&) const = default;
};

struct TargetOverrides {
  std::string cpu;  // empty: this host's, from LLVM's host detection (what the hypervisor shows, not the model's name)
  std::string features;  // comma-separated "+name" or "-name", applied last; removing one removes what implies it
};

// Code::invalid for an unknown CPU or feature, naming the nearest known ones; Code::unsupported for a triple that this
// build cannot describe.
Result<Target> resolve_target(std::string_view triple, const TargetOverrides& overrides);

// Triple of the host this process runs on, "x86_64-pc-linux-gnu".
std::string host_triple();

using X86Features = std::map<std::string, bool, std::less<>>;  // name -> supported

// "x86-64-v4" down to "x86-64": the highest level whose features are all there. For a CPU without a name of its own.
std::string x86_level(const X86Features& features);

// Takes away what implies a feature that is not there: a hypervisor may hide avx512f and leave avx512vl, which a code
// generator takes for avx512f as well.
void mask_dependent_features(X86Features& features);

// The features of `required` ("+x") that `target` lacks. "-x" entries are never missing.
std::vector<std::string> missing_features(const Target& target, const std::vector<std::string>& required);

}  // namespace xaas
