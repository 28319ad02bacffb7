// Runs the project's own build, with xaas-cc in place of the project's compilers.
#pragma once

#include <optional>
#include <set>
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

// The environment variable that makes builds reproducible, and the value that mkxaas gives it if the user sets none.
// The value is in seconds since 1970.
inline constexpr const char* kEpochVariable = "SOURCE_DATE_EPOCH";
inline constexpr std::int64_t kDefaultEpoch = 315532800;  // 1980-01-01: the earliest that every archive format can hold

class BuildDriver {
 public:
  // A driver for one configuration. `shares_units` says that the project has other configurations, with which this one
  // shares the units that it compiles.
  BuildDriver(const WorkDirectory& work, const BuildPlan& plan, const PlannedConfiguration& configuration,
              bool shares_units, unsigned jobs, Progress& progress)
      : work_(work),
        plan_(plan),
        configuration_(configuration),
        shares_units_(shares_units),
        jobs_(jobs),
        progress_(progress) {}

  // Finds the real compilers and puts xaas-cc in front of them. `fortran` says which Fortran compiler to prefer: if it
  // is not there, the other one is taken if it is there, unless the plan insists on its choice. XAAS_REAL_FC wins over
  // both.
  Status prepare(FortranChoice fortran);
  // Runs the steps configure, build and install, beginning with `first`. Code::failed if a command fails.
  Status run(Stage first);
  // The step that failed, if run() failed because a command did.
  std::optional<Stage> failed() const { return failed_; }
  // After run() has failed: prints the last lines of the command that failed to standard error.
  void show_failure() const;
  // After run() has failed: whether the default install command failed because the makefile has no target for it.
  bool lacks_install() const;
  // After run() has failed: whether that was for want of a Fortran compiler, and flang is there under no usual name.
  bool lacks_fortran() const;
  // After run() has failed: the families of GPUs that only some CUDA sources got, because others do not compile for
  // them.
  std::set<unsigned> uneven_families() const { return environment_.store().left_out_families(); }
  // Compiles nothing for these families from the next prepare() on.
  void leave_out(const std::set<unsigned>& families) { left_out_families_.insert(families.begin(), families.end()); }
  // After run() has failed: what flang said in the step that failed. Nullopt unless gfortran is there and the plan
  // leaves the choice, so that gfortran may build the project where flang does not.
  std::optional<std::string> wants_gfortran() const;

  const CaptureEnvironment& environment() const { return environment_; }

 private:
  Status run_stages(Stage first);
  Status run_stage(Stage stage, const std::string& command);
  Status install();
  std::string redirection() const;
  Result<ExitStatus> run_logged(Stage stage, const std::string& command);
  std::string prelude(Stage stage) const;
  std::filesystem::path log(Stage stage) const;
  std::string c_name() const;
  std::string cxx_name() const;
  std::string fortran_name() const;
  void find_nvcc();
  Status find_fortran(FortranChoice choice);
  Status find_chosen_fortran(FortranChoice choice);
  Status check_requirements() const;
  std::filesystem::path toolkit() const;
  Status offer_toolkit(const std::filesystem::path& nvcc);
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
  std::optional<InstallNamespace> install_namespace_;  // set while the install command runs
  std::optional<Stage> failed_;
  std::set<unsigned> left_out_families_;
  bool offers_fortran_ = false;  // whether the build is told of the Fortran compiler
  bool has_nvcc_ = false;        // whether there is an nvcc that takes our C++ compiler for its host code
};

}  // namespace xaas
