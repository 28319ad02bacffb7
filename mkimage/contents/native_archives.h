// Removes the bitcode from installed static libraries and objects. They are for linking outside the image, where
// bitcode of one compiler version would only be in the way.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "mkimage/contents/installed_tree.h"

namespace xaas {

// Removes .llvm.lto sections from the .a and .o files of `tree`. Returns the sorted digests of all objects in them, as
// they were before. A file that llvm-objcopy does not understand stays as it is, with a warning.
Result<std::vector<Digest>> make_archives_native(const InstalledTree& tree, std::vector<std::string>& warnings);

// Copies an object or an archive without these sections. `to` may be `from`. Code::unsupported if llvm-objcopy does not
// understand the file.
Status copy_without_bitcode(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace xaas
