// The contents of an image: for each configuration, what it installed and what was captured of it; and what the
// configurations share.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "format/base/progress.h"
#include "format/source_record.h"
#include "format/whole_source.h"
#include "mkimage/contents/bundled_libraries.h"
#include "mkimage/contents/captured_programs.h"
#include "mkimage/contents/installed_tree.h"
#include "mkimage/contents/worker_bundle.h"
#include "mkimage/plan/build_plan.h"
#include "mkimage/plan/configuration_plan.h"
#include "mkimage/record/work_directory.h"

namespace xaas {

// Files that were lowered for one CPU.
struct ReadyFiles {
  ReadyLevel level;
  std::map<std::string, std::filesystem::path> files;  // path in the tree -> file
};

struct ConfigurationContents {
  PlannedConfiguration plan;
  InstalledTree tree;
  std::vector<UnitRecord> units;
  std::set<Digest> linked;  // the objects that the links of `programs` name
  std::vector<InstalledProgram> programs;
  HostNeeds needs;
  std::vector<Slot> slots;                     // see slot_needs()
  InputNames names;                            // names of the objects of `units`
  std::vector<std::string> required_features;  // of a CPU, sorted; see find_required_features()
  std::vector<Level> levels;                   // see offer_levels()
  bool shares_data = false;                    // see SharedData::between_programs
  std::vector<ReadyFiles> ready;               // see make_ready_files()
};

struct ImageContents {
  std::string triple;
  std::vector<ConfigurationContents> configurations;  // the default one first
  std::vector<std::string> asked_levels;              // for which units that ask were compiled
  CanonicalStore canonical;
  BundledLibraries bundled;
  std::vector<RuntimeLibrary> runtime_libraries;         // those of `bundled`
  std::map<std::string, std::filesystem::path> sources;  // path in the image -> file
  std::optional<WorkerBundle> worker;
  std::optional<WholeSource> source;         // the whole source
  std::optional<SourceRecord> about_source;  // what the manifest says of it
  LibcFloor libc;                            // of the build machine
};

// A build that has just ended. Borrows everything.
struct FinishedBuild {
  const WorkDirectory& work;
  const BuildPlan& plan;
  const PlannedConfiguration& configuration;
  const CaptureEnvironment& environment;  // environment of its compilers
  unsigned jobs = 1;                      // threads for collecting
};

// Adds what a build installed, captured and read. The files stay in the work directory, and the directories of the
// build can be used for the next one.
Status collect_configuration(const FinishedBuild& build, Progress& progress, ImageContents& contents);

// Sets, for each configuration, the features of a CPU that its code uses without a check at run time. They follow from
// the options of all units that are linked, captured or not. An explicit feature counts only if the unit uses it, as
// far as its IR is known (used_features.h). A configuration requires these features:
//
// - those that all its units ask for;
// - those that all varying units ask for here; a unit varies if it asks for something else in another configuration;
// - those that more than a few of the varying units ask for here and not in every configuration;
// - those that the recipe declares.
//
// Any other feature that a unit asks for is for code that the program chooses at run time. `c_compiler` knows what
// options mean.
void find_required_features(const std::string& c_compiler, ImageContents& contents);

// Removes the native object of every unit that needs no more of a CPU than its configuration requires. Where that
// configuration is chosen, the unit can always be lowered.
void leave_out_native_objects(ImageContents& contents);

}  // namespace xaas
