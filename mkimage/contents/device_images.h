// Says in recipes what the programs for devices of OpenMP are made of, so that they can be made again on the host.
// Implements spec/cuda.md, "OpenMP".
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/recipe.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

// What clang links to all code for GPUs: a module for each architecture, among the files of the compiler. Remembers
// what it has made.
class DeviceRuntime {
 public:
  // `directory` gets the modules, as that of CanonicaliseOptions does. Borrows it.
  DeviceRuntime(const std::string& compiler, const std::filesystem::path& directory);

  // In canonical form, for all architectures from this one on, by rising architecture. Empty if the compiler has none.
  Result<std::vector<RegionCode>> from(const std::string& triple, unsigned architecture);

 private:
  Result<RegionCode> canonical(const std::string& triple, unsigned architecture, const std::filesystem::path& file);

  const std::string compiler_;
  const std::filesystem::path& directory_;
  std::map<std::filesystem::path, RegionCode> made_;
};

// Completes the recipe of a link whose units have code for devices. Its object with the programs for devices gets a
// name that is the same in each build, and the fields `images` and `runtime`. It gets no such fields if a part of the
// programs is no IR: then they stay as they were built, and the answer says why, in one line. Else the answer is empty.
Result<std::string> complete_device_images(const CaptureStore& store, DeviceRuntime& runtime, Recipe& recipe);

}  // namespace xaas
