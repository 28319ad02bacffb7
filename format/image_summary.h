// What an image holds, in numbers: what `xaas-info IMAGE` prints.
#pragma once

#include <cstdint>
#include <string>

#include "format/base/error.h"
#include "format/image.h"

namespace xaas {

struct ImageSummary {
  std::uint64_t files = 0;          // regular files of the program: all but what is under /.xaas
  std::uint64_t lowered_files = 0;  // of those, how many are to be lowered
  std::uint64_t ir_modules = 0;
  std::uint64_t ir_bytes = 0;
  std::uint64_t objects = 0;
  std::uint64_t object_bytes = 0;
  std::uint64_t recipes = 0;
  std::uint64_t sources = 0;
  std::uint64_t image_bytes = 0;     // of the SquashFS
  std::vector<std::string> bundled;  // names of the libraries of other projects that the image brings
};

// Reads the whole index and the directories of IR, objects and recipes, no content. An error when one of them is
// damaged.
Result<ImageSummary> summarise(const Image& image);

// Both end with a newline. The JSON has the manifest under "manifest" and the numbers beside it.
std::string to_text(const Manifest& manifest, const ImageSummary& summary);
std::string to_json(const Manifest& manifest, const ImageSummary& summary);

}  // namespace xaas
