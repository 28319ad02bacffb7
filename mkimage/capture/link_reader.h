// Turns what lld's --reproduce wrote into a link record: every input with its digest, every -l resolved as lld did.
// Implements spec/link-recipe.md, "Arguments", as far as the build side goes.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "mkimage/capture/extracted_members.h"
#include "mkimage/capture/tar_file.h"
#include "mkimage/record/capture_environment.h"

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

struct LinkReading {
  std::string reason;                         // why there is no recipe of it; empty: there is
  std::vector<RecordedArgument> arguments{};  // as in LinkRecord
  std::vector<std::string> command{};         // with which lld links the same again, except for the output
};

// Reads the link and stores what a recipe may need: native objects, archives, scripts. An error is an error of the
// disk. With `members`, archives are replaced by those of their members that another linker took.
Result<LinkReading> read_link(const LinkFiles& files, const CaptureEnvironment& environment,
                              std::optional<ExtractedMembers> members = std::nullopt);

}  // namespace xaas
