// What a file is lowered for: target triple, CPU and the complete list of target features. Implements spec/lowering.md,
// section "Target". Uses LLVM's TargetParser only, no code generation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/error.h"

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

// The features of `required` ("+x") that `target` lacks. "-x" entries are never missing.
std::vector<std::string> missing_features(const Target& target, const std::vector<std::string>& required);

}  // namespace xaas
