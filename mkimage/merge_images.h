// Makes one image of several: `mkxaas --merge`. Implements spec/image-format.md, section "Merged images".
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "format/base/error.h"
#include "format/base/progress.h"

namespace xaas {

struct MergeOptions {
  std::vector<std::filesystem::path> images;  // at least two; the tree of the first is at the root
  std::filesystem::path output;
  unsigned jobs = 1;                 // compressor threads
  std::optional<int> compression{};  // as WriterOptions::zstd_level; nullopt: what is usual for merged images
  bool executable = false;           // the image runs itself where this program runs; see make_executable.h
};

// Makes options.output, or leaves what was there. The same images give the same bytes. Says what was made.
// Code::invalid and Code::unsupported as plan_merge() and ImageMerger::add_all() say, and for an input that is no
// image.
Status merge_images(const MergeOptions& options, Progress& progress);

}  // namespace xaas
