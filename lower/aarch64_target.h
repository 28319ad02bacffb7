// CPUs of aarch64 and what programs can use of them. Implements spec/lowering.md, section "Target". Uses only LLVM's
// TargetParser, and no code generation.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// What the kernel tells a program of its CPU: AT_HWCAP and AT_HWCAP2 of aarch64 Linux.
struct HardwareCapabilities {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// The features that these capabilities stand for, without signs, sorted.
std::vector<std::string> features_of(const HardwareCapabilities& capabilities);

// A CPU: LLVM's name, and the names of its features.
struct AArch64Cpu {
  std::string name;
  std::vector<std::string> features;
};

// What a target says of its CPU.
struct AArch64Description {
  std::string cpu;                    // LLVM's name, never "native"
  std::vector<std::string> features;  // complete and sorted by name: "+lse", "-sve"
};

// Describes the CPU of this name, with `changes` to its features ("+name" or "-name", comma-separated). `describe_own`
// describes it if the name is empty or "native". A name is one of a CPU or of an architecture, and may have extensions
// behind it: "neoverse-v2", "armv8.2-a+sve". The CPU of an architecture is "generic". Code::invalid for an unknown CPU,
// extension or feature; the message names the nearest known ones.
Result<AArch64Description> describe_aarch64(std::string_view name, std::string_view changes,
                                            const std::function<Result<AArch64Cpu>()>& describe_own);

// The CPU of this host. REQUIRES: it is an aarch64.
AArch64Cpu own_aarch64_cpu();

// Whether a host need not have this feature ("sve") for programs that ask for it. These are features of operating
// systems, and versions of the architecture, whose parts compilers list beside them.
bool is_aarch64_system_feature(std::string_view feature);

// What a version of the architecture ("v8.2a") has of the features that programs use; empty for any other name.
std::vector<std::string> features_of_aarch64_version(std::string_view version);

}  // namespace xaas
