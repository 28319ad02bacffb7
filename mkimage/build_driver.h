// Runs the project's own build with our compilers in place of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/base/error.h"
#include "format/base/process.h"
#include "format/base/progress.h"
#include "mkimage/install_namespace.h"
#include "mkimage/plan/build_plan.h"
#include "mkimage/plan/configuration_plan.h"
#include "mkimage/record/capture_environment.h"
#include "mkimage/record/work_directory.h"

namespace xaas {

// Environment variable that makes builds reproducible, and its value where the user gave none: seconds since 1970.
inline constexpr const char* kEpochVariable = "SOURCE_DATE_EPOCH";
inline constexpr std::int64_t kDefaultEpoch = 315532800;  // 1980-01-01, the earliest that every archive format can say

class BuildDriver {
 public:
  // Of one configuration. `shares_units`: there are others, which it is to share what it compiles with.
  BuildDriver(const WorkDirectory& work, const BuildPlan& plan, const PlannedConfiguration& configuration,
              bool shares_units, unsigned jobs, Progress& progress)
      : work_(work),
        plan_(plan),
        configuration_(configuration),
        shares_units_(shares_units),
        jobs_(jobs),
        progress_(progress) {}

  // Finds the real compilers, puts ours in place. The other Fortran compiler is taken where there is only that, or
  // none, unless the plan insists on its choice. XAAS_REAL_FC wins.
  Status prepare(FortranChoice fortran);
  // Configure, build, install, beginning with `first`. Code::failed when a command fails.
  Status run(Stage first);
  // After run() has failed because a command did.
  std::optional<Stage> failed() const { return failed_; }
  // After run() has failed: the last lines of the command that did, to standard error.
  void show_failure() const;
  // After run() has failed: that was the usual install command of a makefile without a target for it.
  bool lacks_install() const;
  // After run() has failed: what flang said in the stage that failed, where gfortran could be the reason that the build
  // works without us, and the plan leaves the choice.
  std::optional<std::string> wants_gfortran() const;

  const CaptureEnvironment& environment() const { return environment_; }

 private:
  Status run_stage(Stage stage, const std::string& command);
  Status install();
  Result<ExitStatus> run_logged(Stage stage, const std::string& command);
  std::string prelude(Stage stage) const;
  std::filesystem::path log(Stage stage) const;
  std::string c_name() const;
  std::string cxx_name() const;
  std::string fortran_name() const;
  Status find_fortran(FortranChoice choice);
  Status find_chosen_fortran(FortranChoice choice);
  Status check_requirements() const;
  Status offer_linkers(const std::filesystem::path& wrapper);
  void follow(int process, const std::filesystem::path& log);
  Variables variables() const;

  const WorkDirectory& work_;
  const BuildPlan& plan_;
  const PlannedConfiguration& configuration_;
  const bool shares_units_;
  const unsigned jobs_;
  Progress& progress_;
  CaptureEnvironment environment_;
  std::optional<InstallNamespace> install_namespace_;  // while the install command runs
  std::optional<Stage> failed_;
  bool offers_fortran_ = false;  // builds are told of the Fortran compiler
};

}  // namespace xaas
