// Turns the files that lld's --reproduce writes into a link record. Every input has its digest, and every -l is
// resolved as lld resolves it. Implements spec/link-recipe.md, "Arguments", as far as the build side goes.
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
  // By path, without the leading '/', as response.txt names them.
  TarFiles files;
  std::string_view response;
  // The objects that this command compiled into temporary files: path in the tar -> the source of the object.
  std::map<std::string, std::string, std::less<>> temporaries;
};

// Splits the tar, whose entries all lie under `base`/.
Result<LinkFiles> link_files(const TarFiles& tar, std::string_view base);

struct LinkReading {
  std::string reason;                         // why the link has no recipe; empty if it has one
  std::vector<RecordedArgument> arguments{};  // as in LinkRecord
  std::vector<std::string> command{};         // arguments with which lld repeats the link, without the output
};

// Reads the link and stores what a recipe may need: native objects, archives, scripts. With `members`, each archive is
// replaced by those of its members that another linker took. An error means that the disk failed.
Result<LinkReading> read_link(const LinkFiles& files, const CaptureEnvironment& environment,
                              std::optional<ExtractedMembers> members = std::nullopt);

}  // namespace xaas
