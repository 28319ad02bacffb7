// The target of lowering: triple, CPU and the complete list of target features. Implements spec/lowering.md, section
// "Target". Uses only LLVM's TargetParser, and no code generation.
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
  std::string cpu;       // empty: this host's CPU as LLVM detects it, which is what a hypervisor shows
  std::string features;  // "+name" or "-name", comma-separated; applied last; "-name" also removes what implies it
};

// Code::invalid for an unknown CPU or feature; the message names the nearest known ones. Code::unsupported for a triple
// that this build cannot describe.
Result<Target> resolve_target(std::string_view triple, const TargetOverrides& overrides);

// The same for another host, whose own target is `host`. Features of `host` that this build does not know are left out.
Result<Target> resolve_target_on(const Target& host, std::string_view triple, const TargetOverrides& overrides);

// The triple of the host on which this process runs, such as "x86_64-pc-linux-gnu".
std::string host_triple();

using X86Features = std::map<std::string, bool, std::less<>>;  // name -> supported

// The highest level, from "x86-64-v4" down to "x86-64", whose features are all present. For a CPU that LLVM has no name
// for.
std::string x86_level(const X86Features& features);

// Removes every feature that implies an absent one. A hypervisor may hide avx512f and leave avx512vl, from which a code
// generator infers avx512f.
void mask_dependent_features(X86Features& features);

// The features of `required` ("+x") that `target` lacks. A "-x" entry is never missing.
std::vector<std::string> missing_features(const Target& target, const std::vector<std::string>& required);

}  // namespace xaas
