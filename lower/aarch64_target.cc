// See aarch64_target.h. The names come from LLVM's own tables, so that the same request gives the same list on any
// host.
#include "lower/aarch64_target.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/TargetParser/AArch64TargetParser.h>
#include <llvm/TargetParser/Host.h>
#include <sys/auxv.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "format/base/text.h"
#include "lower/nearest_names.h"

namespace xaas {
namespace {

namespace arm = llvm::AArch64;

// A feature that programs can use, and the capabilities by which the kernel says so.
struct Known {
  std::string_view name;  // LLVM's, in lists of target features
  arm::ArchExtKind extension;
  HardwareCapabilities needed;
};

constexpr std::uint64_t bit(unsigned number) { return std::uint64_t{1} << number; }
constexpr HardwareCapabilities first(std::uint64_t bits) { return {bits, 0}; }
constexpr HardwareCapabilities second(std::uint64_t bits) { return {0, bits}; }

// The bits are those of <asm/hwcap.h>, whose names follow. Sorted by name. Left out is what only operating systems use,
// and what changes no program.
constexpr std::array kKnown{
    Known{"aes", arm::AEK_AES, first(bit(3) | bit(4))},            // AES, PMULL
    Known{"altnzcv", arm::AEK_ALTERNATIVENZCV, second(bit(7))},    // FLAGM2
    Known{"bf16", arm::AEK_BF16, second(bit(14))},                 // BF16
    Known{"complxnum", arm::AEK_FCMA, first(bit(14))},             // FCMA
    Known{"crc", arm::AEK_CRC, first(bit(7))},                     // CRC32
    Known{"cssc", arm::AEK_CSSC, second(bit(34))},                 // CSSC
    Known{"dit", arm::AEK_DIT, first(bit(24))},                    // DIT
    Known{"dotprod", arm::AEK_DOTPROD, first(bit(20))},            // ASIMDDP
    Known{"f32mm", arm::AEK_F32MM, second(bit(10))},               // SVEF32MM
    Known{"f64mm", arm::AEK_F64MM, second(bit(11))},               // SVEF64MM
    Known{"flagm", arm::AEK_FLAGM, first(bit(27))},                // FLAGM
    Known{"fp-armv8", arm::AEK_FP, first(bit(0))},                 // FP
    Known{"fp16fml", arm::AEK_FP16FML, first(bit(23))},            // ASIMDFHM
    Known{"fptoint", arm::AEK_FRINT3264, second(bit(8))},          // FRINT
    Known{"fullfp16", arm::AEK_FP16, first(bit(9) | bit(10))},     // FPHP, ASIMDHP
    Known{"hbc", arm::AEK_HBC, second(bit(44))},                   // HBC
    Known{"i8mm", arm::AEK_I8MM, second(bit(13))},                 // I8MM
    Known{"jsconv", arm::AEK_JSCVT, first(bit(13))},               // JSCVT
    Known{"lse", arm::AEK_LSE, first(bit(8))},                     // ATOMICS
    Known{"lse128", arm::AEK_LSE128, second(bit(47))},             // LSE128
    Known{"lse2", arm::AEK_LSE2, first(bit(25))},                  // USCAT
    Known{"mops", arm::AEK_MOPS, second(bit(43))},                 // MOPS
    Known{"neon", arm::AEK_SIMD, first(bit(1))},                   // ASIMD
    Known{"rand", arm::AEK_RAND, second(bit(16))},                 // RNG
    Known{"rcpc", arm::AEK_RCPC, first(bit(15))},                  // LRCPC
    Known{"rcpc-immo", arm::AEK_RCPC_IMMO, first(bit(26))},        // ILRCPC
    Known{"rcpc3", arm::AEK_RCPC3, second(bit(46))},               // LRCPC3
    Known{"rdm", arm::AEK_RDM, first(bit(12))},                    // ASIMDRDM
    Known{"sb", arm::AEK_SB, first(bit(29))},                      // SB
    Known{"sha2", arm::AEK_SHA2, first(bit(5) | bit(6))},          // SHA1, SHA2
    Known{"sha3", arm::AEK_SHA3, first(bit(17) | bit(21))},        // SHA3, SHA512
    Known{"sm4", arm::AEK_SM4, first(bit(18) | bit(19))},          // SM3, SM4
    Known{"sme", arm::AEK_SME, second(bit(23))},                   // SME
    Known{"sme-f64f64", arm::AEK_SMEF64F64, second(bit(25))},      // SME_F64F64
    Known{"sme-fa64", arm::AEK_SMEFA64, second(bit(30))},          // SME_FA64
    Known{"sme-i16i64", arm::AEK_SMEI16I64, second(bit(24))},      // SME_I16I64
    Known{"sme2", arm::AEK_SME2, second(bit(37))},                 // SME2
    Known{"sme2p1", arm::AEK_SME2P1, second(bit(38))},             // SME2P1
    Known{"sve", arm::AEK_SVE, first(bit(22))},                    // SVE
    Known{"sve2", arm::AEK_SVE2, second(bit(1))},                  // SVE2
    Known{"sve2-aes", arm::AEK_SVE2AES, second(bit(2) | bit(3))},  // SVEAES, SVEPMULL
    Known{"sve2-bitperm", arm::AEK_SVE2BITPERM, second(bit(4))},   // SVEBITPERM
    Known{"sve2-sha3", arm::AEK_SVE2SHA3, second(bit(5))},         // SVESHA3
    Known{"sve2-sm4", arm::AEK_SVE2SM4, second(bit(6))},           // SVESM4
    Known{"sve2p1", arm::AEK_SVE2P1, second(bit(36))},             // SVE2P1
};
static_assert(std::ranges::is_sorted(kKnown, {}, &Known::name), "the table is searched by name");

constexpr const char* kGenericCpu = "generic";

const Known* find_known(std::string_view name) {
  const auto found = std::ranges::lower_bound(kKnown, name, {}, &Known::name);
  return found != kKnown.end() && found->name == name ? &*found : nullptr;
}

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  for (const Known& known : kKnown) names.emplace_back(known.name);
  return names;
}

llvm::StringRef ref(std::string_view text) { return {text.data(), text.size()}; }

// Names of CPUs and architectures.
std::vector<std::string> cpu_names() {
  llvm::SmallVector<llvm::StringRef, 128> cpus;
  arm::fillValidCPUArchList(cpus);
  std::vector<std::string> names(cpus.begin(), cpus.end());
  for (const arm::ArchInfo* architecture : arm::ArchInfos) names.push_back(architecture->Name.str());
  return names;
}

// Adds what a CPU or an architecture of this name has, and says how LLVM calls the CPU; nullopt if there is none.
std::optional<std::string> add_named(arm::ExtensionSet& extensions, std::string_view name) {
  if (const auto cpu = arm::parseCpu(ref(name))) {
    extensions.addCPUDefaults(*cpu);
    return cpu->Name.str();
  }
  const arm::ArchInfo* architecture = arm::parseArch(ref(name));
  if (architecture == nullptr) return std::nullopt;
  extensions.addArchDefaults(*architecture);
  return kGenericCpu;
}

// Reads "neoverse-n1" or "armv8.2-a+sve+nocrc".
Result<std::string> describe_named(std::string_view text, arm::ExtensionSet& extensions) {
  const std::string_view name = text.substr(0, text.find('+'));
  const auto cpu = add_named(extensions, name);
  if (!cpu)
    return fail(Code::invalid, "unknown CPU '{}': did you mean one of {}?", name, nearest_names(name, cpu_names()));
  llvm::SmallVector<llvm::StringRef, 8> parts;
  ref(text.substr(name.size())).split(parts, '+', -1, /*KeepEmpty=*/false);
  for (const llvm::StringRef part : parts) {
    if (!extensions.parseModifier(part)) return fail(Code::invalid, "{}: unknown extension '{}'", text, part.str());
  }
  return *cpu;
}

Status apply_overrides(std::string_view overrides, arm::ExtensionSet& extensions) {
  llvm::SmallVector<llvm::StringRef, 8> parts;
  ref(overrides).split(parts, ',', -1, /*KeepEmpty=*/false);
  for (const llvm::StringRef part : parts) {
    const std::string entry = part.trim().str();
    const std::string name = entry.substr(std::min<std::size_t>(entry.size(), 1));
    if (!entry.starts_with('+') && !entry.starts_with('-')) {
      return fail(Code::invalid, "feature '{}' has no sign: write +{} or -{}", entry, entry, entry);
    }
    const Known* known = find_known(name);
    if (known == nullptr) {
      return fail(Code::invalid, "unknown target feature '{}': did you mean one of {}?", name,
                  nearest_names(name, known_names()));
    }
    entry.front() == '+' ? extensions.enable(known->extension) : extensions.disable(known->extension);
  }
  return {};
}

}  // namespace

std::vector<std::string> features_of(const HardwareCapabilities& capabilities) {
  std::vector<std::string> features;
  for (const Known& known : kKnown) {
    const HardwareCapabilities& needed = known.needed;
    const bool has_all =
        (capabilities.first & needed.first) == needed.first && (capabilities.second & needed.second) == needed.second;
    if (has_all) features.emplace_back(known.name);
  }
  return features;
}

Result<Target> resolve_aarch64(std::string_view triple, const TargetOverrides& overrides,
                               const std::function<Result<AArch64Cpu>()>& describe_own) {
  Target target{.triple = std::string(triple), .cpu = overrides.cpu, .features = {}, .prefer_vector_width = 0};
  arm::ExtensionSet extensions;
  if (target.cpu.empty() || target.cpu == "native") {
    XAAS_ASSIGN(const AArch64Cpu own, describe_own());
    target.cpu = arm::parseCpu(own.name) ? own.name : kGenericCpu;
    for (const std::string& feature : own.features) {
      if (const Known* known = find_known(feature)) extensions.enable(known->extension);
    }
    // A hypervisor may hide a feature and leave one that needs it.
    for (const Known& known : kKnown) {
      if (!is_in(own.features, known.name)) extensions.disable(known.extension);
    }
  } else {
    XAAS_ASSIGN(target.cpu, describe_named(overrides.cpu, extensions));
  }
  XAAS_TRY(apply_overrides(overrides.features, extensions));
  for (const Known& known : kKnown) {
    const bool is_there = extensions.Enabled.test(known.extension);
    target.features.push_back((is_there ? "+" : "-") + std::string(known.name));
  }
  return target;
}

AArch64Cpu own_aarch64_cpu() {
  return {llvm::sys::getHostCPUName().str(), features_of({getauxval(AT_HWCAP), getauxval(AT_HWCAP2)})};
}

bool is_aarch64_system_feature(std::string_view feature) {
  if (find_known(feature) != nullptr) return false;
  if (arm::ArchInfo::findBySubArch(ref(feature))) return true;
  return std::ranges::any_of(arm::Extensions, [&](const arm::ExtensionInfo& extension) {
    return extension.PosTargetFeature.drop_front(1) == ref(feature);
  });
}

std::vector<std::string> features_of_aarch64_version(std::string_view version) {
  std::vector<std::string> features;
  const auto architecture = arm::ArchInfo::findBySubArch(ref(version));
  if (!architecture) return features;
  for (const Known& known : kKnown) {
    if (architecture->DefaultExts.test(known.extension)) features.emplace_back(known.name);
  }
  return features;
}

}  // namespace xaas
