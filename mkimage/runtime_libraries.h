// Libraries of the compiler that go into the image, because a host need not have them: found through DT_RPATH, relative
// to the file that needs them. Implements spec/image-format.md's toolchain directory as far as libraries go.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "format/error.h"
#include "mkimage/capture_store.h"
#include "mkimage/installed_tree.h"

namespace xaas {

// Path in the image -> file of this machine.
using RuntimeLibraries = std::map<std::string, std::filesystem::path>;

// Finds the runtimes that files of `tree` need and the tree does not provide, in the link records or by asking
// `compiler`, and appends their directory to the rpath of those files. They keep their build-ids.
Result<RuntimeLibraries> bundle_runtime_libraries(const InstalledTree& tree, const std::vector<LinkRecord>& links,
                                                  const std::string& compiler, const std::string& triple);

// What the files of an image ask of the host.
struct HostNeeds {
  std::vector<std::string> libraries;  // sonames that neither the tree nor `bundled` provides, sorted
  std::string libc_floor;              // "GLIBC_2.34", the highest version that any of them needs
};
Result<HostNeeds> host_needs(const InstalledTree& tree, const RuntimeLibraries& bundled);

}  // namespace xaas
