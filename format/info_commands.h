// The commands of `xaas-info`, one function each. They print to standard output, which the caller flushes; a returned
// error is for the caller to print.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "format/base/error.h"

namespace xaas {

struct InfoOptions {
  std::filesystem::path image;
  std::uint64_t offset = 0;         // where the image begins in the file
  bool json = false;                // summary as JSON
  bool all = false;                 // list: with what is under /.xaas
  std::string path;                 // list: only what is below it; any number of '/' at its ends
  std::filesystem::path directory;  // extract: to be made
};

// The manifest and what is in the image, in numbers.
Status info_summary(const InfoOptions& options);
// A line for `options.path`, or for each entry below it when it is a directory: mode, size, "lowered", path.
Status info_list(const InfoOptions& options);
// Unpacks the image into `options.directory`; see image_extract.h. Prints nothing.
Status info_extract(const InfoOptions& options);
// Prints each problem on a line; an error when there is one.
Status info_verify(const InfoOptions& options);

}  // namespace xaas
