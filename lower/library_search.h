// Finds the shared libraries that a recipe names: in the image first, then on this host. Implements spec/lowering.md,
// section "Choosing a configuration".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "format/image.h"

namespace xaas {

// A library to link against.
struct FoundLibrary {
  std::string soname;
  std::string identity;  // what of it decides the bytes: "sha256:…" of the content, or "build-id:…"
  std::string path;      // in the image (no leading '/') or on the host (absolute)
  bool in_image = false;
  bool is_indexed = false;  // in the image's index
};

// The path in the image that `path` leads to, through any symlinks that stay in the image. An absolute symlink begins
// at the image's prefix, in the tree of the configuration that `path` is in. Nullopt when there is no such file.
std::optional<std::string> follow_in_image(const Image& image, std::string_view path);

// Looks in lib, lib64, lib/<multiarch> and beside `user` (a path in the image, in whose configuration's tree all of
// this is), then in toolchain_libraries() of the image, then on the host. Code::not_found when there is none.
Result<FoundLibrary> find_library(const Image& image, std::string_view soname, std::string_view user,
                                  const std::vector<std::string>& toolchain_libraries, std::string_view triple);

// Its content, checked to be what `library` says. Code::failed for a host's library that has been replaced since.
Result<std::string> read_library(const Image& image, const FoundLibrary& library);

}  // namespace xaas
