// Builds one configuration: in a copy of the source from the beginning, or where an earlier run has failed.
// Implements spec/recipe.md, "Building" and "When a step fails".
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

// What is built. Refers to what its owner keeps.
struct BuildTask {
  const std::filesystem::path& source;
  const std::vector<std::filesystem::path>& without;  // absolute paths in `source` that are not copied
  const SourceListing& listing;                       // of the source now
  const BuildPlan& plan;
};

class ConfigurationBuild {
 public:
  // Refers to all of them.
  ConfigurationBuild(const WorkDirectory& work, const BuildTask& task, BuildDriver& driver, Progress& progress)
      : work_(work), task_(task), driver_(driver), progress_(progress) {}

  // Where flang cannot build it, gfortran is taken instead, and `fortran` says so. After an error that a command
  // caused, its output went to standard error.
  Status run(FortranChoice& fortran);
  // The same, where `earlier` failed in this work directory.
  Status take_up(const BuildState& earlier, FortranChoice& fortran);

  // Afterwards: files that the recipe adds to what the build has installed.
  Status install_as_they_are() const;

 private:
  Status begin_anew(FortranChoice fortran);
  Status resume(const BuildState& earlier);
  Status finish(Status status, FortranChoice& fortran);
  Status with_install_hint(Error error) const;

  const WorkDirectory& work_;
  const BuildTask& task_;
  BuildDriver& driver_;
  Progress& progress_;
};

}  // namespace xaas
