// What keeps a unit from being optimised together with others. LLVM copies functions from one unit into another and
// inlines them there; a function then lives among the options of another unit. LLVM compares some of those options
// before it inlines, and merges others; this is about the rest. Implements spec/lowering.md, "Import is a change of
// context".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace llvm {
class Module;
}

namespace xaas {

// What LLVM does when functions are inlined that differ in an attribute.
enum class InlineRule {
  compared,  // nothing is inlined unless they go together
  merged,    // the caller's becomes such that both are right
  harmless,  // it describes or advises; the code means the same without it
  apart,     // nothing: units that differ in it must not be mixed
};

struct AttributeRule {
  std::string_view name;
  InlineRule rule;
  std::string_view usual = {};  // the value that says nothing, where it is apart and may be written out
};

// Every attribute of functions that this LLVM has an enum for, and the strings that clang and flang write: sorted by
// name, no name twice.
std::span<const AttributeRule> attribute_rules();

struct OptimisingContext {
  // Units are mixed only with units of equal signature. Empty: the usual one.
  std::string signature;
  // Why the unit is mixed with none; empty where it may be.
  std::string alone;

  // Whether it was compiled with -ffast-math.
  bool is_fast_math() const { return signature.find("unsafe-fp-math=true") != std::string::npos; }
  bool operator==(const OptimisingContext&) const = default;
};

// Of a unit, whose functions get kOddFunction where they differ from the rest of it in something that is apart.
// `object` is the native object of it: what its code names beyond its IR is named by assembly.
OptimisingContext mark_context(llvm::Module& module, std::string_view object);

}  // namespace xaas
