// The installed programs and libraries, the links that made them, and what of those links can be lowered.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "format/recipe.h"
#include "mkimage/contents/installed_tree.h"
#include "mkimage/contents/recipe_maker.h"
#include "mkimage/record/capture_environment.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

struct InstalledProgram {
  std::string path;                // in the image
  std::optional<LinkRecord> link;  // none: not linked by a captured compiler
  std::optional<Recipe> recipe;
  std::string reason;  // why there is no recipe
};

// The executables and shared libraries of `tree`, each with the record of its link, found by its build-id.
Result<std::vector<InstalledProgram>> find_programs(const InstalledTree& tree, const std::vector<LinkRecord>& links);

// Digests of all objects that those links named, members of archives included.
std::set<Digest> linked_objects(const std::vector<InstalledProgram>& programs);

struct CanonicalStore {
  CanonicalUnits units;
  std::map<Digest, std::string> failures;  // by object: why it cannot be canonicalised and is linked as it is
};

struct CanonicaliseOptions {
  const CaptureStore& store;               // has the bitcode
  const std::string& compiler;             // for C: it tells what options mean
  const std::filesystem::path& directory;  // each module is written there once, by the hex digits of its digest
  unsigned jobs;                           // threads
  // Called with how many are done, by one thread at a time.
  std::function<void(std::size_t done, std::size_t all)> progress;
};

// Canonicalises the bitcode of `objects`, which are of `units`, as far as there is some and it is not in `result`
// already, and adds it there.
Status canonicalise_units(const CanonicaliseOptions& options, const std::vector<UnitRecord>& units,
                          const std::set<Digest>& objects, CanonicalStore& result);

// The source of every recorded object, as CaptureEnvironment::display_name() calls it. Of several sources with equal
// file names and equal IR it is one and the same: whether they were compiled apart must not show.
InputNames source_names(const CaptureEnvironment& environment, const std::vector<UnitRecord>& units,
                        const CanonicalUnits& canonical);

// Gives every program its recipe, or the reason why it has none.
Status make_recipes(const InstalledTree& tree, const CanonicalStore& canonical, const InputNames& names,
                    const std::string& triple, std::vector<InstalledProgram>& programs);

}  // namespace xaas
