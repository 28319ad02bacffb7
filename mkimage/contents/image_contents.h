// What goes into an image: of each configuration what it installed and what was captured of it, and what they share.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "format/base/progress.h"
#include "mkimage/contents/bundled_libraries.h"
#include "mkimage/contents/captured_programs.h"
#include "mkimage/contents/installed_tree.h"
#include "mkimage/contents/worker_bundle.h"
#include "mkimage/plan/build_plan.h"
#include "mkimage/plan/configuration_plan.h"
#include "mkimage/record/work_directory.h"

namespace xaas {

struct ConfigurationContents {
  PlannedConfiguration plan;
  InstalledTree tree;
  std::vector<UnitRecord> units;
  std::set<Digest> linked;  // the objects in `programs`
  std::vector<InstalledProgram> programs;
  HostNeeds needs;
  InputNames names;                            // of the objects of `units`
  std::vector<std::string> required_features;  // of a CPU: see find_required_features(). Sorted
};

struct ImageContents {
  std::string triple;
  std::vector<ConfigurationContents> configurations;  // the default one first
  CanonicalStore canonical;
  BundledLibraries bundled;
  std::map<std::string, std::filesystem::path> sources;  // path in the image -> file
  std::optional<WorkerBundle> worker;
};

// A build that has just ended. Borrows everything.
struct FinishedBuild {
  const WorkDirectory& work;
  const BuildPlan& plan;
  const PlannedConfiguration& configuration;
  const CaptureEnvironment& environment;  // of its compilers
  unsigned jobs = 1;                      // threads for collecting
};

// Adds what a build installed, captured and read. The files stay in its work directory, and the directories of the
// build can be used for the next one.
Status collect_configuration(const FinishedBuild& build, Progress& progress, ImageContents& contents);

// Sets, for each configuration, the features of a CPU that its code executes without asking, by what options ask for in
// the units that are linked, captured or not: what the units have in common; of units that ask for something else in
// another configuration, what they have in common here, and what more than a few of them ask for here and not
// everywhere; and what the recipe declares. What a unit asks for beyond that is for code that is chosen at run time.
// `c_compiler` tells what options mean.
void find_required_features(const std::string& c_compiler, ImageContents& contents);

// Takes the native object from every unit that needs no more of a CPU than its configuration requires: where that is
// chosen, the unit is lowered.
void leave_out_native_objects(ImageContents& contents);

}  // namespace xaas
