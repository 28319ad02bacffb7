// The commands of makefiles, as far as they call make for directories below; see spec/discovery.md, "Other build
// systems".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// The most directories that one command, and one project, has.
inline constexpr std::size_t kMaxMakeDirectories = 200;

struct MakeDirectories {
  std::vector<std::string> names;  // each once
  bool is_whole = true;            // whether no limit left out any
};

// The directories in which a command calls make, as it names them, with references to variables of make: "lib" in
// `$(MAKE) -C lib`, "${DIRS}" in `for i in ${DIRS}; do (cd $$i; make); done`, and "a/b" in `cd a && cd b && make`.
// None if it calls no make, or calls it only where it is.
MakeDirectories directories_of_make(std::string_view command);

}  // namespace xaas
