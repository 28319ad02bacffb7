// The code for GPUs of a CUDA unit that clang compiles. Implements spec/cuda.md, "Families" and "Canonical form".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/fatbin.h"
#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// Has a command of clang fail if the source has attributes that clang does not know. clang compiles code for GPUs
// without them, which may then do something else than its author says, so that code is not made for further GPUs. The
// command shows no warnings.
void refuse_unknown_attributes(std::vector<std::string>& arguments);

// The architectures of which a fat binary lacks PTX: those of its other code, and the families that are not below the
// lowest of them. Ascending.
std::vector<unsigned> architectures_without_ptx(const std::vector<FatbinEntry>& entries,
                                                const std::vector<unsigned>& families);

// The options with which clang calls ptxas, without those for files and architectures, in what `clang -###` prints.
// Empty if it calls none.
std::string options_for_ptxas(std::string_view commands);

// The fat binary that clang has put into the object of the command, which compiles one source. It gets PTX of those
// architectures, for which clang compiles the source again. Its PTX has the options for ptxas. Empty if there is no fat
// binary. Where the source does not compile for one of them, the fat binary lacks that one, and the store has a note.
std::string fatbin_with_families(const CaptureEnvironment& environment, const Compilation& compilation);

}  // namespace xaas
