// Writes the native tree of an image as a SquashFS, which needs none of our tools. Implements spec/install.md,
// "Export".
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>

#include "format/base/progress.h"
#include "lower/native_tree.h"

namespace xaas {

// Writes the tree to the file `output`. `options.prefix` says where it is going to be mounted; empty: own_prefix(). The
// same tree gives the same bytes. Whenever this ends, `output` is as it was or complete and new. Code::invalid for a
// prefix that the image cannot have, and Code::interrupted after a stop.
Status export_native(const std::shared_ptr<const Image>& image, const NativeOptions& options,
                     const std::filesystem::path& output, const std::stop_token& stop, Progress& progress);

}  // namespace xaas
