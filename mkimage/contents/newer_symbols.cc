// Compares what programs ask of libc with what their objects ask for; see newer_symbols.h.
#include "mkimage/contents/newer_symbols.h"

#include <set>
#include <string>
#include <variant>

#include "format/base/elf_file.h"
#include "format/base/mapped_file.h"
#include "format/base/text.h"
#include "mkimage/contents/libc_floor.h"

namespace xaas {
namespace {

// The names of the symbols for which a file needs a version that the oldest hosts lack.
Result<std::set<std::string>> newer_needs(const std::filesystem::path& file) {
  XAAS_ASSIGN(const MappedFile mapped, MappedFile::open(file));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(mapped.bytes()));
  XAAS_ASSIGN(const auto symbols, elf.dynamic_symbols());
  std::set<std::string> names;
  for (const ElfSymbol& symbol : symbols) {
    if (!symbol.is_defined && !symbol.is_weak && LibcFloor::is_newer(symbol.version)) names.emplace(symbol.name);
  }
  return names;
}

// The inputs of a link that have symbols, in its order.
std::vector<RecordedFile> inputs_of(const LinkRecord& link) {
  std::vector<RecordedFile> inputs;
  for (const RecordedArgument& argument : link.arguments) {
    if (const auto* object = std::get_if<RecordedObject>(&argument)) inputs.push_back(object->file);
    const auto* archive = std::get_if<RecordedArchive>(&argument);
    if (archive == nullptr) continue;
    if (archive->whole) {
      inputs.push_back(archive->file);
    } else {
      inputs.insert(inputs.end(), archive->members.begin(), archive->members.end());
    }
  }
  return inputs;
}

}  // namespace

void add_newer_symbols(const std::filesystem::path& root, const InputNames& names, SymbolReader& symbols,
                       std::vector<InstalledProgram>& programs) {
  for (InstalledProgram& program : programs) {
    if (!program.recipe) continue;
    const auto needs = newer_needs(root / program.path);
    if (!needs || needs->empty()) continue;
    const std::vector<RecordedFile> inputs = inputs_of(*program.link);
    for (const std::string& need : *needs) {
      NewerSymbol symbol{need, {}};
      for (const RecordedFile& input : inputs) {
        const std::string& name = input_name(input, names);
        if (symbols.object(input.digest).needed.contains(need) && !is_in(symbol.units, name))
          symbol.units.push_back(name);
      }
      if (!symbol.units.empty()) program.recipe->newer_symbols.push_back(std::move(symbol));
    }
  }
}

}  // namespace xaas
