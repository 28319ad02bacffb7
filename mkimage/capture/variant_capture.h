// Compiles a unit that asks for the CPU once more for each level whose answers differ. Implements spec/lowering.md,
// "Variants".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mkimage/capture/captured_unit.h"
#include "mkimage/compiler/compilation.h"
#include "mkimage/compiler/compiler_run.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

struct CompiledVariants {
  UnitVariants variants;
  std::vector<std::string> bitcode;  // of variants.list, in its order
  std::vector<std::string> headers;  // all headers that they read, each once
};

// Compiles `input` of the command to bitcode at the environment's levels, in order, wherever the answers to what it
// asks are new. `asks` are those of the unit as the project compiles it; nullopt if they are not known, and then the
// first variant tells. The compiler's messages are not shown. Gives nothing for a command that names its CPU by
// -march=, and for probes.
CompiledVariants compile_variants(const CaptureEnvironment& environment, const Compilation& compilation,
                                  const CompilerInput& input, std::optional<std::vector<Ask>> asks);

// Stores the bitcode of the variants for mkxaas.
Status store_variants(const CaptureStore& store, const std::vector<std::string>& bitcode);

// Adds the variants, and the headers that only they read, to what is known of the unit.
void add_variants(const CompiledVariants& variants, CompiledUnit& unit);

}  // namespace xaas
