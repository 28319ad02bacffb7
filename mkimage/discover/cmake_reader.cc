// Reads CMake projects; see build_readers.h.
#include "mkimage/discover/build_readers.h"
#include "mkimage/discover/cmake_interpreter.h"

namespace xaas {

BuildDescription read_cmake(SourceTree& tree, const Knowledge&) { return read_cmake_in(tree, ""); }

BuildDescription read_cmake_in(SourceTree& tree, const std::string& directory) {
  BuildDescription build;
  build.build_system = "cmake";
  build.directory = directory;
  CmakeInterpreter(tree, build).run();
  return build;
}

}  // namespace xaas
