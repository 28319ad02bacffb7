// The report of mkxaas --report: which units were captured, which files can be lowered, and why the others cannot.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "format/gpu_code.h"
#include "mkimage/contents/image_contents.h"
#include "mkimage/contents/merge_stages.h"

namespace xaas {

struct CaptureCounts {
  std::size_t units = 0;           // distinct objects with bitcode
  std::size_t distinct_units = 0;  // distinct canonical IR, which is what the image stores
  std::size_t programs = 0;        // installed programs and libraries of all configurations
  std::size_t lowerable = 0;       // programs and libraries with a recipe
};
CaptureCounts count_captured(const ImageContents& contents);

// The code for GPUs of all programs, in all configurations.
GpuCode count_gpu_code(const ImageContents& contents);

// The names of the Fortran compilers that compiled objects of the links, in all configurations.
std::set<std::string> fortran_compilers(const ImageContents& contents);

// Checks, before the build, that a report can be written to `path`.
Status check_report(const std::filesystem::path& path);

// The report as JSON. It holds the counts; every configuration with what it requires; every program with its recipe's
// digest or the reason why it has none, and its native objects with the reasons why they are native; the bundled
// libraries and those that the host must have; and what the configurations share.
std::string capture_report(const ImageContents& contents, const Manifest& manifest, const MergeStages& stages);

}  // namespace xaas
