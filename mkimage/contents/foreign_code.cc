// Compares the mangled names that files define and need; see foreign_code.h.
#include "mkimage/contents/foreign_code.h"

#include <llvm/Object/ELFObjectFile.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "format/base/mapped_file.h"
#include "mkimage/capture/ar_archive.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMangled = "_Z";

struct Symbols {
  std::set<std::string> defined;
  std::set<std::string> needed;
};

bool share_one(const std::set<std::string>& one, const std::set<std::string>& other) {
  const auto& [fewer, more] = one.size() < other.size() ? std::tie(one, other) : std::tie(other, one);
  return std::ranges::any_of(fewer, [&](const std::string& name) { return more.contains(name); });
}

void remove(const std::set<std::string>& names, std::set<std::string>& from) {
  std::erase_if(from, [&](const std::string& name) { return names.contains(name); });
}

// Whether the file belongs to the implementation of C++. Its interface is the same for every CPU.
bool is_cxx_runtime(const fs::path& file) {
  constexpr auto kRuntime = std::to_array<std::string_view>(
      {"libstdc++.", "libsupc++.", "libc++.", "libc++abi.", "libgcc.", "libgcc_s.", "libgcc_eh.", "libunwind."});
  const std::string name = file.filename().string();
  return std::ranges::any_of(kRuntime, [&](std::string_view start) { return name.starts_with(start); });
}

// The mangled names among the words of an aspect, which end at a version or a type: "_ZN1a1fEv@V1 function".
std::set<std::string> mangled_words(const LinkShape& shape, std::string_view aspect) {
  std::set<std::string> names;
  const auto words = shape.find(aspect);
  if (words == shape.end()) return names;
  for (const std::string& word : words->second) {
    if (word.starts_with(kMangled)) names.insert(word.substr(0, word.find_first_of("@ ")));
  }
  return names;
}

// Of a program or a shared library.
Result<Symbols> linked_symbols(const fs::path& file) {
  XAAS_ASSIGN(const MappedFile mapped, MappedFile::open(file));
  XAAS_ASSIGN(const LinkShape shape, link_shape(mapped.bytes()));
  return Symbols{mangled_words(shape, aspect::kExported), mangled_words(shape, aspect::kImported)};
}

void add_object_symbols(std::string_view bytes, Symbols& symbols) {
  auto file = llvm::object::ObjectFile::createELFObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(bytes.data(), bytes.size()), "object"));
  if (!file) return llvm::consumeError(file.takeError());  // a linker script, for example
  for (const llvm::object::SymbolRef& symbol : (*file)->symbols()) {
    auto name = symbol.getName();
    auto flags = symbol.getFlags();
    if (name && flags && (*flags & llvm::object::SymbolRef::SF_Global) != 0 && name->starts_with("_Z")) {
      const bool is_needed = (*flags & llvm::object::SymbolRef::SF_Undefined) != 0;
      (is_needed ? symbols.needed : symbols.defined).insert(name->str());
    }
    if (!name) llvm::consumeError(name.takeError());
    if (!flags) llvm::consumeError(flags.takeError());
  }
}

// Of a relocatable object, or of all objects of an archive.
Symbols object_symbols(const CaptureStore& store, const Digest& digest) {
  Symbols symbols;
  const auto mapped = MappedFile::open(store.object_path(digest));
  if (!mapped) return symbols;
  if (!is_archive(mapped->bytes())) {
    add_object_symbols(mapped->bytes(), symbols);
    return symbols;
  }
  const auto archive = parse_archive(mapped->bytes());
  if (!archive) return symbols;
  for (const ArMember& member : archive->members) add_object_symbols(member.data, symbols);
  return symbols;
}

class Finder {
 public:
  Finder(const ConfigurationContents& configuration, const CanonicalUnits& units, const CaptureStore& store)
      : configuration_(configuration), units_(units), store_(store) {
    for (const InstalledProgram& program : configuration.programs) {
      programs_.emplace(fs::path(program.path).filename().string(), &program);
    }
  }

  Result<CxxInterfaces> run() {
    for (const InstalledProgram& program : configuration_.programs) {
      if (!program.recipe) continue;
      XAAS_TRY(look_at_libraries(program));
      look_at_objects(program);
    }
    return std::move(found_);
  }

 private:
  Status look_at_libraries(const InstalledProgram& program) {
    XAAS_ASSIGN(Symbols own, linked_symbols(configuration_.tree.root / program.path));
    std::vector<const RecordedLibrary*> others;
    for (const RecordedArgument& argument : program.link->arguments) {
      const auto* library = std::get_if<RecordedLibrary>(&argument);
      if (library == nullptr) continue;
      if (!is_cxx_runtime(library->soname)) {
        others.push_back(library);
      } else if (const auto runtime = linked_symbols(library->path)) {
        remove(runtime->defined, own.needed);
      }
    }
    for (const RecordedLibrary* library : others) {
      if (own.needed.empty()) break;
      const auto installed = programs_.find(library->soname);
      const bool is_ours = installed != programs_.end();
      const fs::path file = is_ours ? configuration_.tree.root / installed->second->path : fs::path(library->path);
      const auto symbols = linked_symbols(file);
      if (!symbols || !share_one(own.needed, symbols->defined)) continue;
      if (is_ours && installed->second->recipe) {
        found_.between_programs = true;
      } else {
        add(library->soname, program);
      }
    }
    return {};
  }

  void look_at_objects(const InstalledProgram& program) {
    std::vector<const RecordedFile*> captured;
    std::vector<std::pair<const RecordedFile*, std::string>> others;
    const auto sort_in = [&](const RecordedFile& file, const std::string& name) {
      if (units_.contains(file.digest)) {
        captured.push_back(&file);
      } else if (!is_cxx_runtime(name)) {
        others.emplace_back(&file, name);
      }
    };
    for (const RecordedArgument& argument : program.link->arguments) {
      if (const auto* object = std::get_if<RecordedObject>(&argument)) sort_in(object->file, object->file.name);
      const auto* archive = std::get_if<RecordedArchive>(&argument);
      if (archive == nullptr) continue;
      if (archive->whole) {
        sort_in(archive->file, archive->file.name);
      } else {
        for (const RecordedFile& member : archive->members) sort_in(member, archive->file.name);
      }
    }
    Symbols own;
    for (const auto& [file, name] : others) {
      const Symbols symbols = object_symbols(store_, file->digest);
      if (symbols.defined.empty() && symbols.needed.empty()) continue;
      if (own.defined.empty() && own.needed.empty()) own = symbols_of(captured);
      if (share_one(own.needed, symbols.defined) || share_one(own.defined, symbols.needed)) add(name, program);
    }
  }

  Symbols symbols_of(const std::vector<const RecordedFile*>& files) const {
    Symbols all;
    for (const RecordedFile* file : files) {
      Symbols symbols = object_symbols(store_, file->digest);
      all.defined.merge(symbols.defined);
      all.needed.merge(symbols.needed);
    }
    return all;
  }

  void add(const std::string& name, const InstalledProgram& program) {
    if (found_.foreign.empty()) found_.foreign = fmt::format("{} (used by {})", name, program.path);
  }

  const ConfigurationContents& configuration_;
  const CanonicalUnits& units_;
  const CaptureStore& store_;
  std::map<std::string, const InstalledProgram*> programs_;  // by file name
  CxxInterfaces found_;
};

}  // namespace

Result<CxxInterfaces> cxx_interfaces(const ConfigurationContents& configuration, const CanonicalUnits& units,
                                     const CaptureStore& store) {
  return Finder(configuration, units, store).run();
}

}  // namespace xaas
