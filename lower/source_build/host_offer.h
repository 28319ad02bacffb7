// What this host offers for a configuration that is to be built on it, and what it lacks. Implements spec/lowering.md,
// section "Building on the host".
#pragma once

#include <string>
#include <vector>

#include "format/source_record.h"
#include "lower/add_on.h"
#include "lower/surroundings.h"
#include "lower/system/programs.h"
#include "lower/target.h"

namespace xaas {

struct HostOffer {
  std::vector<FoundProgram> tools;       // those that are needed
  std::vector<LinkedLibrary> libraries;  // those that the result must be linked with, as they are now
  std::vector<std::string> problems;     // what is missing, one line each; empty: it can be built
};

// Looks for everything that `build` needs. Runs compilers and MPI's wrappers of the host, and nothing of the image.
// Where a wrapper of MPI is needed, it is asked for the header and the library that it uses, which must be of one
// family.
HostOffer find_offer(const Surroundings& surroundings, const Target& target, const HostBuild& build);

}  // namespace xaas
