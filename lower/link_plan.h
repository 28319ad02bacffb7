// What the link of one file takes on a target, and by which names the cache knows what comes of it. Implements
// spec/lowering.md and spec/cache.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/image.h"
#include "lower/library_search.h"
#include "lower/policy.h"
#include "lower/target.h"

namespace xaas {

// What all files of an image are lowered with. Borrows everything.
struct LoweringContext {
  const Image& image;
  const Target& target;
  const Policy& policy;
  const Toolchain& toolchain;
  const std::vector<std::string>& toolchain_libraries;  // directories
};

struct LinkPlan {
  Recipe recipe;                        // units that the target cannot run are objects of the build
  std::vector<Digest> objects;          // that the recipe refers to beside its units
  std::vector<FoundLibrary> libraries;  // sorted by soname
  Digest key;                           // of everything that decides the bytes of the file
};

// REQUIRES: record.recipe is not none. Code::not_found when a library is missing, Code::unsupported when a unit
// requires what the target lacks and has no object in its place.
Result<LinkPlan> plan_link(const LoweringContext& context, const FileRecord& record);

// The scope of a ModuleStore: links of one scope may use each other's modules. `index`: of the image's file index.
Digest module_scope(const LoweringContext& context, const LinkPlan& plan, const Digest& index);

}  // namespace xaas
