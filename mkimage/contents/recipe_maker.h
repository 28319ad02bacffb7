// Makes the recipe of an installed program from the record of its link. Implements spec/link-recipe.md: what each
// recorded argument becomes, and where the installed file wins over the record.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/base/elf_file.h"
#include "format/recipe.h"
#include "mkimage/capture/canonical_ir.h"
#include "mkimage/capture/optimising_context.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

class SymbolReader;

struct CanonicalUnit {
  Digest digest;                      // digest of the canonical bitcode
  std::vector<std::string> features;  // as in IrInput
  std::optional<Digest> native{};     // as in IrInput
  OptimisingContext context{};
  std::vector<DeviceCode> device{};                   // as in IrInput
  std::optional<RelocatableCode> relocatable{};       // as in IrInput
  std::vector<RegionCode> regions{};                  // as in IrInput
  std::vector<std::string> links{};                   // as in IrInput
  std::vector<std::string> sections{};                // as in IrInput::alone, as the project asked for
  UnitVariants captured{};                            // what the compiler made for levels
  std::vector<IrVariant> variants{};                  // those in canonical form that differ from the unit itself
  std::map<Digest, ModuleSymbols> variant_symbols{};  // of `variants`, by digest
  std::map<std::string, std::string> refusals{};      // level -> why the unit cannot be compiled for it
};

// What the unit is at a level; null if it is itself there.
const IrVariant* variant_at(const CanonicalUnit& unit, const std::string& level);

// Digest of the object file that the compiler wrote -> unit.
using CanonicalUnits = std::map<Digest, CanonicalUnit>;

// Digest of an input -> its name in recipes. The name is the source of the input, because names of objects often depend
// on where and how the build ran. An input that is not in the map keeps the name that the link gave it.
using InputNames = std::map<Digest, std::string>;

const std::string& input_name(const RecordedFile& file, const InputNames& names);

// Code::unsupported, with the reason, if the file must stay native: nothing of it was captured, the record cannot be
// followed, or the installed file was changed in a way that lowering would undo.
Result<Recipe> make_recipe(const LinkRecord& link, const ElfFile& installed, const CanonicalUnits& units,
                           const InputNames& names, const std::string& triple, SymbolReader& symbols);

}  // namespace xaas
