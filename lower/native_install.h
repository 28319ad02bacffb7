// Installs the native tree of an image as plain files, which need none of our tools. Implements spec/install.md.
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>

#include "format/base/progress.h"
#include "lower/native_tree.h"

namespace xaas {

// Makes `directory` the native tree of the image; `options.prefix` is ignored, because the prefix is that directory. If
// it is an installation already, files that did not change stay the same files. Whenever this ends, even by a kill or a
// full disk, the directory is as it was or complete and new. Code::invalid for a directory that is neither empty nor an
// installation, and Code::interrupted after a stop.
Status install_native(const std::shared_ptr<const Image>& image, const NativeOptions& options,
                      const std::filesystem::path& directory, const std::stop_token& stop, Progress& progress);

}  // namespace xaas
