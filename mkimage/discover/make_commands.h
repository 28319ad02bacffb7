// The commands of makefiles, as far as they call make for directories below; see spec/discovery.md, "Other build
// systems".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// The directories in which a command calls make, as it names them, with references to variables of make: "lib" in
// `$(MAKE) -C lib`, and "${DIRS}" in `for i in ${DIRS}; do (cd $$i; make); done`. Empty if it calls no make.
std::vector<std::string> directories_of_make(std::string_view command);

}  // namespace xaas
