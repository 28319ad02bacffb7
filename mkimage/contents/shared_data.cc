// See shared_data.h.
#include "mkimage/contents/shared_data.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace xaas {
namespace {

namespace fs = std::filesystem;

// Whether the file belongs to the implementation of C++. Its interface is the same for every CPU.
bool is_cxx_runtime(const fs::path& file) {
  constexpr auto kCxxRuntime = std::to_array<std::string_view>(
      {"libstdc++.", "libsupc++.", "libc++.", "libc++abi.", "libgcc.", "libgcc_s.", "libgcc_eh.", "libunwind."});
  const std::string name = file.filename().string();
  return std::ranges::any_of(kCxxRuntime, [&](std::string_view start) { return name.starts_with(start); });
}

bool has_variants(const InstalledProgram& program, const CanonicalUnits& units) {
  return program.link && std::ranges::any_of(linked_objects({program}), [&](const Digest& object) {
           const auto unit = units.find(object);
           return unit != units.end() && !unit->second.variants.empty();
         });
}

// An object or archive of a link, and the name by which people know it.
struct LinkedFile {
  Digest digest;
  std::string name;
};

std::vector<LinkedFile> files_of(const LinkRecord& link) {
  std::vector<LinkedFile> files;
  for (const RecordedArgument& argument : link.arguments) {
    if (const auto* object = std::get_if<RecordedObject>(&argument)) {
      files.push_back({object->file.digest, object->file.name});
    }
    const auto* archive = std::get_if<RecordedArchive>(&argument);
    if (archive == nullptr) continue;
    if (archive->whole) files.push_back({archive->file.digest, archive->file.name});
    for (const RecordedFile& member : archive->members) {
      if (!archive->whole) files.push_back({member.digest, archive->file.name});
    }
  }
  return files;
}

class Finder {
 public:
  Finder(const ConfigurationContents& configuration, const CanonicalUnits& units, SymbolReader& symbols)
      : configuration_(configuration), units_(units), symbols_(symbols) {}

  SharedData run() {
    for (const InstalledProgram& program : configuration_.programs) {
      if (!program.recipe || !has_variants(program, units_)) continue;
      look_at_libraries(program);
      look_at_objects(program);
    }
    return std::move(found_);
  }

 private:
  fs::path path_of(const InstalledProgram& program) const { return configuration_.tree.root / program.path; }

  void look_at_libraries(const InstalledProgram& program) {
    std::set<std::string> needed = symbols_.linked(path_of(program)).needed;
    std::vector<const RecordedLibrary*> others;
    for (const RecordedArgument& argument : program.link->arguments) {
      const auto* library = std::get_if<RecordedLibrary>(&argument);
      if (library == nullptr) continue;
      if (!is_cxx_runtime(library->soname)) {
        others.push_back(library);
        continue;
      }
      const std::set<std::string>& runtime = symbols_.linked(library->path).defined;
      std::erase_if(needed, [&](const std::string& name) { return runtime.contains(name); });
    }
    for (const RecordedLibrary* library : others) look_at_library(program, needed, *library);
  }

  void look_at_library(const InstalledProgram& program, const std::set<std::string>& needed,
                       const RecordedLibrary& library) {
    const InstalledProgram* installed = find_installed(configuration_.programs, library.soname);
    if (installed == nullptr) {
      const ModuleSymbols& symbols = symbols_.linked(library.path);
      if (is_cxx(symbols) && share_one(needed, symbols.defined)) add(library.soname, program);
      return;
    }
    const InstalledProgram& other = *installed;
    const ModuleSymbols& symbols = symbols_.linked(path_of(other));
    if (!share_one(needed, symbols.defined)) return;
    const bool differs = has_variants(other, units_);
    if (other.recipe) {
      if (shares_native_cxx(*other.link, needed)) add(library.soname, program);
      found_.between_programs = found_.between_programs || differs;
    } else if (differs || is_cxx(symbols)) {
      add(library.soname, program);
    }
  }

  // Whether `needed` has a function of a C++ object that a link takes as the build compiled it.
  bool shares_native_cxx(const LinkRecord& link, const std::set<std::string>& needed) {
    return std::ranges::any_of(files_of(link), [&](const LinkedFile& file) {
      if (units_.contains(file.digest) || is_cxx_runtime(file.name)) return false;
      const ModuleSymbols& symbols = symbols_.object(file.digest);
      return is_cxx(symbols) && share_one(needed, symbols.defined);
    });
  }

  void look_at_objects(const InstalledProgram& program) {
    const std::vector<LinkedFile> files = files_of(*program.link);
    ModuleSymbols own;
    for (const LinkedFile& file : files) {
      if (!units_.contains(file.digest)) continue;
      const ModuleSymbols& symbols = symbols_.object(file.digest);
      own.defined.insert(symbols.defined.begin(), symbols.defined.end());
      own.needed.insert(symbols.needed.begin(), symbols.needed.end());
    }
    for (const LinkedFile& file : files) {
      if (units_.contains(file.digest) || is_cxx_runtime(file.name)) continue;
      const ModuleSymbols& symbols = symbols_.object(file.digest);
      if (!is_cxx(symbols)) continue;
      // Of a weak function that both define, the linker takes one for all.
      if (share_one(own.needed, symbols.defined) || share_one(own.defined, symbols.needed) ||
          share_one(own.defined, symbols.defined)) {
        add(file.name, program);
      }
    }
  }

  void add(const std::string& name, const InstalledProgram& program) {
    if (found_.with_fixed_code.empty()) found_.with_fixed_code = fmt::format("{} (used by {})", name, program.path);
  }

  const ConfigurationContents& configuration_;
  const CanonicalUnits& units_;
  SymbolReader& symbols_;
  SharedData found_;
};

}  // namespace

SharedData find_shared_data(const ConfigurationContents& configuration, const CanonicalUnits& units,
                            SymbolReader& symbols) {
  return Finder(configuration, units, symbols).run();
}

}  // namespace xaas
