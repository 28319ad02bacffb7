// Resolves a CPU and its complete feature list. The x86 names come from LLVM's own table, so that the same request
// gives the same list on any host. Implements spec/lowering.md, section "Target".
#include "lower/target.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>
#include <llvm/TargetParser/X86TargetParser.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "lower/aarch64_target.h"
#include "lower/nearest_names.h"

namespace xaas {
namespace {

// All names in LLVM's x86 table.
constexpr std::array kX86Table{
#define X86_FEATURE(ENUM, STRING) std::string_view(STRING),
#include <llvm/TargetParser/X86TargetParser.def>
};

// Names that say how code is made, and not what the CPU can execute. A unit may ask for them on any host, and a host
// must not switch them off. Sorted.
constexpr std::array<std::string_view, 16> kCodeStyle{
    "harden-sls-ijmp",
    "harden-sls-ret",
    "lvi-cfi",
    "lvi-load-hardening",
    "prefer-128-bit",
    "prefer-256-bit",
    "prefer-mask-registers",
    "prefer-movmsk-over-vtest",
    "prefer-no-gather",
    "prefer-no-scatter",
    "retpoline",
    "retpoline-external-thunk",
    "retpoline-indirect-branches",
    "retpoline-indirect-calls",
    "soft-float",
    "vzeroupper",
};

// These names are in the table for multiversioning only. LLVM's code generation does not know them.
constexpr std::array<std::string_view, 2> kGone{"avx5124fmaps", "avx5124vnniw"};

template <typename Range>
bool contains(const Range& range, std::string_view name) {
  return std::find(range.begin(), range.end(), name) != range.end();
}

using Features = X86Features;

Features no_x86_features() {
  Features features;
  for (const std::string_view name : kX86Table) {
    if (name.starts_with("__") || contains(kCodeStyle, name) || contains(kGone, name)) continue;
    features.emplace(name, false);
  }
  return features;
}

void set_with_implied(Features& features, llvm::StringRef name, bool supported) {
  llvm::StringMap<bool> changed;
  changed[name] = supported;
  llvm::X86::updateImpliedFeatures(name, supported, changed);
  for (const auto& entry : changed) {
    const auto known = features.find(std::string_view(entry.getKey().data(), entry.getKey().size()));
    if (known != features.end()) known->second = entry.getValue();
  }
}

}  // namespace

std::string x86_level(const X86Features& features) {
  for (const std::string_view level : {"x86-64-v4", "x86-64-v3", "x86-64-v2"}) {
    llvm::SmallVector<llvm::StringRef, 64> required;
    llvm::X86::getFeaturesForCPU(llvm::StringRef(level), required);
    const bool reached = std::all_of(required.begin(), required.end(), [&](llvm::StringRef name) {
      const auto found = features.find(std::string_view(name.data(), name.size()));
      return found == features.end() || found->second;
    });
    if (reached) return std::string(level);
  }
  return "x86-64";
}

void mask_dependent_features(X86Features& features) {
  std::vector<std::string> masked;
  for (const auto& [name, supported] : features) {
    if (!supported) masked.push_back(name);
  }
  for (const std::string& name : masked) set_with_implied(features, name, false);
}

namespace {

Status check_x86_cpu(std::string_view cpu) {
  llvm::SmallVector<llvm::StringRef, 128> known;
  llvm::X86::fillValidCPUArchList(known, /*Only64Bit=*/true);
  if (std::find(known.begin(), known.end(), llvm::StringRef(cpu)) != known.end()) return {};
  std::vector<std::string> names(known.begin(), known.end());
  return fail(Code::invalid, "unknown CPU '{}': did you mean one of {}?", cpu, nearest_names(cpu, names));
}

void describe_x86_host(Features& features, std::string& cpu) {
  for (const auto& entry : llvm::sys::getHostCPUFeatures()) {
    const auto known = features.find(std::string_view(entry.getKey().data(), entry.getKey().size()));
    if (known != features.end()) known->second = entry.getValue();
  }
  set_with_implied(features, "x87", true);  // LLVM does not ask cpuid for it; every 64-bit CPU has it
  mask_dependent_features(features);
  cpu = llvm::sys::getHostCPUName().str();
  if (!check_x86_cpu(cpu)) cpu = x86_level(features);
}

void describe_x86_cpu(Features& features, std::string_view cpu) {
  llvm::SmallVector<llvm::StringRef, 64> own;
  llvm::X86::getFeaturesForCPU(llvm::StringRef(cpu), own);
  for (const llvm::StringRef name : own) set_with_implied(features, name, true);
  set_with_implied(features, "sse2", true);  // every 64-bit CPU has it, so LLVM's table leaves it out
}

Status apply_x86_overrides(Features& features, std::string_view overrides) {
  llvm::SmallVector<llvm::StringRef, 8> parts;
  llvm::StringRef(overrides).split(parts, ',', -1, /*KeepEmpty=*/false);
  bool added_avx512 = false;
  bool named_evex512 = false;
  for (const llvm::StringRef part : parts) {
    const llvm::StringRef entry = part.trim();
    const std::string name = entry.drop_front(1).str();
    if (!entry.starts_with("+") && !entry.starts_with("-")) {
      return fail(Code::invalid, "feature '{}' has no sign: write +{} or -{}", entry.str(), entry.str(), entry.str());
    }
    if (!features.contains(name)) {
      std::vector<std::string> names;
      for (const auto& [known, supported] : features) names.push_back(known);
      return fail(Code::invalid, "unknown target feature '{}': did you mean one of {}?", name,
                  nearest_names(name, names));
    }
    const bool add = entry.starts_with("+");
    set_with_implied(features, name, add);
    added_avx512 |= add && name.starts_with("avx512");
    named_evex512 |= name == "evex512" || name.starts_with("avx10");
  }
  // In LLVM, 512-bit registers are a feature of their own ("evex512"). No user means to keep it without avx512f, or to
  // forget it when adding an AVX-512 feature.
  if (!features.at("avx512f")) features.at("evex512") = false;
  if (added_avx512 && !named_evex512) features.at("evex512") = features.at("avx512f");
  return {};
}

std::vector<std::string> as_list(const Features& features) {
  std::vector<std::string> list;
  for (const auto& [name, supported] : features) list.push_back((supported ? "+" : "-") + name);
  return list;
}

// Describes the CPU where the overrides name none.
using DescribeX86 = std::function<Status(Features& features, std::string& cpu)>;

Result<Target> resolve_x86(std::string_view triple, const TargetOverrides& overrides, const DescribeX86& describe_own) {
  Target target{.triple = std::string(triple), .cpu = overrides.cpu, .features = {}, .prefer_vector_width = 0};
  Features features = no_x86_features();
  if (target.cpu.empty() || target.cpu == "native") {
    XAAS_TRY(describe_own(features, target.cpu));
  } else {
    XAAS_TRY(check_x86_cpu(target.cpu));
    describe_x86_cpu(features, target.cpu);
  }
  XAAS_TRY(apply_x86_overrides(features, overrides.features));
  features.at("64bit") = true;  // the triple says so, and LLVM aborts without it
  target.features = as_list(features);
  return target;
}

bool is_x86_linux(const llvm::Triple& triple) { return triple.getArch() == llvm::Triple::x86_64 && triple.isOSLinux(); }
bool is_aarch64_linux(const llvm::Triple& triple) {
  return triple.getArch() == llvm::Triple::aarch64 && triple.isOSLinux();
}

Result<Target> resolve_aarch64(std::string_view triple, const TargetOverrides& overrides,
                               const std::function<Result<AArch64Cpu>()>& describe_own) {
  XAAS_ASSIGN(AArch64Description described, describe_aarch64(overrides.cpu, overrides.features, describe_own));
  return Target{.triple = std::string(triple),
                .cpu = std::move(described.cpu),
                .features = std::move(described.features),
                .prefer_vector_width = 0};
}

Result<Target> resolve_native(std::string_view triple, const TargetOverrides& overrides) {
  if ((!overrides.cpu.empty() && overrides.cpu != "native") || !overrides.features.empty()) {
    return fail(Code::unsupported, "--cpu and --features are not supported for {}: only this host itself", triple);
  }
  Features features;
  for (const auto& entry : llvm::sys::getHostCPUFeatures()) features.emplace(entry.getKey().str(), entry.getValue());
  return Target{.triple = std::string(triple),
                .cpu = llvm::sys::getHostCPUName().str(),
                .features = as_list(features),
                .prefer_vector_width = 0};
}

// The names of the features that a target has.
std::vector<std::string> present_features(const Target& target) {
  std::vector<std::string> names;
  for (const std::string& feature : target.features) {
    if (feature.starts_with('+')) names.push_back(feature.substr(1));
  }
  return names;
}

// What a target must have for a required feature: the feature itself, none, or for a version of aarch64 several.
std::vector<std::string> needed_features(std::string_view triple, const std::string& required) {
  if (!is_aarch64_linux(llvm::Triple(llvm::Triple::normalize(triple)))) return {required};
  return is_aarch64_system_feature(required) ? features_of_aarch64_version(required) : std::vector{required};
}

}  // namespace

std::string host_triple() { return llvm::sys::getProcessTriple(); }

Result<Target> resolve_target(std::string_view triple, const TargetOverrides& overrides) {
  const llvm::Triple wanted(llvm::Triple::normalize(triple));
  const llvm::Triple host(host_triple());
  const bool native = wanted.getArch() == host.getArch() && wanted.getOS() == host.getOS();
  if (is_x86_linux(wanted)) {
    return resolve_x86(triple, overrides, [&](Features& features, std::string& cpu) -> Status {
      if (!native) return fail(Code::unsupported, "this host is no {}: name a CPU with --cpu", triple);
      describe_x86_host(features, cpu);
      return {};
    });
  }
  if (is_aarch64_linux(wanted)) {
    return resolve_aarch64(triple, overrides, [&]() -> Result<AArch64Cpu> {
      if (!native) return fail(Code::unsupported, "this host is no {}: name a CPU with --cpu", triple);
      return own_aarch64_cpu();
    });
  }
  if (native && wanted.isOSLinux()) return resolve_native(triple, overrides);
  return fail(Code::unsupported, "cannot describe a CPU of '{}' on this host ({}): lower on a host of that kind",
              triple, host.str());
}

Result<Target> resolve_target_on(const Target& host, std::string_view triple, const TargetOverrides& overrides) {
  const llvm::Triple wanted(llvm::Triple::normalize(triple));
  const bool native = wanted.getArch() == llvm::Triple(llvm::Triple::normalize(host.triple)).getArch();
  if (is_x86_linux(wanted)) {
    return resolve_x86(triple, overrides, [&](Features& features, std::string& cpu) -> Status {
      if (!native) return fail(Code::unsupported, "the described host is no {}: name a CPU with --cpu", triple);
      for (const std::string& feature : host.features) {
        const auto known = features.find(std::string_view(feature).substr(1));
        if (known != features.end()) known->second = feature.starts_with('+');
      }
      mask_dependent_features(features);
      cpu = check_x86_cpu(host.cpu) ? host.cpu : x86_level(features);
      return {};
    });
  }
  if (is_aarch64_linux(wanted)) {
    return resolve_aarch64(triple, overrides, [&]() -> Result<AArch64Cpu> {
      if (!native) return fail(Code::unsupported, "the described host is no {}: name a CPU with --cpu", triple);
      return AArch64Cpu{host.cpu, present_features(host)};
    });
  }
  if (!native) return fail(Code::unsupported, "the described host is no {}", triple);
  if ((!overrides.cpu.empty() && overrides.cpu != "native") || !overrides.features.empty()) {
    return fail(Code::unsupported, "--cpu and --features are not supported for {}: only the described host", triple);
  }
  Target target = host;
  target.triple = triple;
  return target;
}

std::vector<std::string> missing_features(const Target& target, const std::vector<std::string>& required) {
  const std::set<std::string_view> present(target.features.begin(), target.features.end());
  std::vector<std::string> missing;
  for (const std::string& feature : required) {
    if (!feature.starts_with("+") || contains(kCodeStyle, std::string_view(feature).substr(1))) continue;
    if (present.contains(feature)) continue;
    for (const std::string& needed : needed_features(target.triple, feature.substr(1))) {
      if (!present.contains("+" + needed)) missing.push_back("+" + needed);
    }
  }
  return missing;
}

}  // namespace xaas
