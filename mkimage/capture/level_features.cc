// Looks up intrinsic functions of x86 in clang's list of built-in functions, which names the features that each needs;
// see level_features.h. arm_features.cc does it for aarch64.
#include "mkimage/capture/level_features.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Intrinsics.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "format/base/split.h"
#include "mkimage/capture/arm_features.h"
#include "mkimage/capture/used_features.h"

namespace xaas {
namespace {

constexpr std::string_view kBuiltins = "__builtin_ia32_";
constexpr llvm::StringLiteral kIntrinsics("llvm.x86.");
constexpr std::string_view kArmMacros = "__ARM_";

// The names of features in LLVM's table of x86.
constexpr std::array kX86Features{
#define X86_FEATURE(ENUM, STRING) std::string_view(STRING),
#include <llvm/TargetParser/X86TargetParser.def>
};

// The macros that are not called as their features are.
constexpr std::pair<std::string_view, std::string_view> kOtherMacros[] = {
    {"__EVEX256__", "avx512vl"},    {"__GCC_HAVE_SYNC_COMPARE_AND_SWAP_16", "cx16"},
    {"__LAHF_SAHF__", "sahf"},      {"__SSE4_1__", "sse4.1"},
    {"__SSE4_2__", "sse4.2"},       {"vector_size(32)", "avx"},
    {"vector_size(64)", "avx512f"},
};

using Features = std::set<std::string, std::less<>>;

// Each list undefines the macros at its end.
constexpr X86Builtin kBuiltinList[] = {
#define BUILTIN(name, type, attributes)
#define TARGET_BUILTIN(name, type, attributes, features) {#name, features},
#define TARGET_HEADER_BUILTIN(name, type, attributes, header, languages, features)
#include <clang/Basic/BuiltinsX86.def>
#define BUILTIN(name, type, attributes)
#define TARGET_BUILTIN(name, type, attributes, features) {#name, features},
#define TARGET_HEADER_BUILTIN(name, type, attributes, header, languages, features)
#include <clang/Basic/BuiltinsX86_64.def>
};

const std::map<llvm::Intrinsic::ID, std::string_view>& features_of_intrinsics() {
  static const std::map<llvm::Intrinsic::ID, std::string_view> features = [] {
    std::map<llvm::Intrinsic::ID, std::string_view> result;
    for (const X86Builtin& builtin : kBuiltinList) {
      const auto id = llvm::Intrinsic::getIntrinsicForClangBuiltin("x86", builtin.name);
      if (id != llvm::Intrinsic::not_intrinsic) result.emplace(id, builtin.features);
    }
    return result;
  }();
  return features;
}

// What an intrinsic function of x86 needs that clang reaches in other ways than by a built-in function of its own. The
// first part of its name is a feature. "avx512" stands for the features of x86-64-v4.
std::string features_by_name(llvm::StringRef name) {
  const llvm::StringRef rest = name.substr(kIntrinsics.size());
  const llvm::StringRef family = rest.take_until([](char c) { return c == '.'; });
  if (family == "sse41" || family == "sse42") return family == "sse41" ? "sse4.1" : "sse4.2";
  if (family != "avx512") return family.str();
  // Bytes and words are compressed by another extension than wider elements.
  const bool moves = rest.contains("mask.compress") || rest.contains("mask.expand");
  if (moves && (rest.ends_with("i8") || rest.ends_with("i16"))) return "avx512vbmi2";
  return "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,evex512";
}

// Adds the features of one alternative of `text`: of the first one that `there` has, else of the first one that `level`
// has.
void add_alternative(std::string_view text, const Features& there, const Features& level, Features& used) {
  for (const Features* given : {&there, &level}) {
    for (const std::string_view alternative : split(text, '|')) {
      const std::vector<std::string_view> names = split(alternative, ',');
      if (!std::ranges::all_of(names, [&](std::string_view name) { return given->contains(name); })) continue;
      used.insert(names.begin(), names.end());
      return;
    }
  }
  // No alternative is there as a whole where the rest comes from a function's own target attribute.
  for (const std::string_view name : split(text.substr(0, text.find('|')), ',')) {
    if (level.contains(name)) used.emplace(name);
  }
}

// The features of an intrinsic function of x86; empty for other functions.
std::string x86_features_of_intrinsic(const llvm::Function& function) {
  if (!function.getName().starts_with(kIntrinsics)) return {};
  const auto& known = features_of_intrinsics();
  const auto found = known.find(function.getIntrinsicID());
  return found != known.end() ? std::string(found->second) : features_by_name(function.getName());
}

// The texts of add_alternative() for all intrinsic functions of a CPU that the module calls.
std::set<std::string> needs_of(const llvm::Module& module) {
  const bool is_arm = llvm::Triple(module.getTargetTriple()).isAArch64();
  std::set<std::string> needs;
  for (const llvm::Function& function : module) {
    if (!function.isIntrinsic() || function.use_empty()) continue;
    std::string features = is_arm ? arm_features_of_intrinsic(function) : x86_features_of_intrinsic(function);
    if (!features.empty()) needs.insert(std::move(features));
  }
  return needs;
}

// The features, as in X86Builtin, of an ask; nullopt if not known.
std::optional<std::string> features_of_ask(const std::string& ask) {
  if (ask.starts_with(kArmMacros)) return arm_features_of_macro(ask);
  if (!ask.starts_with(kBuiltins)) return feature_of_macro(ask);
  const auto builtin =
      std::ranges::find_if(kBuiltinList, [&](const X86Builtin& one) { return std::string_view(one.name) == ask; });
  return builtin == std::end(kBuiltinList) ? std::nullopt : std::optional<std::string>(builtin->features);
}

}  // namespace

std::span<const X86Builtin> x86_builtins() { return kBuiltinList; }

std::optional<std::string> feature_of_macro(std::string_view name) {
  const auto* other = std::ranges::find(kOtherMacros, name, &std::pair<std::string_view, std::string_view>::first);
  if (other != std::end(kOtherMacros)) return std::string(other->second);
  if (!name.starts_with("__") || !name.ends_with("__") || name.size() <= 4) return std::nullopt;
  std::string feature(name.substr(2, name.size() - 4));
  for (char& c : feature) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = '-';
  }
  return std::ranges::find(kX86Features, feature) != kX86Features.end() ? std::optional(feature) : std::nullopt;
}

std::vector<std::string> used_level_features(const llvm::Module& module, const std::vector<std::string>& features,
                                             const std::vector<std::string>& asks) {
  Features level;
  for (const std::string& feature : features) level.insert(feature.substr(1));
  Features used;
  for (const std::string& ask : asks) {
    const auto needed = features_of_ask(ask);
    if (!needed) return features;
    add_alternative(*needed, {}, level, used);
  }
  const llvm::Triple target(module.getTargetTriple());
  const Features asked = used;
  for (const std::string& needed : needs_of(module)) add_alternative(needed, asked, level, used);
  std::vector<std::string> result;
  std::ranges::copy_if(used_features(module, features), std::back_inserter(result), [&](const std::string& feature) {
    const std::string name = feature.substr(1);
    return used.contains(name) || is_explicit_feature(target, name);
  });
  return result;
}

}  // namespace xaas
