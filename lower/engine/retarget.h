// Retargeting turns canonical IR, which does not depend on CPU or position, into an LTO module for one link on one
// target. Implements spec/lowering.md, "Engine".
#pragma once

#include <llvm/IR/Module.h>

#include <string>
#include <string_view>

#include "format/base/error.h"
#include "format/recipe.h"
#include "lower/link_units.h"
#include "lower/target.h"

namespace xaas {

// The properties that all units of a link share.
struct LinkContext {
  const Target& target;
  LinkKind kind;
  Symbolic symbolic;
  bool mixed = false;   // whether the project's own native objects are linked as well
  bool merged = false;  // whether the units become one module
  bool single = false;  // whether there is one unit only
};

// Sets the module's target attributes and position independence, keeps what is found without being named, gives the
// module types of its own, and keeps what the unit's borders mean if it is mixed with others (unit_borders.h); does not
// write it. `source_name`
// must differ from that of every other unit of the link, because the module's hash comes from it, and the names of
// promoted local symbols come from the hash. Code::unsupported if the module is of another architecture, or requires
// features that the target lacks.
Status retarget(llvm::Module& module, const LinkContext& link, const IrInput& unit, const std::string& source_name);

// Makes the unit, whose code for GPUs is not in it, refer to its fat binary by a name of its own. Code::invalid if it
// refers to none.
Status use_fatbin(llvm::Module& module, const std::string& symbol);

// Whether `value` is a function that must not be copied into other units (kOddFunction).
bool is_odd(const llvm::GlobalValue& value);

// Whether a copy of the value in a function of another unit could mean another thread's variables. LLVM keeps the
// address of a thread-local variable as long as a function runs. A function that switches from one stack to another may
// go on in another thread, and then expects a call to ask again.
bool is_bound_to_thread(const llvm::GlobalValue& value);

// Whether the module must not take part in ThinLTO: it has file-scope assembly, which may define or version symbols.
bool is_lowered_alone(const llvm::Module& module);

// Returns bitcode with a symbol table, for units that become one module.
std::string write_merged_module(const llvm::Module& module);

// Returns bitcode with a summary and a symbol table. Marks as not to be imported: definitions that another library may
// replace, functions with is_odd() or is_bound_to_thread(). The module's hash comes
// from its source name; see retarget().
std::string write_thin_module(llvm::Module& module, const LinkContext& link);

}  // namespace xaas
