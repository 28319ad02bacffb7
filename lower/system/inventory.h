// What a project can be built with on a system: the processor's vector instructions, GPUs, compilers, SDKs, MPI, and
// libraries. `xaas-lower explain --system` prints it. Implements spec/host.md, "What is on a system".
#pragma once

#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/base/json_fields.h"
#include "lower/gpus.h"
#include "lower/surroundings.h"
#include "lower/system/libraries.h"
#include "lower/system/programs.h"
#include "lower/target.h"

namespace xaas {

struct Inventory {
  Target target;                  // of the processor
  std::vector<std::string> simd;  // vector_extensions()
  std::vector<Gpu> gpus;
  std::vector<FoundProgram> programs;
  std::vector<FoundSdk> sdks;
  std::vector<OfferedLibrary> libraries;
  std::vector<std::string> loaded_modules;     // environment modules, by their names: hints, not checked
  std::vector<std::string> available_modules;  // the same
};

// Runs the compilers that it finds; see find_programs(). `target` is the processor's.
Inventory take_inventory(const Surroundings& surroundings, const Target& target);

// The vector instructions that the target has, by the names that projects use: "AVX2", "AVX512". From the oldest on.
std::vector<std::string> vector_extensions(const Target& target);

OrderedJson to_ordered_json(const Inventory& inventory);
// A table for people, with a newline at the end.
std::string to_text(const Inventory& inventory);

}  // namespace xaas
