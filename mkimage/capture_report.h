// What mkxaas --report writes: which units were captured, which files can be lowered, and why the others cannot.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mkimage/bundled_libraries.h"
#include "mkimage/captured_programs.h"

namespace xaas {

struct CaptureCounts {
  std::size_t units = 0;           // objects with bitcode in the recipes
  std::size_t distinct_units = 0;  // as many are stored
  std::size_t programs = 0;        // installed programs and libraries
  std::size_t lowerable = 0;       // those with a recipe
};
CaptureCounts count_captured(const std::vector<InstalledProgram>& programs, const CanonicalUnits& units);

// Whether a report can be written there, told before the build.
Status check_report(const std::filesystem::path& path);

// JSON: the counts, every program with its recipe's digest or the reason why it has none, and the native objects of
// each with the reason why they are; the libraries that were bundled and those that the host must have.
std::string capture_report(const std::vector<InstalledProgram>& programs, const std::vector<UnitRecord>& units,
                           const CanonicalUnits& canonical, const BundledLibraries& bundled, const HostNeeds& needs);

}  // namespace xaas
