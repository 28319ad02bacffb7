// Finds out whether a program still links when its units are what they are at a level. Code that is not captured, such
// as assembly, may lack there what its callers then need.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "mkimage/contents/captured_programs.h"
#include "mkimage/contents/program_symbols.h"

namespace xaas {

// The link of one program. Borrows everything.
class LevelLink {
 public:
  // `root`: where the programs are installed. REQUIRES: program.link is set.
  LevelLink(const InstalledProgram& program, const std::vector<InstalledProgram>& programs,
            const std::filesystem::path& root, const CanonicalUnits& units, SymbolReader& symbols);

  // A symbol that is needed at the level, that nothing in the link defines there, and that is not missing in the
  // program as it was built. Empty if there is none.
  std::string missing_symbol(const std::string& level);

 private:
  std::set<std::string> undefined(const std::string& level);
  const ModuleSymbols& at_level(const Digest& object, const std::string& level);
  std::filesystem::path file_of(const RecordedLibrary& library) const;
  void define(const ModuleSymbols& symbols);
  void add(const ModuleSymbols& symbols);
  void take(std::vector<const ModuleSymbols*> members);

  const LinkRecord& link_;
  const std::vector<InstalledProgram>& programs_;
  const std::filesystem::path& root_;
  const CanonicalUnits& units_;
  SymbolReader& symbols_;
  std::set<std::string> defined_;
  std::set<std::string> needed_;
  std::set<std::string> undefined_as_built_;
};

}  // namespace xaas
