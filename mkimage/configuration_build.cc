// See configuration_build.h.
#include "mkimage/configuration_build.h"

#include <algorithm>

#include "format/base/shell_quoted.h"
#include "mkimage/built_programs.h"

namespace xaas {

namespace fs = std::filesystem;

Status ConfigurationBuild::run(FortranChoice& fortran) { return finish(begin_anew(fortran), fortran); }

Status ConfigurationBuild::take_up(const BuildState& earlier, FortranChoice& fortran) {
  fortran = earlier.fortran;
  return finish(resume(earlier), fortran);
}

Status ConfigurationBuild::begin_anew(FortranChoice fortran) {
  XAAS_TRY(work_.clear_build());
  XAAS_TRY(copy_tree(task_.source, work_.source(), task_.without));
  XAAS_TRY(driver_.prepare(fortran));
  return driver_.run(Stage::configure);
}

Status ConfigurationBuild::resume(const BuildState& earlier) {
  const SourceChanges changes = compare_listings(earlier.source, task_.listing);
  XAAS_TRY(apply_changes(changes, task_.source, work_.source()));
  XAAS_TRY(driver_.prepare(earlier.fortran));
  const Stage first = changes.any() ? std::min(Stage::build, earlier.failed) : earlier.failed;
  progress_.say(fmt::format("taking up in {}, where {} failed; {} of the source's files changed since",
                            work_.root().string(), stage_name(earlier.failed),
                            changes.changed.size() + changes.vanished.size()));
  return driver_.run(first);
}

// Names of templates of CUDA's libraries have in them for which architectures a unit is compiled. So units that are
// compiled for different families may not link. Builds once more without those that only some units got.
Status ConfigurationBuild::without_uneven_families(Status status, FortranChoice fortran) {
  const std::set<unsigned> uneven = driver_.failed() ? driver_.uneven_families() : std::set<unsigned>();
  if (status || uneven.empty()) return status;
  progress_.warn(fmt::format("some CUDA sources do not compile for compute_{}, and the build fails; once more without",
                             fmt::join(uneven, ", compute_")));
  driver_.leave_out(uneven);
  driver_.environment().store().remove_records();
  return without_uneven_families(begin_anew(fortran), fortran);
}

Status ConfigurationBuild::finish(Status status, FortranChoice& fortran) {
  status = without_uneven_families(std::move(status), fortran);
  const bool may_change = !status && fortran == FortranChoice::flang;
  if (const auto refusal = may_change ? driver_.wants_gfortran() : std::nullopt) {
    progress_.warn(
        fmt::format("flang does not build it ({}); once more with gfortran, whose code is not lowered", *refusal));
    driver_.environment().store().remove_records();
    fortran = FortranChoice::gfortran;
    status = begin_anew(fortran);
  }
  if (status) return status;
  driver_.show_failure();
  if (driver_.lacks_fortran()) return with_fortran_hint(status.error());
  const Stage first = task_.plan.configure.empty() ? Stage::build : Stage::configure;
  if (driver_.failed() == first) return with_system_hint(status.error());
  return driver_.lacks_install() ? with_install_hint(status.error()) : status;
}

Status ConfigurationBuild::install_as_they_are() const {
  for (const InstalledAsIs& file : task_.plan.files) {
    const fs::path target = work_.installed() / fs::path(task_.plan.prefix).relative_path() / file.to;
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    fs::copy(work_.source() / file.from, target,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing | fs::copy_options::copy_symlinks,
             error);
    if (error) return fail(Code::invalid, "{}: cannot install {}: {}", file.place, file.from, error.message());
  }
  return {};
}

// Where the first step failed by the build system that mkxaas took: names the others.
Status ConfigurationBuild::with_system_hint(Error error) const {
  if (!task_.plan.other_systems.empty()) {
    error.message += fmt::format("\nthe source has files for other build systems: --build-system {}",
                                 fmt::join(task_.plan.other_systems, " or "));
  }
  return tl::unexpected(std::move(error));
}

// Where a build finds no Fortran compiler, as it would not without mkxaas, though flang is there.
Status ConfigurationBuild::with_fortran_hint(Error error) const {
  error.message += fmt::format(
      "\nPATH has no Fortran compiler of a usual name; fortran = \"flang\" in xaas.toml lets the build have {}",
      driver_.environment().fortran_compiler);
  return tl::unexpected(std::move(error));
}

// For a makefile without an install target: adds to the error the option that would install the programs.
Status ConfigurationBuild::with_install_hint(Error error) const {
  const std::string command = install_command(find_built_programs(work_.source(), task_.source, work_.build()));
  error.message +=
      command.empty()
          ? "\nthe makefile has no install target, and no program was built; give --build and --install"
          : fmt::format(
                "\nthe makefile has no install target; this installs the programs that were built: --install {}",
                shell_quoted(command));
  return tl::unexpected(std::move(error));
}

}  // namespace xaas
