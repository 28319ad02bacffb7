// Shared libraries of the build machine that go into the image, because a host need not have them: found through
// DT_RPATH, relative to the file that needs them. Implements spec/image-format.md, section "Bundled libraries".
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "mkimage/contents/installed_tree.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

// Path in the image -> file of this machine.
using BundledLibraries = std::map<std::string, std::filesystem::path>;

// Whether a library belongs to the host, wherever it runs: libc and its parts, what comes with a driver or a fabric.
bool is_left_to_host(std::string_view soname);

// Finds what files of `tree` need, directly and through each other, and neither the tree nor every host has: in the
// link records, beside and on the rpath of what needs it, or by asking `compiler`. Copies are made in `directory`; the
// rpaths of the copies and of the files that need them lead to each other. They keep their build-ids. What is not found
// is left to the host.
Result<BundledLibraries> bundle_libraries(const InstalledTree& tree, const std::vector<LinkRecord>& links,
                                          const std::string& compiler, const std::string& triple,
                                          const std::filesystem::path& directory);

// What the files of an image ask of the host.
struct HostNeeds {
  std::vector<std::string> libraries;  // sonames that neither the tree nor `bundled` provides, sorted
  std::string libc_floor;              // "GLIBC_2.34", the highest version that any of them needs
};
Result<HostNeeds> host_needs(const InstalledTree& tree, const BundledLibraries& bundled);

}  // namespace xaas
