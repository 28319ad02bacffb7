// Names that instruction sets have without being in the knowledge base as a whole; see spec/discovery.md, "Names".
#pragma once

#include <optional>
#include <string>

#include "mkimage/discover/build_description.h"
#include "mkimage/discover/knowledge.h"
#include "mkimage/discover/option_name.h"

namespace xaas {

// Whether the name begins with a processor that is not x86-64: ARM_BF16.
bool is_of_other_processor(const OptionName& name, const Knowledge& knowledge);

// An instruction set in several parts: a processor and a set (RV_ZFH), a set and what it adds (SVE_BF16, ARM86SVEBF16),
// or sets of two processors (VSX_SSE2, code for the one that is translated for the other). Or a word that is about
// instructions only where the help says so: MSA, "with the msa extension".
std::optional<OptionSubject> instruction_set_of(const BuildPoint& point, const OptionName& name,
                                                const Knowledge& knowledge);

}  // namespace xaas
