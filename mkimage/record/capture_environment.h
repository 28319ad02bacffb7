// What mkxaas tells the compilers of a build. It uses environment variables of its own, because a build system may
// change SRC or PREFIX, but not these.
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
  std::filesystem::path capture;        // root of the CaptureStore
  std::string configuration;            // name of the configuration that is built
  bool shares_units = false;            // whether it shares units with other configurations
  std::filesystem::path source;         // absolute, without symlinks
  std::filesystem::path build;          // absolute, without symlinks; outside `source`
  std::filesystem::path cache;          // root of the CaptureCache; empty: no cache
  std::filesystem::path prefix;         // where the programs will be
  std::filesystem::path prefix_pass;    // the compiler plugin that keeps the prefix in one piece; empty: no plugin
  std::filesystem::path asks_plugin;    // the compiler plugin that notes what units ask of the CPU; empty: no plugin
  std::vector<std::string> levels;      // for which units that ask are compiled as well; empty: none
  std::vector<unsigned> cuda_families;  // architectures of GPUs for which PTX is made; empty: as the project asks
  bool movable = false;                 // whether the prefix is a placeholder
  std::filesystem::path linkers;  // directory in which compilers find xaas-cc by the names of linkers; empty: none
  std::filesystem::path lld;      // the lld that belongs to clang
  std::string c_compiler;         // absolute paths of the real compilers
  std::string cxx_compiler;
  std::string fortran_compiler;  // empty: no Fortran compiler

  CaptureStore store() const { return {capture, configuration}; }
  // A name for a file that does not depend on where the build ran. It is relative to `source`, or below kBuildName for
  // a file in `build`, else it is the absolute path. A relative `path` starts at `directory`.
  std::string display_name(const std::filesystem::path& path, const std::filesystem::path& directory) const;
  // `text` without the names of the source and the build directory.
  std::string without_directories(std::string text) const;
  // The compiler options that make debug information and __FILE__ name the sources in the mounted image.
  std::vector<std::string> prefix_maps() const;
};

// Reads the environment variables. Nullopt if this is not a build by mkxaas.
std::optional<CaptureEnvironment> capture_environment();
Variables to_variables(const CaptureEnvironment& environment);
// The variables for a compiler of the build that is to compile as it would outside, and to record nothing.
Variables without_capture();

// Whether this process has the variables, also those of without_capture().
bool has_capture_variables();
// A build may start compilers without the variables (env -i). So `tools`, the directory of the links by which it finds
// them, has the variables in a file as well while the build runs.
Status write_variables(const CaptureEnvironment& environment, const std::filesystem::path& tools);
// Removes that file if it is there. A directory of tools may stay longer than its build.
void remove_variables(const std::filesystem::path& tools);
// Sets the variables of that file for this process and those that it starts. False if the directory has none. Not for a
// process with threads.
bool restore_variables(const std::filesystem::path& tools);

}  // namespace xaas
