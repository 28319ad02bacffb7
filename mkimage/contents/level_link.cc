// See level_link.h.
#include "mkimage/contents/level_link.h"

#include <algorithm>
#include <iterator>

namespace xaas {

LevelLink::LevelLink(const InstalledProgram& program, const std::vector<InstalledProgram>& programs,
                     const std::filesystem::path& root, const CanonicalUnits& units, SymbolReader& symbols)
    : link_(*program.link), programs_(programs), root_(root), units_(units), symbols_(symbols) {
  undefined_as_built_ = undefined({});
}

std::string LevelLink::missing_symbol(const std::string& level) {
  for (const std::string& name : undefined(level)) {
    if (!undefined_as_built_.contains(name)) return name;
  }
  return {};
}

// The symbols that nothing defines. `level` is empty for the units as the project compiles them.
std::set<std::string> LevelLink::undefined(const std::string& level) {
  defined_.clear();
  needed_.clear();
  std::vector<const ModuleSymbols*> members;
  for (const RecordedArgument& argument : link_.arguments) {
    if (const auto* object = std::get_if<RecordedObject>(&argument)) add(at_level(object->file.digest, level));
    if (const auto* library = std::get_if<RecordedLibrary>(&argument)) define(symbols_.linked(file_of(*library)));
    const auto* archive = std::get_if<RecordedArchive>(&argument);
    if (archive == nullptr) continue;
    if (archive->whole) define(symbols_.object(archive->file.digest));
    for (const RecordedFile& member : archive->members) members.push_back(&at_level(member.digest, level));
  }
  take(std::move(members));
  std::set<std::string> result;
  std::ranges::set_difference(needed_, defined_, std::inserter(result, result.end()));
  return result;
}

const ModuleSymbols& LevelLink::at_level(const Digest& object, const std::string& level) {
  const auto unit = units_.find(object);
  const IrVariant* variant = unit == units_.end() ? nullptr : variant_at(unit->second, level);
  return variant == nullptr ? symbols_.object(object) : unit->second.variant_symbols.at(variant->digest);
}

std::filesystem::path LevelLink::file_of(const RecordedLibrary& library) const {
  const InstalledProgram* own = find_installed(programs_, library.soname);
  return own == nullptr ? std::filesystem::path(library.path) : root_ / own->path;
}

void LevelLink::define(const ModuleSymbols& symbols) {
  defined_.insert(symbols.defined.begin(), symbols.defined.end());
}

void LevelLink::add(const ModuleSymbols& symbols) {
  define(symbols);
  needed_.insert(symbols.needed.begin(), symbols.needed.end());
}

// Adds the members that define something which is needed, until no more are.
void LevelLink::take(std::vector<const ModuleSymbols*> members) {
  const auto is_taken = [&](const ModuleSymbols* member) {
    const bool is_wanted = std::ranges::any_of(
        member->defined, [&](const std::string& name) { return needed_.contains(name) && !defined_.contains(name); });
    if (is_wanted) add(*member);
    return is_wanted;
  };
  while (std::erase_if(members, is_taken) > 0) {
  }
}

}  // namespace xaas
