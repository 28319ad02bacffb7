// What decides the result of compiling a Fortran source: its text, the files that it includes, the module files that it
// may use. Implements spec/recipe.md, "What configurations share".
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

// The files that `text`, flang's preprocessed text of `source`, was put together from, but for that one.
std::vector<std::string> included_files(std::string_view text, const std::string& source);

// The module files in `directories` (searched in order) that `text` can use, directly and through each other: those all
// of whose names, of modules and submodules, occur in it. Sorted.
std::vector<std::filesystem::path> mentioned_modules(std::string_view text,
                                                     const std::vector<std::filesystem::path>& directories);

// Where the command has its module files written.
std::filesystem::path module_directory(const Compilation& compilation);

// The name of the result in a CaptureCache, with `text` as above. Nullopt when more decides it than can be told.
std::optional<Digest> fortran_key(const CaptureEnvironment& environment, const Compilation& compilation,
                                  std::string_view text);

}  // namespace xaas
