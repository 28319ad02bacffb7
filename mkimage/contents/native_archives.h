// Takes the bitcode out of installed static libraries and objects: they are for linking outside of the image, where
// bitcode of one compiler version would only be in the way.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "mkimage/contents/installed_tree.h"

namespace xaas {

// Removes .llvm.lto sections from the .a and .o files of `tree`. Returns the digests of all objects in them, as they
// were before, sorted. A file that llvm-objcopy does not understand stays as it is, with a warning.
Result<std::vector<Digest>> make_archives_native(const InstalledTree& tree, std::vector<std::string>& warnings);

// Copies an object or an archive without those sections; `to` may be `from`. Code::unsupported when llvm-objcopy does
// not understand it.
Status copy_without_bitcode(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace xaas
