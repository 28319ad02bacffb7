// Looks for names of intrinsic functions and of instructions; see used_features.h.
#include "mkimage/capture/used_features.h"

#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

namespace xaas {
namespace {

// What the names of a feature's intrinsic functions (of "llvm.x86.rdrand.32" the end) and instructions ("rdrandl")
// contain.
struct ExplicitFeature {
  std::string_view name;
  std::array<std::string_view, 9> words;  // unused elements are empty
};

// Those of x86. Sorted. Unit tests compare it with LLVM's list of features and with clang's list of built-in functions.
// The table does not have features for which patterns of plain IR are selected, such as gfni (reversing bits), prfchw
// and prefetchi (prefetching).
constexpr auto kX86Explicit = std::to_array<ExplicitFeature>({
    {"aes", {"aesni", "aesenc", "aesdec", "aesimc", "aeskeygen"}},
    {"amx-bf16", {"tdpbf16"}},
    {"amx-complex", {"tcmm"}},
    {"amx-fp16", {"tdpfp16"}},
    {"amx-int8", {"tdpb"}},
    {"amx-tile", {"tile", "tilecfg"}},
    {"cldemote", {"cldemote"}},
    {"clflushopt", {"clflushopt"}},
    {"clwb", {"clwb"}},
    {"clzero", {"clzero"}},
    {"cmpccxadd", {"cmpccxadd", "xadd"}},
    {"enqcmd", {"enqcmd"}},
    {"fsgsbase", {"fsbase", "gsbase"}},
    {"hreset", {"hreset"}},
    {"invpcid", {"invpcid"}},
    {"kl", {"loadiwkey", "encodekey", "aesenc128kl", "aesenc256kl", "aesdec128kl", "aesdec256kl"}},
    {"lwp", {"lwp"}},
    {"movdir64b", {"movdir64b"}},
    {"movdiri", {"movdiri", "directstore"}},
    {"mwaitx", {"monitorx", "mwaitx"}},
    {"pclmul", {"pclmul"}},
    {"pconfig", {"pconfig"}},
    {"pku", {"pkru"}},
    {"ptwrite", {"ptwrite"}},
    {"raoint", {"aadd", "aand", "aor", "axor"}},
    {"rdpid", {"rdpid"}},
    {"rdpru", {"rdpru"}},
    {"rdrnd", {"rdrand"}},
    {"rdseed", {"rdseed"}},
    {"rtm", {"xbegin", "xend", "xabort", "xtest"}},
    {"serialize", {"serialize"}},
    {"sgx", {"encls", "enclu", "enclv"}},
    {"sha", {"sha1", "sha256"}},
    {"sha512", {"sha512"}},
    {"shstk", {"ssp", "wrss", "wruss", "ssbsy"}},
    {"sm3", {"sm3"}},
    {"sm4", {"sm4"}},
    {"tsxldtrk", {"susldtrk", "resldtrk"}},
    {"uintr", {"clui", "stui", "testui", "senduipi", "uiret"}},
    {"usermsr", {"urdmsr", "uwrmsr"}},
    {"vaes", {"aesni", "aesenc", "aesdec"}},
    {"vpclmulqdq", {"pclmul"}},
    {"waitpkg", {"umonitor", "umwait", "tpause"}},
    {"wbnoinvd", {"wbnoinvd"}},
    {"widekl", {"aesencwide", "aesdecwide"}},
    {"xsave", {"xsave", "xrstor", "xgetbv", "xsetbv"}},
    {"xsavec", {"xsavec"}},
    {"xsaveopt", {"xsaveopt"}},
    {"xsaves", {"xsaves", "xrstors"}},
});
static_assert(std::ranges::is_sorted(kX86Explicit, {}, &ExplicitFeature::name), "the table is searched by name");

// Those of aarch64, likewise. sha3, with which LLVM computes exclusive ors of three values, is none.
constexpr auto kArmExplicit = std::to_array<ExplicitFeature>({
    {"aes", {"crypto.aes", "pmull", "aese", "aesd", "aesmc", "aesimc"}},
    {"crc", {"crc32"}},
    {"fptoint", {"frint32", "frint64"}},
    {"jsconv", {"fjcvtzs"}},
    {"rand", {"rndr"}},
    {"sha2", {"sha1", "sha256"}},
    {"sm4", {"sm3", "sm4"}},
});
static_assert(std::ranges::is_sorted(kArmExplicit, {}, &ExplicitFeature::name), "the table is searched by name");

std::span<const ExplicitFeature> explicit_features_of(const llvm::Triple& target) {
  if (target.isAArch64()) return kArmExplicit;
  return kX86Explicit;
}

const ExplicitFeature* find_explicit(const llvm::Triple& target, std::string_view name) {
  const std::span<const ExplicitFeature> features = explicit_features_of(target);
  const auto found = std::ranges::lower_bound(features, name, {}, &ExplicitFeature::name);
  return found != features.end() && found->name == name ? &*found : nullptr;
}

// All texts in a module that can name instructions.
std::vector<llvm::StringRef> names_in(const llvm::Module& module) {
  constexpr llvm::StringLiteral kX86Prefix("llvm.x86.");
  constexpr llvm::StringLiteral kArmPrefix("llvm.aarch64.");
  std::vector<llvm::StringRef> names = {module.getModuleInlineAsm()};
  for (const llvm::Function& function : module) {
    llvm::StringRef name = function.getName();
    if (name.consume_front(kX86Prefix) || name.consume_front(kArmPrefix)) names.push_back(name);
    for (const llvm::Instruction& instruction : llvm::instructions(function)) {
      const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
      if (call == nullptr || !call->isInlineAsm()) continue;
      names.push_back(llvm::cast<llvm::InlineAsm>(call->getCalledOperand())->getAsmString());
    }
  }
  return names;
}

bool is_named(const ExplicitFeature& feature, const std::vector<llvm::StringRef>& names) {
  return std::ranges::any_of(feature.words, [&](std::string_view word) {
    return !word.empty() && std::ranges::any_of(names, [&](llvm::StringRef name) {
      return name.contains_insensitive(llvm::StringRef(word.data(), word.size()));
    });
  });
}

}  // namespace

bool is_explicit_feature(const llvm::Triple& target, std::string_view feature) {
  return find_explicit(target, feature) != nullptr;
}

std::vector<std::string> used_features(const llvm::Module& module, const std::vector<std::string>& features) {
  const llvm::Triple target(module.getTargetTriple());
  const std::vector<llvm::StringRef> names = names_in(module);
  std::vector<std::string> used;
  std::ranges::copy_if(features, std::back_inserter(used), [&](const std::string& feature) {
    const ExplicitFeature* known = feature.starts_with('+') ? find_explicit(target, feature.substr(1)) : nullptr;
    return known == nullptr || is_named(*known, names);
  });
  return used;
}

}  // namespace xaas
