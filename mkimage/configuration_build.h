// Builds one configuration, either in a new copy of the source or where an earlier run has failed. Implements
// spec/recipe.md, "Building" and "When a step fails".
#pragma once

#include <filesystem>
#include <vector>

#include "format/base/error.h"
#include "format/base/progress.h"
#include "mkimage/build_driver.h"
#include "mkimage/build_state.h"
#include "mkimage/plan/build_plan.h"
#include "mkimage/record/work_directory.h"

namespace xaas {

// What is built. Borrows everything.
struct BuildTask {
  const std::filesystem::path& source;
  const std::vector<std::filesystem::path>& without;  // absolute paths in `source` that are not copied
  const SourceListing& listing;                       // the source as it is now
  const BuildPlan& plan;
};

class ConfigurationBuild {
 public:
  // Borrows all arguments.
  ConfigurationBuild(const WorkDirectory& work, const BuildTask& task, BuildDriver& driver, Progress& progress)
      : work_(work), task_(task), driver_(driver), progress_(progress) {}

  // Builds the configuration from the beginning. If flang cannot build it, gfortran is used instead, and `fortran` says
  // so. If a command fails, its output goes to standard error.
  Status run(FortranChoice& fortran);
  // Does the same, beginning with the step at which `earlier` failed in this work directory.
  Status take_up(const BuildState& earlier, FortranChoice& fortran);

  // Adds the files that the recipe file lists to what the build has installed. Call it after run() or take_up().
  Status install_as_they_are() const;

 private:
  Status begin_anew(FortranChoice fortran);
  Status resume(const BuildState& earlier);
  Status finish(Status status, FortranChoice& fortran);
  Status without_uneven_families(Status status, FortranChoice fortran);
  Status with_install_hint(Error error) const;
  Status with_fortran_hint(Error error) const;
  Status with_system_hint(Error error) const;

  const WorkDirectory& work_;
  const BuildTask& task_;
  BuildDriver& driver_;
  Progress& progress_;
};

}  // namespace xaas
