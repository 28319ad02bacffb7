// Finds what decides the result of compiling a Fortran source: its text, the files that it includes, and the module
// files that it may use. Implements spec/recipe.md, "What configurations share".
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// The files other than `source` that went into `text`, which is flang's preprocessed text of `source`.
std::vector<std::string> included_files(std::string_view text, const std::string& source);

// The module files in `directories` (searched in order) that `text` can use, directly or through each other. `text` can
// use a module file if the names of its module and submodule all occur in it. Sorted.
std::vector<std::filesystem::path> mentioned_modules(std::string_view text,
                                                     const std::vector<std::filesystem::path>& directories);

// The directory into which the command makes flang write module files.
std::filesystem::path module_directory(const Compilation& compilation);

// The key of the result in a CaptureCache, with `text` as above. Nullopt if something else may decide the result.
std::optional<Digest> fortran_key(const CaptureEnvironment& environment, const Compilation& compilation,
                                  std::string_view text);

}  // namespace xaas
