// Name and version that a project's build system files give it.
#pragma once

#include <filesystem>
#include <string>

namespace xaas {

struct ProjectName {
  std::string name;     // empty: nothing tells
  std::string version;  // likewise
};

// From the top directory of a source: project() of CMake, then that of Meson, then AC_INIT of Autoconf, then what a
// configure script says that Autoconf made. The first one that tells counts, for the name and for the version each. The
// files are only read: a value that the build system would have to work out is left aside.
ProjectName read_project_name(const std::filesystem::path& source);

}  // namespace xaas
