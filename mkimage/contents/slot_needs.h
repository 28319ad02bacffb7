// What the files of an image need of the libraries in its slots. A host's own library has to have that to be used in
// their place. Implements spec/image-format.md, section "Slots".
#pragma once

#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/manifest.h"
#include "mkimage/contents/bundled_libraries.h"
#include "mkimage/contents/installed_tree.h"

namespace xaas {

// The slots out of `slots` of which files need something, sorted by name. The files are those of `tree`, and those of
// `bundled` outside the slot's directory. A weak reference is no need.
Result<std::vector<Slot>> slot_needs(const InstalledTree& tree, const BundledLibraries& bundled,
                                     const std::vector<std::string>& slots, const std::string& triple);

}  // namespace xaas
