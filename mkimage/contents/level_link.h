// Finds out whether a program still links when its units are what they are at a level. Code that is not captured, such
// as assembly, may lack there what its callers then need.
#pragma once

#include <string>

#include "mkimage/contents/captured_programs.h"
#include "mkimage/contents/program_symbols.h"

namespace xaas {

// A symbol that is needed at the level, that nothing in the program's link defines there, and that is not missing in
// the program as it was built. Empty if there is none. `root`: where the programs are installed. REQUIRES: program.link
// is set.
std::string missing_symbol(const InstalledProgram& program, const std::vector<InstalledProgram>& programs,
                           const std::filesystem::path& root, const CanonicalUnits& units, const std::string& level,
                           SymbolReader& symbols);

}  // namespace xaas
