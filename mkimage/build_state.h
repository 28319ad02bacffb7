// What a failed run leaves in its work directory beside the build, so that the next run takes up there. Implements
// spec/recipe.md, "When a step fails".
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
  Stage failed = Stage::configure;               // the steps before this one have succeeded
  FortranChoice fortran = FortranChoice::flang;  // the compiler with which those steps ran
  SourceListing source;                          // the source when it was last copied
};

// The digest of everything that decides what steps leave behind. It leaves out the files of the source, and the install
// command, which begins with an empty tree.
Digest describe_build(const std::filesystem::path& source, const BuildPlan& plan,
                      const PlannedConfiguration& configuration);

// Nullopt if there is no state, or if it cannot be read. Then there is nothing to take up.
std::optional<BuildState> load_build_state(const std::filesystem::path& file);
// Code::invalid if a name in the source is not UTF-8, which JSON cannot hold.
Status save_build_state(const std::filesystem::path& file, const BuildState& state);

}  // namespace xaas
