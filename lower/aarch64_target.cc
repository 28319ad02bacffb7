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
struct UsableFeature {
  std::string_view name;  // LLVM's, in lists of target features
  arm::ArchExtKind extension;
  HardwareCapabilities needed;
};

constexpr std::uint64_t capability(unsigned number) { return std::uint64_t{1} << number; }
constexpr HardwareCapabilities in_first(std::uint64_t bits) { return {bits, 0}; }
constexpr HardwareCapabilities in_second(std::uint64_t bits) { return {0, bits}; }

// The bits are those of <asm/hwcap.h>, whose names follow. Sorted by name. Left out is what only operating systems use,
// and what changes no program.
constexpr std::array kUsableFeatures{
    UsableFeature{"aes", arm::AEK_AES, in_first(capability(3) | capability(4))},            // AES, PMULL
    UsableFeature{"altnzcv", arm::AEK_ALTERNATIVENZCV, in_second(capability(7))},           // FLAGM2
    UsableFeature{"bf16", arm::AEK_BF16, in_second(capability(14))},                        // BF16
    UsableFeature{"complxnum", arm::AEK_FCMA, in_first(capability(14))},                    // FCMA
    UsableFeature{"crc", arm::AEK_CRC, in_first(capability(7))},                            // CRC32
    UsableFeature{"cssc", arm::AEK_CSSC, in_second(capability(34))},                        // CSSC
    UsableFeature{"dit", arm::AEK_DIT, in_first(capability(24))},                           // DIT
    UsableFeature{"dotprod", arm::AEK_DOTPROD, in_first(capability(20))},                   // ASIMDDP
    UsableFeature{"f32mm", arm::AEK_F32MM, in_second(capability(10))},                      // SVEF32MM
    UsableFeature{"f64mm", arm::AEK_F64MM, in_second(capability(11))},                      // SVEF64MM
    UsableFeature{"flagm", arm::AEK_FLAGM, in_first(capability(27))},                       // FLAGM
    UsableFeature{"fp-armv8", arm::AEK_FP, in_first(capability(0))},                        // FP
    UsableFeature{"fp16fml", arm::AEK_FP16FML, in_first(capability(23))},                   // ASIMDFHM
    UsableFeature{"fptoint", arm::AEK_FRINT3264, in_second(capability(8))},                 // FRINT
    UsableFeature{"fullfp16", arm::AEK_FP16, in_first(capability(9) | capability(10))},     // FPHP, ASIMDHP
    UsableFeature{"hbc", arm::AEK_HBC, in_second(capability(44))},                          // HBC
    UsableFeature{"i8mm", arm::AEK_I8MM, in_second(capability(13))},                        // I8MM
    UsableFeature{"jsconv", arm::AEK_JSCVT, in_first(capability(13))},                      // JSCVT
    UsableFeature{"lse", arm::AEK_LSE, in_first(capability(8))},                            // ATOMICS
    UsableFeature{"lse128", arm::AEK_LSE128, in_second(capability(47))},                    // LSE128
    UsableFeature{"lse2", arm::AEK_LSE2, in_first(capability(25))},                         // USCAT
    UsableFeature{"mops", arm::AEK_MOPS, in_second(capability(43))},                        // MOPS
    UsableFeature{"mte", arm::AEK_MTE, in_second(capability(18))},                          // MTE
    UsableFeature{"neon", arm::AEK_SIMD, in_first(capability(1))},                          // ASIMD
    UsableFeature{"pauth", arm::AEK_PAUTH, in_first(capability(30) | capability(31))},      // PACA, PACG
    UsableFeature{"rand", arm::AEK_RAND, in_second(capability(16))},                        // RNG
    UsableFeature{"rcpc", arm::AEK_RCPC, in_first(capability(15))},                         // LRCPC
    UsableFeature{"rcpc-immo", arm::AEK_RCPC_IMMO, in_first(capability(26))},               // ILRCPC
    UsableFeature{"rcpc3", arm::AEK_RCPC3, in_second(capability(46))},                      // LRCPC3
    UsableFeature{"rdm", arm::AEK_RDM, in_first(capability(12))},                           // ASIMDRDM
    UsableFeature{"sb", arm::AEK_SB, in_first(capability(29))},                             // SB
    UsableFeature{"sha2", arm::AEK_SHA2, in_first(capability(5) | capability(6))},          // SHA1, SHA2
    UsableFeature{"sha3", arm::AEK_SHA3, in_first(capability(17) | capability(21))},        // SHA3, SHA512
    UsableFeature{"sm4", arm::AEK_SM4, in_first(capability(18) | capability(19))},          // SM3, SM4
    UsableFeature{"sme", arm::AEK_SME, in_second(capability(23))},                          // SME
    UsableFeature{"sme-f64f64", arm::AEK_SMEF64F64, in_second(capability(25))},             // SME_F64F64
    UsableFeature{"sme-fa64", arm::AEK_SMEFA64, in_second(capability(30))},                 // SME_FA64
    UsableFeature{"sme-i16i64", arm::AEK_SMEI16I64, in_second(capability(24))},             // SME_I16I64
    UsableFeature{"sme2", arm::AEK_SME2, in_second(capability(37))},                        // SME2
    UsableFeature{"sme2p1", arm::AEK_SME2P1, in_second(capability(38))},                    // SME2P1
    UsableFeature{"sve", arm::AEK_SVE, in_first(capability(22))},                           // SVE
    UsableFeature{"sve2", arm::AEK_SVE2, in_second(capability(1))},                         // SVE2
    UsableFeature{"sve2-aes", arm::AEK_SVE2AES, in_second(capability(2) | capability(3))},  // SVEAES, SVEPMULL
    UsableFeature{"sve2-bitperm", arm::AEK_SVE2BITPERM, in_second(capability(4))},          // SVEBITPERM
    UsableFeature{"sve2-sha3", arm::AEK_SVE2SHA3, in_second(capability(5))},                // SVESHA3
    UsableFeature{"sve2-sm4", arm::AEK_SVE2SM4, in_second(capability(6))},                  // SVESM4
    UsableFeature{"sve2p1", arm::AEK_SVE2P1, in_second(capability(36))},                    // SVE2P1
};
static_assert(std::ranges::is_sorted(kUsableFeatures, {}, &UsableFeature::name), "the table is searched by name");

constexpr const char* kGenericCpu = "generic";

const UsableFeature* find_usable(std::string_view name) {
  const auto found = std::ranges::lower_bound(kUsableFeatures, name, {}, &UsableFeature::name);
  return found != kUsableFeatures.end() && found->name == name ? &*found : nullptr;
}

std::vector<std::string> usable_names() {
  std::vector<std::string> names;
  for (const UsableFeature& known : kUsableFeatures) names.emplace_back(known.name);
  return names;
}

llvm::StringRef text_ref(std::string_view text) { return {text.data(), text.size()}; }

// Names of CPUs and architectures.
std::vector<std::string> cpu_names() {
  llvm::SmallVector<llvm::StringRef, 128> cpus;
  arm::fillValidCPUArchList(cpus);
  std::vector<std::string> names(cpus.begin(), cpus.end());
  for (const arm::ArchInfo* architecture : arm::ArchInfos) names.push_back(architecture->Name.str());
  return names;
}

// Adds what every CPU of this version of the architecture has. The table of a CPU leaves some of that out, and the code
// generator adds it. It is what the versions of Armv8 have that are part of the version: those of Armv9 have SVE2 by
// default, without which there are CPUs.
void add_versions(arm::ExtensionSet& extensions, const arm::ArchInfo& version) {
  for (const arm::ArchInfo* part : arm::ArchInfos) {
    if (part->Version.getMajor() != 8 || !(version == *part || version.implies(*part))) continue;
    for (const arm::ExtensionInfo& extension : arm::Extensions) {
      if (part->DefaultExts.test(extension.ID)) extensions.enable(extension.ID);
    }
  }
}

// Adds what a CPU or an architecture of this name has, and says how LLVM calls the CPU; nullopt if there is none.
std::optional<std::string> add_named(arm::ExtensionSet& extensions, std::string_view name) {
  if (const auto cpu = arm::parseCpu(text_ref(name))) {
    extensions.addCPUDefaults(*cpu);
    add_versions(extensions, cpu->Arch);
    return cpu->Name.str();
  }
  const arm::ArchInfo* architecture = arm::parseArch(text_ref(name));
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
  text_ref(text.substr(name.size())).split(parts, '+', -1, /*KeepEmpty=*/false);
  for (const llvm::StringRef part : parts) {
    if (!extensions.parseModifier(part)) return fail(Code::invalid, "{}: unknown extension '{}'", text, part.str());
  }
  return *cpu;
}

Status apply_changes(std::string_view changes, arm::ExtensionSet& extensions) {
  llvm::SmallVector<llvm::StringRef, 8> parts;
  text_ref(changes).split(parts, ',', -1, /*KeepEmpty=*/false);
  for (const llvm::StringRef part : parts) {
    const std::string entry = part.trim().str();
    const std::string name = entry.substr(std::min<std::size_t>(entry.size(), 1));
    if (!entry.starts_with('+') && !entry.starts_with('-')) {
      return fail(Code::invalid, "feature '{}' has no sign: write +{} or -{}", entry, entry, entry);
    }
    const UsableFeature* known = find_usable(name);
    if (known == nullptr) {
      return fail(Code::invalid, "unknown target feature '{}': did you mean one of {}?", name,
                  nearest_names(name, usable_names()));
    }
    entry.front() == '+' ? extensions.enable(known->extension) : extensions.disable(known->extension);
  }
  return {};
}

}  // namespace

std::vector<std::string> features_of(const HardwareCapabilities& capabilities) {
  std::vector<std::string> features;
  for (const UsableFeature& known : kUsableFeatures) {
    const HardwareCapabilities& needed = known.needed;
    const bool has_all =
        (capabilities.first & needed.first) == needed.first && (capabilities.second & needed.second) == needed.second;
    if (has_all) features.emplace_back(known.name);
  }
  return features;
}

Result<AArch64Description> describe_aarch64(std::string_view name, std::string_view changes,
                                            const std::function<Result<AArch64Cpu>()>& describe_own) {
  AArch64Description described;
  arm::ExtensionSet extensions;
  if (name.empty() || name == "native") {
    XAAS_ASSIGN(const AArch64Cpu own, describe_own());
    described.cpu = arm::parseCpu(own.name) ? own.name : kGenericCpu;
    for (const std::string& feature : own.features) {
      if (const UsableFeature* known = find_usable(feature)) extensions.enable(known->extension);
    }
    // A hypervisor may hide a feature and leave one that needs it.
    for (const UsableFeature& known : kUsableFeatures) {
      if (!is_in(own.features, known.name)) extensions.disable(known.extension);
    }
  } else {
    XAAS_ASSIGN(described.cpu, describe_named(name, extensions));
  }
  XAAS_TRY(apply_changes(changes, extensions));
  for (const UsableFeature& known : kUsableFeatures) {
    const bool is_there = extensions.Enabled.test(known.extension);
    described.features.push_back((is_there ? "+" : "-") + std::string(known.name));
  }
  return described;
}

AArch64Cpu own_aarch64_cpu() {
  return {llvm::sys::getHostCPUName().str(), features_of({getauxval(AT_HWCAP), getauxval(AT_HWCAP2)})};
}

bool is_aarch64_system_feature(std::string_view feature) {
  if (find_usable(feature) != nullptr) return false;
  if (arm::ArchInfo::findBySubArch(text_ref(feature))) return true;
  return std::ranges::any_of(arm::Extensions, [&](const arm::ExtensionInfo& extension) {
    return extension.PosTargetFeature.drop_front(1) == text_ref(feature);
  });
}

std::vector<std::string> features_of_aarch64_version(std::string_view version) {
  std::vector<std::string> features;
  const auto architecture = arm::ArchInfo::findBySubArch(text_ref(version));
  if (!architecture) return features;
  for (const UsableFeature& known : kUsableFeatures) {
    if (architecture->DefaultExts.test(known.extension)) features.emplace_back(known.name);
  }
  return features;
}

}  // namespace xaas
