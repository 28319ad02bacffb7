// What a run that failed leaves in its work directory, beside what it has built, so that the next one takes up there.
// Implements spec/recipe.md, "When a step fails".
#pragma once

#include <filesystem>
#include <optional>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "mkimage/build_driver.h"
#include "mkimage/plan/build_plan.h"
#include "mkimage/plan/configuration_plan.h"
#include "mkimage/source_listing.h"

namespace xaas {

struct BuildState {
  Digest made_for;                               // describe_build()
  Stage failed = Stage::configure;               // the steps before it have succeeded
  FortranChoice fortran = FortranChoice::flang;  // that they were run with
  SourceListing source;                          // of which the copy was made
};

// Of everything that decides what steps leave behind, except the files of the source and the install command, which
// begins with an empty tree.
Digest describe_build(const std::filesystem::path& source, const BuildPlan& plan,
                      const PlannedConfiguration& configuration);

// Nullopt where there is none, or one that cannot be read: then there is nothing to take up.
std::optional<BuildState> load_build_state(const std::filesystem::path& file);
// Code::invalid where a name in the source is not UTF-8, which JSON cannot hold.
Status save_build_state(const std::filesystem::path& file, const BuildState& state);

}  // namespace xaas
