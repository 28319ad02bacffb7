// Finds what keeps a unit from being optimised together with others. LLVM copies functions from one unit into another
// and inlines them there. A function then lives among the options of another unit. LLVM compares some of those options
// before it inlines, and merges others. This file is about the rest. Implements spec/lowering.md, "Import is a change
// of context".
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/capture/said_memory.h"

namespace llvm {
class Module;
}

namespace xaas {

// What LLVM does about an attribute that differs between a function and its caller when it inlines the function.
enum class InlineRule {
  compared,  // it inlines only if the two values go together
  merged,    // it gives the caller a value that is right for both
  harmless,  // the attribute only describes or advises; the code means the same without it
  apart,     // it does nothing, so units that differ in it must not be mixed
};

struct AttributeRule {
  std::string_view name;
  InlineRule rule;
  std::string_view usual = {};  // for `apart`: the value that means the same as a missing attribute
};

// Every attribute of functions for which this LLVM has an enum, and the strings that clang and flang write. Sorted by
// name, no name twice.
std::span<const AttributeRule> attribute_rules();

struct OptimisingContext {
  // Units are mixed only with units of an equal signature. Empty for the usual signature.
  std::string signature;
  // Why the unit must not be mixed with any other; empty if it may be.
  std::string alone;
  // Whether its place among the other units of a link decides what the program does: depends_on_order().
  bool is_ordered = false;
  bool catches_exceptions = false;  // a unit that does must not be mixed with one that hides them; see call_frames.h
  bool hides_exceptions = false;
  // In a link with a unit that uses the mode of arithmetic, units that compute are not mixed; see arithmetic_mode.h.
  bool uses_arithmetic_mode = false;
  bool has_arithmetic = false;
  // All names of variables to which it gives second names. LLVM takes what has two names for two variables.
  std::set<std::string> doubled_names;
  // A unit that says of others less than they do must not be mixed with any; see said_memory.h.
  MemoryUses said_uses;
  MemoryUses real_uses;

  // Whether it was compiled with -ffast-math.
  bool is_fast_math() const { return signature.find("unsafe-fp-math=true") != std::string::npos; }
  bool operator==(const OptimisingContext&) const = default;
};

// Returns the context of a unit. A function gets kOddFunction if it differs from most functions of the unit in an
// attribute that is `apart`, has assembly that means its place, looks at its frame, or only clears memory. `object` is
// the native object of the unit. It shows which symbols inline assembly names that the IR does not know.
OptimisingContext mark_context(llvm::Module& module, std::string_view object);

// Makes the context of a unit right for what the unit is at a level as well. Code that exists only there may say more
// of others, do more, and need other units to be left alone. Only another signature keeps the unit from being mixed.
void add_context_at_level(const OptimisingContext& variant, OptimisingContext& unit);

}  // namespace xaas
