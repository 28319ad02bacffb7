// The link of a job: the units of its recipe, lld's command line, lld in process, and lld's diagnostics in terms of the
// recipe's names. Implements spec/lowering.md, "Engine".
#pragma once

#include <string>
#include <vector>

#include "format/error.h"
#include "lower/job.h"
#include "lower/retarget.h"

namespace xaas {

// One IR input at one place of the recipe. The same digest at two places is two units.
struct LinkUnit {
  const IrInput* input;
  std::string name;  // for people and symbol tables, unique: "debug.o", "libcommon.a(debug.o)", "debug.o#7"
  std::string file;  // what the engine gives to lld, relative to the working directory
};

inline constexpr const char* kUnitDirectory = "units";  // in the working directory, made by the engine

// In the order of the recipe, which then numbers the files. The recipe must outlive the result.
std::vector<LinkUnit> link_units(const Recipe& recipe);

// The last of -Bsymbolic, -Bsymbolic-functions, -Bno-symbolic in the recipe.
Symbolic symbolic_of(const Recipe& recipe);

// Whether native objects of the project itself stand in the recipe, not only start files and libraries of the system,
// which are called by absolute paths.
bool has_own_objects(const Recipe& recipe);

// lld's arguments, its own name first. `units` is link_units(job.recipe). Code::invalid when the job names no file for
// an input.
Result<std::vector<std::string>> link_command(const Job& job, const std::vector<LinkUnit>& units);

struct LinkReport {
  Status status;  // Code::failed with lld's first error
  std::vector<std::string> warnings;
};

// Runs lld. Once per process.
LinkReport run_linker(const std::vector<std::string>& command, const Job& job, const std::vector<LinkUnit>& units);

}  // namespace xaas
