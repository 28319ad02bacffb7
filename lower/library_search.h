// Finds the shared libraries that a recipe names, first in the image and then on this host. Implements
// spec/lowering.md, section "Choosing a configuration".
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "format/image.h"
#include "lower/host_view.h"

namespace xaas {

// A library to link against.
struct FoundLibrary {
  std::string soname;
  std::string identity;  // stands for the content in a key: "sha256:…" or "build-id:…"
  std::string path;      // in the image (no leading '/') or on the host (absolute)
  bool in_image = false;
  bool is_indexed = false;  // whether the image's index has it
};

// The path in the image to which `path` leads, through all symlinks. An absolute symlink begins at the image's prefix,
// in the tree of the configuration that holds `path`. Nullopt if `path` leads out of the image or to anything but a
// regular file.
std::optional<std::string> follow_in_image(const Image& image, std::string_view path);

// The path in the image of a library, where the file at `user`, a path in the image, finds it by `rpath`. Directories
// outside of the image are passed over. Nullopt if no other has it.
std::optional<std::string> find_along_rpath(const Image& image, std::string_view soname, std::string_view user,
                                            std::string_view rpath);

// Looks for a library in this order: in lib, lib64 and lib/<multiarch> of the tree of `user`'s configuration, in the
// directory of `user` (a path in the image), in the `toolchain_libraries` of the image, along the rpath of `user` in
// the image, on `host`, and if that is this host, in the absolute directories of that rpath. Code::not_found if none of
// them has it.
Result<FoundLibrary> find_library(const Image& image, std::string_view soname, std::string_view user,
                                  const std::vector<std::string>& toolchain_libraries, std::string_view triple,
                                  const HostView& host = *this_host());

// The content of a library, checked against `library.identity`. Errors of a library of the host are those of
// HostView::library_content(). Code::invalid if a library of the image is damaged.
Result<std::string> read_library(const Image& image, const FoundLibrary& library, const HostView& host = *this_host());

}  // namespace xaas
