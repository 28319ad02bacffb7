// Ready files: programs and libraries that are lowered while the image is made, for CPUs that many hosts have. A mount
// serves them until it has lowered the program for its own host. Implements spec/image-format.md, "Ready files".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "format/base/progress.h"
#include "mkimage/contents/image_contents.h"
#include "mkimage/plan/cpu_levels.h"

namespace xaas {

// The CPUs for which `plan` wants ready files. If the user names none: x86-64-v3, and x86-64-v4 if the image offers
// that level, since code that asks for AVX-512 shares no data with code that was made without it.
std::vector<std::string> ready_cpus(const LevelPlan& plan, const ImageContents& contents);

struct ReadyTask {
  std::filesystem::path draft;  // an image with everything that lowering needs
  std::filesystem::path cache;  // directory in which the worker keeps lowered files
  unsigned jobs = 1;            // threads
};

// Has the image's worker lower the programs of `draft` for each CPU, and adds the results to the configurations. A file
// that cannot be lowered is left out, with a warning. A file with the same code as for an earlier CPU is that very
// file. REQUIRES: contents.worker is set.
Status make_ready_files(const ReadyTask& task, const std::vector<std::string>& cpus, ImageContents& contents,
                        Progress& progress);

// One line for each CPU that has ready files.
std::vector<std::string> describe_ready(const ImageContents& contents);

}  // namespace xaas
