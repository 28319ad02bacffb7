// Makes the recipe of an installed program out of the record of its link. Implements spec/link-recipe.md: what each
// recorded argument becomes, and where the installed file wins over the record.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/base/elf_file.h"
#include "format/recipe.h"
#include "mkimage/capture/optimising_context.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

struct CanonicalUnit {
  Digest digest;                      // of the canonical bitcode
  std::vector<std::string> features;  // as in IrInput
  std::optional<Digest> native{};     // likewise
  OptimisingContext context{};
  std::vector<std::string> sections{};  // as in IrInput::alone, as the project asked for
};

// By the digest of the object file that the compiler wrote.
using CanonicalUnits = std::map<Digest, CanonicalUnit>;

// What an input is called in recipes, by its digest: the source that it was made of, because names of objects often
// depend on where and how the build ran. Others keep the name that the link gave them.
using InputNames = std::map<Digest, std::string>;

// Code::unsupported with the reason when the file must stay native: nothing of it was captured, the record cannot be
// followed, or the installed file was changed in a way that lowering would undo.
Result<Recipe> make_recipe(const LinkRecord& link, const ElfFile& installed, const CanonicalUnits& units,
                           const InputNames& names, const std::string& triple);

}  // namespace xaas
