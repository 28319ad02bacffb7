// Finds the installed programs and libraries, the links that made them, and what of those links can be lowered.
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
  std::string path;                // path in the image
  std::string name;                // by which others need it: its soname, or the name of its file
  std::optional<LinkRecord> link;  // nullopt: no recorded link made it
  std::optional<Recipe> recipe;
  std::string reason;  // why there is no recipe
};

// The executables and shared libraries of `tree`, each with the record of its link. The build-id leads to the record.
Result<std::vector<InstalledProgram>> find_programs(const InstalledTree& tree, const std::vector<LinkRecord>& links);

// The program or library that others need by this name; null if there is none.
const InstalledProgram* find_installed(const std::vector<InstalledProgram>& programs, std::string_view name);

// The digests of all objects that the programs' links name, members of archives included.
std::set<Digest> linked_objects(const std::vector<InstalledProgram>& programs);

struct CanonicalStore {
  CanonicalUnits units;
  std::map<Digest, std::string> failures;  // object -> why it cannot be canonicalised and is linked as it is
};

struct CanonicaliseOptions {
  const CaptureStore& store;               // holds the bitcode
  const std::string& compiler;             // the C compiler; it knows what options mean
  const std::filesystem::path& directory;  // gets each module once, named by the hex digits of its digest
  unsigned jobs;                           // threads
  // Called with the number of units that are done, by one thread at a time.
  std::function<void(std::size_t done, std::size_t all)> progress;
};

// Canonicalises the bitcode of `objects`, which are objects of `units`, and adds it to `result`. Objects without
// bitcode, and those that `result` has already, are skipped.
Status canonicalise_units(const CanonicaliseOptions& options, const std::vector<UnitRecord>& units,
                          const std::set<Digest>& objects, CanonicalStore& result);

// The source of every recorded object, by its CaptureEnvironment::display_name(). If several sources have equal file
// names and equal IR, all get the same one of their names, so that the result does not show whether they were compiled
// separately.
InputNames source_names(const CaptureEnvironment& environment, const std::vector<UnitRecord>& units,
                        const CanonicalUnits& canonical);

// Gives every program its recipe, or the reason why it has none.
Status make_recipes(const InstalledTree& tree, const CanonicalStore& canonical, const InputNames& names,
                    const std::string& triple, SymbolReader& symbols, std::vector<InstalledProgram>& programs);

}  // namespace xaas
