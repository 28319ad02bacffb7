// What mkxaas --report writes: which units were captured, which files can be lowered, and why the others cannot.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "mkimage/contents/image_contents.h"
#include "mkimage/contents/merge_stages.h"

namespace xaas {

struct CaptureCounts {
  std::size_t units = 0;           // distinct objects with bitcode
  std::size_t distinct_units = 0;  // as many are stored
  std::size_t programs = 0;        // installed programs and libraries, of all configurations
  std::size_t lowerable = 0;       // those with a recipe
};
CaptureCounts count_captured(const ImageContents& contents);

// The names of the Fortran compilers that made what is linked, of all configurations.
std::set<std::string> fortran_compilers(const ImageContents& contents);

// Whether a report can be written there, told before the build.
Status check_report(const std::filesystem::path& path);

// JSON: the counts; every configuration with what it requires; every program with its recipe's digest or the reason why
// it has none, and the native objects of each with the reason why they are; the libraries that were bundled and those
// that the host must have; what the configurations share.
std::string capture_report(const ImageContents& contents, const Manifest& manifest, const MergeStages& stages);

}  // namespace xaas
