// The commands of `xaas-info`, one function each. They print to standard output; a returned error is for the caller to
// print.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "format/error.h"

namespace xaas {

struct InfoOptions {
  std::filesystem::path image;
  std::uint64_t offset = 0;         // where the image begins in the file
  bool json = false;                // summary as JSON
  bool all = false;                 // list: with what is under /.xaas
  std::string path;                 // list: only what is below it
  std::filesystem::path directory;  // extract: to be made
};

Status info_summary(const InfoOptions& options);
Status info_list(const InfoOptions& options);
Status info_extract(const InfoOptions& options);
// Prints each problem on a line; an error when there is one.
Status info_verify(const InfoOptions& options);

}  // namespace xaas
