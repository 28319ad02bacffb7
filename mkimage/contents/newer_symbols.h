// Finds which units of a program need functions of glibc that the oldest hosts lack. Implements spec/link-recipe.md,
// "Newer symbols".
#pragma once

#include <filesystem>
#include <vector>

#include "mkimage/contents/captured_programs.h"
#include "mkimage/contents/program_symbols.h"

namespace xaas {

// Sets Recipe::newer_symbols of the programs that have a recipe. Reads the objects of a link only if its program needs
// such a symbol. What cannot be read is left out. `root`: where the programs are installed. REQUIRES: their needs are
// final; see LibcFloor::lower().
void add_newer_symbols(const std::filesystem::path& root, const InputNames& names, SymbolReader& symbols,
                       std::vector<InstalledProgram>& programs);

}  // namespace xaas
