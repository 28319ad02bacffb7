// Counts how many units of all configurations are the same, stage by stage, and says why the others differ. See
// spec/recipe.md, "What configurations share".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "format/base/json_fields.h"
#include "mkimage/contents/image_contents.h"

namespace xaas {

// Counts of the units that have bitcode and are part of something installed. A unit counts once in every configuration.
struct MergeStages {
  std::size_t units = 0;
  std::size_t compiled = 0;        // units that were compiled; the others were found in the capture cache
  std::size_t commands = 0;        // distinct commands, without names of directories
  std::size_t published_rule = 0;  // distinct in object, preprocessed text, and options without those for the CPU
  std::size_t texts = 0;           // distinct in preprocessed text and all options
  std::size_t modules = 0;         // distinct in canonical IR, which is what the image stores
  std::uint64_t module_bytes = 0;
  std::uint64_t default_bytes = 0;                 // bytes of the modules of the default configuration alone
  std::map<std::string, std::size_t> differences;  // why objects have several modules -> how many objects
};

// `ir` is the directory with the modules.
MergeStages measure_stages(const ImageContents& contents, const std::filesystem::path& ir);

std::string stage_table(const MergeStages& stages);
OrderedJson to_ordered_json(const MergeStages& stages);

}  // namespace xaas
