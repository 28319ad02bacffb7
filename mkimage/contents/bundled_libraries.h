// Copies shared libraries of the build machine into the image, because a host may lack them. They are found through
// DT_RPATH, relative to the file that needs them. Implements spec/image-format.md, section "Bundled libraries".
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "format/manifest.h"
#include "mkimage/contents/installed_tree.h"
#include "mkimage/contents/libc_floor.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

// Path in the image -> file on this machine.
using BundledLibraries = std::map<std::string, std::filesystem::path>;

// Whether a library is always taken from the host: libc and its parts, and libraries that come with a driver or a
// fabric.
bool is_left_to_host(std::string_view soname);

// What libraries are bundled for. Borrows everything.
struct BundleTask {
  const std::vector<LinkRecord>& links;
  const LibcFloor& floor;
  const std::string& compiler;
  const std::string& triple;
  const std::vector<std::string>& slots;     // whose libraries get directories of their own; see format/slots.h
  const std::vector<std::string>& left_out;  // patterns of sonames of libraries that are left to the host
};

// Finds the libraries that files of `tree` need, directly or through each other, and that neither the tree nor every
// host has. Looks in the link records, beside the file that needs the library and on its rpath, and asks the compiler.
// Makes copies in `directory`. The rpaths of the copies, and of the files that need them, lead to each other. Copies
// keep their build-ids. A library that is not found is left to the host.
// The same for all additions of the libc floor, which will make files need them. The copies get their libc floor here;
// the files of the tree still have theirs.
Result<BundledLibraries> bundle_libraries(const InstalledTree& tree, const BundleTask& task,
                                          const std::filesystem::path& directory);

// Those of `bundled` that belong to the compiler's runtime, sorted by soname.
Result<std::vector<RuntimeLibrary>> describe_runtime(const BundledLibraries& bundled, const std::string& triple);

// What the files of an image need from the host.
struct HostNeeds {
  std::vector<std::string> libraries;  // sonames that neither the tree nor `bundled` provides; sorted
  std::string libc_floor;              // "GLIBC_2.34": the highest version that any file needs
  std::string libc_floor_cause;        // which file needs it, and for what; for people
};
// Whether the libc floor is above what the clusters of these years have, GLIBC_2.28.
bool is_high(std::string_view libc_floor);
Result<HostNeeds> host_needs(const InstalledTree& tree, const BundledLibraries& bundled);

}  // namespace xaas
