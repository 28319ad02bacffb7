// See arm_features.h. Clang's lists of built-in functions say what those of SVE and SME need. Those of NEON have other
// names in IR, so they are in a table here.
#include "mkimage/capture/arm_features.h"

#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsAArch64.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace xaas {
namespace {

// A name, or the start of one, and the features for which it stands.
using NamedFeatures = std::pair<std::string_view, std::string_view>;

// Without "__ARM_FEATURE_", sorted.
constexpr auto kArmFeatureMacros = std::to_array<NamedFeatures>({
    {"AES", "aes"},
    {"ATOMICS", "lse"},
    {"BF16", "bf16"},
    {"BF16_SCALAR_ARITHMETIC", "bf16"},
    {"BF16_VECTOR_ARITHMETIC", "bf16"},
    {"BTI", "bti"},
    {"COMPLEX", "complxnum"},
    {"CRC32", "crc"},
    {"CRYPTO", "aes,sha2"},
    {"DOTPROD", "dotprod"},
    {"FP16_FML", "fp16fml"},
    {"FP16_SCALAR_ARITHMETIC", "fullfp16"},
    {"FP16_VECTOR_ARITHMETIC", "fullfp16"},
    {"FRINT", "fptoint"},
    {"GCS", "gcs"},
    {"JCVT", "jsconv"},
    {"LS64", "ls64"},
    {"MATMUL_INT8", "i8mm"},
    {"MEMORY_TAGGING", "mte"},
    {"MOPS", "mops"},
    {"PAUTH", "pauth"},
    {"QRDMX", "rdm"},
    {"RCPC", "rcpc"},
    {"RCPC=2", "rcpc-immo"},
    {"RCPC=3", "rcpc3"},
    {"RNG", "rand"},
    {"SHA2", "sha2"},
    {"SHA3", "sha3"},
    {"SHA512", "sha3"},
    {"SM3", "sm4"},
    {"SM4", "sm4"},
    {"SME", "sme"},
    {"SME2", "sme2"},
    {"SVE", "sve"},
    {"SVE2", "sve2"},
    {"SVE2_AES", "sve2-aes"},
    {"SVE2_BITPERM", "sve2-bitperm"},
    {"SVE2_SHA3", "sve2-sha3"},
    {"SVE2_SM4", "sve2-sm4"},
    {"SVE_BF16", "sve,bf16"},
    {"SVE_MATMUL_FP32", "sve,f32mm"},
    {"SVE_MATMUL_FP64", "sve,f64mm"},
    {"SVE_MATMUL_INT8", "sve,i8mm"},
    {"SVE_VECTOR_OPERATORS", "sve"},
    {"TME", "tme"},
});
static_assert(std::ranges::is_sorted(kArmFeatureMacros, {}, &NamedFeatures::first), "the table is searched by name");
constexpr auto kOtherArmMacros = std::to_array<NamedFeatures>({
    {"__ARM_ARCH=8", "v8a"},
    {"__ARM_ARCH=9", "v9a"},
    {"__ARM_BF16_FORMAT_ALTERNATIVE", "bf16"},
    {"__ARM_NEON_SVE_BRIDGE", "sve"},
});

// How the names of intrinsic functions begin behind "llvm.aarch64.". The first entry that fits counts.
constexpr auto kNeededByIntrinsic = std::to_array<NamedFeatures>({
    {"addg", "mte"},
    {"crc32", "crc"},
    {"crypto.aes", "aes"},
    {"crypto.sha1", "sha2"},
    {"crypto.sha256", "sha2"},
    {"crypto.sha512", "sha3"},
    {"crypto.bcax", "sha3"},
    {"crypto.eor3", "sha3"},
    {"crypto.rax1", "sha3"},
    {"crypto.sm", "sm4"},
    {"crypto.xar", "sha3"},
    {"fjcvtzs", "jsconv"},
    {"frint32", "fptoint"},
    {"frint64", "fptoint"},
    {"gcs", "gcs"},
    {"gmi", "mte"},
    {"irg", "mte"},
    {"ld64b", "ls64"},
    {"ldg", "mte"},
    {"mops.", "mte,mops"},
    {"neon.bf", "bf16"},
    {"neon.fmlal", "fp16fml"},
    {"neon.fmlsl", "fp16fml"},
    {"neon.frint32", "fptoint"},
    {"neon.frint64", "fptoint"},
    {"neon.pmull64", "aes"},
    {"neon.sdot", "dotprod"},
    {"neon.smmla", "i8mm"},
    {"neon.sqrdmlah", "rdm"},
    {"neon.sqrdmlsh", "rdm"},
    {"neon.udot", "dotprod"},
    {"neon.ummla", "i8mm"},
    {"neon.usdot", "i8mm"},
    {"neon.usmmla", "i8mm"},
    {"neon.vcadd", "complxnum"},
    {"neon.vcmla", "complxnum"},
    {"rndr", "rand"},
    {"settag", "mte"},
    {"st64b", "ls64"},
    {"stg", "mte"},
    {"subp", "mte"},
    {"tagp", "mte"},
    {"tcancel", "tme"},
    {"tcommit", "tme"},
    {"tstart", "tme"},
    {"ttest", "tme"},
});

struct ScalableBuiltin {
  const char* name;
  const char* features;  // "(sve,bf16)|(sme,bf16)"
};
constexpr ScalableBuiltin kScalableBuiltins[] = {
#define BUILTIN(name, type, attributes)
#define TARGET_BUILTIN(name, type, attributes, features) {#name, features},
#define GET_SVE_BUILTINS
#include <clang/Basic/arm_sve_builtins.inc>
#undef GET_SVE_BUILTINS
#define GET_SME_BUILTINS
#include <clang/Basic/arm_sme_builtins.inc>
#undef GET_SME_BUILTINS
#undef TARGET_BUILTIN
#undef BUILTIN
};

struct ScalableIntrinsic {
  const char* builtin;
  unsigned intrinsic;
};
constexpr ScalableIntrinsic kScalable[] = {
#define SVEMAP1(name, intrinsic, type) {"__builtin_sve_" #name, llvm::Intrinsic::intrinsic}
#define SVEMAP2(name, type) {"", llvm::Intrinsic::not_intrinsic}
#define SMEMAP1(name, intrinsic, type) {"__builtin_sme_" #name, llvm::Intrinsic::intrinsic}
#define GET_SVE_LLVM_INTRINSIC_MAP
#include <clang/Basic/arm_sve_builtin_cg.inc>
#undef GET_SVE_LLVM_INTRINSIC_MAP
#define GET_SME_LLVM_INTRINSIC_MAP
#include <clang/Basic/arm_sme_builtin_cg.inc>
#undef GET_SME_LLVM_INTRINSIC_MAP
#undef SVEMAP1
#undef SVEMAP2
#undef SMEMAP1
};

// Of the built-in functions that become the same intrinsic function, some have types that need more. The one with the
// shortest text needs least.
const std::map<llvm::Intrinsic::ID, std::string>& scalable_intrinsics() {
  static const std::map<llvm::Intrinsic::ID, std::string> features = [] {
    std::map<std::string_view, std::string_view> builtins;
    for (const ScalableBuiltin& builtin : kScalableBuiltins) builtins.emplace(builtin.name, builtin.features);
    std::map<llvm::Intrinsic::ID, std::string> result;
    for (const ScalableIntrinsic& one : kScalable) {
      const auto found = builtins.find(one.builtin);
      if (found == builtins.end()) continue;
      std::string text(found->second);
      std::erase_if(text, [](char c) { return c == '(' || c == ')'; });
      const auto [entry, is_new] = result.emplace(one.intrinsic, text);
      if (!is_new && text.size() < entry->second.size()) entry->second = text;
    }
    return result;
  }();
  return features;
}

// Whether the function computes with numbers of 16 bits, of which other CPUs have only the conversions.
bool computes_with_half(const llvm::Function& function) {
  const auto is_half = [](const llvm::Type* type) { return type->getScalarType()->isHalfTy(); };
  return is_half(function.getReturnType()) || std::ranges::any_of(function.getFunctionType()->params(), is_half);
}

}  // namespace

std::optional<std::string> arm_features_of_macro(std::string_view name) {
  constexpr std::string_view kStart = "__ARM_FEATURE_";
  const auto* other = std::ranges::find(kOtherArmMacros, name, &NamedFeatures::first);
  if (other != kOtherArmMacros.end()) return std::string(other->second);
  if (!name.starts_with(kStart)) return std::nullopt;
  name.remove_prefix(kStart.size());
  // Of a macro with values, that of the feature itself is not listed.
  for (const std::string_view key : {name, name.substr(0, name.find('='))}) {
    const auto* found = std::ranges::lower_bound(kArmFeatureMacros, key, {}, &NamedFeatures::first);
    if (found != kArmFeatureMacros.end() && found->first == key) return std::string(found->second);
  }
  return std::nullopt;
}

std::string arm_features_of_intrinsic(const llvm::Function& function) {
  llvm::StringRef name = function.getName();
  if (!name.consume_front("llvm.aarch64.")) return {};
  const auto& scalable = scalable_intrinsics();
  if (const auto found = scalable.find(function.getIntrinsicID()); found != scalable.end()) return found->second;
  if (name.starts_with("sve.")) return "sve";
  if (name.starts_with("sme.")) return "sme";
  const auto* found = std::ranges::find_if(
      kNeededByIntrinsic, [&](const NamedFeatures& entry) { return std::string_view(name).starts_with(entry.first); });
  if (found != kNeededByIntrinsic.end()) return std::string(found->second);
  return computes_with_half(function) ? "fullfp16" : "";
}

}  // namespace xaas
