// The name and version that the files of a project's build system give it.
#pragma once

#include <filesystem>
#include <string>

namespace xaas {

struct ProjectName {
  std::string name;     // empty if no file tells it
  std::string version;  // empty if no file tells it
};

// Reads the files in the top directory of a source, in this order: project() of CMake, project() of Meson, AC_INIT of
// Autoconf, and what a configure script of Autoconf says. The first file that tells the name gives the name, and
// likewise the version. Nothing is executed: a value that the build system would have to compute is ignored.
ProjectName read_project_name(const std::filesystem::path& source);

}  // namespace xaas
