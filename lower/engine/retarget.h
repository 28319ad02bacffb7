// Retargeting: turns canonical IR, which says nothing of CPU or position, into an LTO module for one link on one
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

// What is the same for all units of a link.
struct LinkContext {
  const Target& target;
  LinkKind kind;
  Symbolic symbolic;
  bool mixed = false;   // the project's own native objects are linked as well
  bool merged = false;  // the units become one module
};

// Does everything but writing: target attributes, position independence. `source_name` must be unlike that of any other
// unit of the link: the module's hash comes from it, and the names of promoted local symbols from that.
// Code::unsupported when the module is of another architecture, or requires features that the target lacks.
Status retarget(llvm::Module& module, const LinkContext& link, const IrInput& unit, const std::string& source_name);

// Whether it is a function that must not be copied into other units (kOddFunction).
bool is_odd(const llvm::GlobalValue& value);

// True when the module must not take part in ThinLTO: file-scope assembly defines or versions symbols in it.
bool is_lowered_alone(const llvm::Module& module);

// True when the place of the module among others of the link decides what the program does: it has constructors, or
// data for a section that the program walks from __start_X to __stop_X. What ThinLTO makes stands behind all objects.
bool depends_on_order(const llvm::Module& module);

// Bitcode with symbol table, for units that become one module.
std::string write_merged_module(const llvm::Module& module);

// Bitcode with summary and symbol table. Definitions that another library may replace are marked as never to be
// imported. The module's hash comes from its source name; see retarget().
std::string write_thin_module(llvm::Module& module, const LinkContext& link);

}  // namespace xaas
