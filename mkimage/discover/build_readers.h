// The readers of build systems. Each reads what the files of one system offer; see spec/discovery.md. None of them runs
// anything, and each gives up parts that it cannot read.
#pragma once

#include "mkimage/discover/build_description.h"
#include "mkimage/discover/knowledge.h"
#include "mkimage/discover/source_tree.h"

namespace xaas {

// Follows CMakeLists.txt and what it includes. If it is not at the top, it is in `directory`, below which and beside
// which its files may be.
BuildDescription read_cmake(SourceTree& tree, const Knowledge& knowledge);
BuildDescription read_cmake_in(SourceTree& tree, const std::string& directory);

// Reads configure.ac (or configure.in) and the macros that it uses, or else the help of a configure script.
BuildDescription read_configure(SourceTree& tree, const Knowledge& knowledge);

// Reads meson.options (or meson_options.txt) and the meson.build files.
BuildDescription read_meson(SourceTree& tree, const Knowledge& knowledge);

// Reads the makefile and what it includes: its variables, and the options that it gives to compilers.
BuildDescription read_make(SourceTree& tree, const Knowledge& knowledge);

// Reads bundle.yml, which describes several CMake projects that ecbundle builds together, and the options of that
// build.
BuildDescription read_bundle(SourceTree& tree, const Knowledge& knowledge);

}  // namespace xaas
