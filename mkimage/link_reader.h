// Turns what lld's --reproduce wrote into a link record: every input with its digest, every -l resolved as lld did.
// Implements spec/link-recipe.md, "Arguments", as far as the build side goes.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "format/error.h"
#include "mkimage/capture_environment.h"
#include "mkimage/tar_file.h"

namespace xaas {

struct LinkFiles {
  // By path without the leading '/', as response.txt names them.
  TarFiles files;
  std::string_view response;
  // Objects that this very command compiled into temporary files: path in the tar, and the source it was made of.
  std::map<std::string, std::string, std::less<>> temporaries;
};

// Splits the tar: its entries lie under `base`/.
Result<LinkFiles> link_files(const TarFiles& tar, std::string_view base);

// Reads the link and stores what a recipe may need: native objects, archives, scripts. A link that a recipe cannot say
// has its reason in the record; an error is an error of the disk.
Result<LinkRecord> read_link(const LinkFiles& files, const CaptureEnvironment& environment);

}  // namespace xaas
