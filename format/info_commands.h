// The commands of `xaas-info`, one function each. They print to standard output, which the caller flushes. The caller
// prints the errors that they return.
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
  bool all = false;                 // list: also what is below /.xaas
  std::string path;                 // list: this file, or what is below this directory; any number of '/' at its ends
  std::filesystem::path directory;  // extract: the directory to unpack into
  std::filesystem::path output;     // make-executable: the file to make
};

// Prints the manifest, and in numbers what is in the image.
Status info_summary(const InfoOptions& options);
// Prints a line for `options.path`, or for each entry below it if it is a directory: mode, size, "lowered", path.
Status info_list(const InfoOptions& options);
// Unpacks the image into `options.directory`; see image_extract.h. Prints nothing.
Status info_extract(const InfoOptions& options);
// Makes `options.output`, the image with a runner in front; see make_executable.h. Prints nothing.
Status info_make_executable(const InfoOptions& options);
// Prints a line for each problem. Returns an error if there is a problem.
Status info_verify(const InfoOptions& options);

}  // namespace xaas
