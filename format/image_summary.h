// What an image holds, in numbers. `xaas-info IMAGE` prints this.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "format/base/error.h"
#include "format/gpu_code.h"
#include "format/image.h"

namespace xaas {

// The ready files for one CPU, in all configurations.
struct ReadySummary {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;      // of the files
  std::uint64_t new_bytes = 0;  // of those that are not also ready files for a CPU whose name comes before
};

struct ImageSummary {
  std::uint64_t files = 0;          // regular files of the program: all except those below /.xaas
  std::uint64_t lowered_files = 0;  // those of them that can be lowered
  std::uint64_t ir_modules = 0;
  std::uint64_t ir_bytes = 0;
  std::uint64_t objects = 0;
  std::uint64_t object_bytes = 0;
  std::uint64_t recipes = 0;
  std::uint64_t sources = 0;
  std::map<std::string, ReadySummary> ready;  // by CPU
  std::uint64_t offset = 0;                   // where the image begins in its file
  std::uint64_t image_bytes = 0;              // of the SquashFS
  GpuCode gpu_code;                           // of the files that can be lowered
  std::vector<std::string> bundled;           // names of the libraries of other projects that the image brings
};

// Reads the whole index, the directories of IR and objects, and the recipes. Returns an error when the index or a
// directory is damaged.
Result<ImageSummary> summarise(const Image& image);

// Both texts end with a newline. The JSON has the manifest under "manifest" and the numbers beside it.
std::string to_text(const Manifest& manifest, const ImageSummary& summary);
std::string to_json(const Manifest& manifest, const ImageSummary& summary);

}  // namespace xaas
