// What the link of one file needs on a target, and the keys by which the cache finds its results. Implements
// spec/lowering.md and spec/cache.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/image.h"
#include "lower/device_code.h"
#include "lower/library_search.h"
#include "lower/nvlink.h"
#include "lower/policy.h"
#include "lower/target.h"

namespace xaas {

// The inputs that are the same for all files of an image. Borrows everything.
struct LoweringContext {
  const Image& image;
  const Target& target;
  const Policy& policy;
  const Toolchain& toolchain;
  const std::vector<std::string>& toolchain_libraries;  // directories in the image
  bool has_older_libc = false;                          // than the one that the image was made with
  const std::string& level;                             // whose variants are used; empty: none
  const HostView& host;                                 // whose libraries are used
  const std::optional<GpuArchitectures>& gpus;          // for which code is made; nullopt: those of the host
};

struct LinkPlan {
  Recipe recipe;                         // a unit that the target cannot run is replaced by the build's own object
  std::vector<Digest> objects;           // the files other than units that the recipe refers to
  std::vector<FoundLibrary> libraries;   // sorted by soname
  GpuArchitectures gpus;                 // for which the recipe's code for GPUs is made; empty without such code
  std::shared_ptr<const Ptxas> ptxas;    // set if there are `gpus`, and the host has one
  std::shared_ptr<const Nvlink> nvlink;  // set if besides some of the code is relocatable, and the host has one
  Digest key;                            // digest of everything that decides the bytes of the lowered file
};

// REQUIRES: record.recipe is set. Code::not_found if a library is missing. Code::unsupported if a unit requires a
// feature that the target lacks and the recipe has no object in its place.
Result<LinkPlan> plan_link(const LoweringContext& context, const FileRecord& record);

// The scope of a ModuleStore. Links of one scope may use each other's modules. `index` is the digest of the image's
// file index.
Digest module_scope(const LoweringContext& context, const LinkPlan& plan, const Digest& index);

}  // namespace xaas
