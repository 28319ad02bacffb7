// What mkxaas tells the compilers of a build, through environment variables of their own: a build system may change SRC
// or PREFIX, but has no business with these.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "format/base/process.h"
#include "format/image.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

struct CaptureEnvironment {
  std::filesystem::path capture;      // root of the CaptureStore
  std::string configuration;          // that is built
  bool shares_units = false;          // there are others, and this one is to have as much in common with them as it can
  std::filesystem::path source;       // absolute, without symlinks
  std::filesystem::path build;        // likewise; outside of `source`
  std::filesystem::path cache;        // root of the CaptureCache; empty: none
  std::filesystem::path prefix;       // where the programs will be
  std::filesystem::path prefix_pass;  // the compiler plugin that keeps the prefix in one piece; empty: none
  bool movable = false;               // the prefix is a placeholder
  std::filesystem::path linkers;      // directory in which compilers find us by the names of linkers; empty: none
  std::filesystem::path lld;          // the one that belongs to clang
  std::string c_compiler;             // absolute paths of the real compilers
  std::string cxx_compiler;
  std::string fortran_compiler;  // empty: none

  CaptureStore store() const { return {capture, configuration}; }
  // The name of a file that does not tell where the build was: relative to `source`, or below kBuildName for `build`,
  // else the absolute path. A relative `path` starts at `directory`.
  std::string display_name(const std::filesystem::path& path, const std::filesystem::path& directory) const;
  // A text without the names of the source and the build directory.
  std::string without_directories(std::string text) const;
  // Compiler options that make debug information and __FILE__ name the sources in the mounted image.
  std::vector<std::string> prefix_maps() const;
};

// Nullopt when this is no capturing build.
std::optional<CaptureEnvironment> capture_environment();
Variables to_variables(const CaptureEnvironment& environment);

}  // namespace xaas
