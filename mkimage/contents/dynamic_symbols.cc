// Reads symbols and versions with LLVM's ELF reader; see dynamic_symbols.h.
#include "mkimage/contents/dynamic_symbols.h"

#include <llvm/Object/ELF.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "format/base/text.h"

namespace xaas {
namespace {

using ElfType = llvm::object::ELF64LE;
using Elf = llvm::object::ELFFile<ElfType>;
using Verneed = llvm::object::Elf_Verneed_Impl<ElfType>;
using Vernaux = llvm::object::Elf_Vernaux_Impl<ElfType>;

constexpr std::uint16_t kHidden = 0x8000;
constexpr std::uint16_t kNoVersion = 1;  // VER_NDX_GLOBAL

std::string bytes_of(const auto& entry) { return {reinterpret_cast<const char*>(&entry), sizeof entry}; }

template <typename Entry>
Entry entry_of(const std::string& bytes) {
  Entry entry{};
  std::memcpy(&entry, bytes.data(), sizeof entry);
  return entry;
}

template <typename Number>
void put(std::string& bytes, std::uint64_t at, Number number) {
  llvm::support::endian::write<Number, llvm::endianness::little>(bytes.data() + at, number);
}

}  // namespace

// Reads one file. Every offset is checked against its section.
class DynamicSymbolsReader {
 public:
  DynamicSymbolsReader(const Elf& elf, DynamicSymbols& result) : elf_(elf), result_(result) {}

  llvm::Error read() {
    auto sections = elf_.sections();
    if (!sections) return sections.takeError();
    for (const Elf::Elf_Shdr& section : *sections) {
      if (section.sh_type == llvm::ELF::SHT_DYNSYM) symbols_ = &section;
      if (section.sh_type == llvm::ELF::SHT_GNU_versym) versions_ = &section;
      if (section.sh_type == llvm::ELF::SHT_GNU_verneed) needed_ = &section;
      if (section.sh_type == llvm::ELF::SHT_GNU_verdef) defined_ = &section;
      if (section.sh_type == llvm::ELF::SHT_DYNAMIC) dynamic_ = &section;
    }
    if (symbols_ == nullptr || versions_ == nullptr) return llvm::Error::success();
    if (llvm::Error error = read_needed()) return error;
    if (llvm::Error error = read_symbols()) return error;
    return read_dynamic();
  }

 private:
  std::uint64_t offset_of(const void* in_file) const {
    return static_cast<std::uint64_t>(static_cast<const std::uint8_t*>(in_file) - elf_.base());
  }

  // LLVM has checked the chain before it is walked here.
  llvm::Error read_needed() {
    if (needed_ == nullptr) return llvm::Error::success();
    auto checked = elf_.getVersionDependencies(*needed_);
    if (!checked) return checked.takeError();
    auto content = elf_.getSectionContents(*needed_);
    if (!content) return content.takeError();
    result_.table_at_ = needed_->sh_offset;
    result_.table_size_ = needed_->sh_size;
    result_.info_at_ = offset_of(&needed_->sh_info);
    const std::uint8_t* at = content->data();
    for (const llvm::object::VerNeed& library : *checked) {
      const auto* entry = reinterpret_cast<const Verneed*>(at);
      DynamicSymbols::Library& read =
          result_.libraries_.emplace_back(bytes_of(*entry), std::vector<DynamicSymbols::Needed>());
      const std::uint8_t* version_at = at + entry->vn_aux;
      for (const llvm::object::VernAux& version : library.AuxV) {
        const auto* version_entry = reinterpret_cast<const Vernaux*>(version_at);
        read.versions.push_back(
            {version.Name.c_str(), static_cast<std::uint16_t>(version.Other & ~kHidden), bytes_of(*version_entry)});
        version_at += version_entry->vna_next;
      }
      at += entry->vn_next;
    }
    return llvm::Error::success();
  }

  llvm::Error read_symbols() {
    auto symbols = elf_.symbols(symbols_);
    if (!symbols) return symbols.takeError();
    auto names = elf_.getStringTableForSymtab(*symbols_);
    if (!names) return names.takeError();
    auto indices = elf_.getSectionContentsAsArray<Elf::Elf_Versym>(*versions_);
    if (!indices) return indices.takeError();
    if (indices->size() != symbols->size()) return llvm::createStringError("not one version for each symbol");
    auto map = elf_.loadVersionMap(needed_, defined_);
    if (!map) return map.takeError();
    result_.symbols_at_ = symbols_->sh_offset;
    result_.indices_at_ = versions_->sh_offset;
    for (std::size_t i = 0; i < symbols->size(); ++i) {
      const Elf::Elf_Sym& symbol = (*symbols)[i];
      auto name = symbol.getName(*names);
      if (!name) return name.takeError();
      const std::uint16_t index = (*indices)[i].vs_index & ~kHidden;
      const bool has_version = index > kNoVersion && index < map->size() && (*map)[index];
      // LLVM's names of versions go on behind their ends.
      const char* version = has_version ? (*map)[index]->Name.c_str() : "";
      result_.symbols_.push_back({name->str(), version, symbol.st_shndx != llvm::ELF::SHN_UNDEF,
                                  symbol.getBinding() == llvm::ELF::STB_WEAK, symbol.st_value});
      result_.indices_.push_back(index);
      result_.next_index_ = std::max<std::uint16_t>(result_.next_index_, index + 1);
    }
    return llvm::Error::success();
  }

  llvm::Error read_dynamic() {
    if (needed_ == nullptr || dynamic_ == nullptr) return llvm::Error::success();
    auto entries = elf_.getSectionContentsAsArray<Elf::Elf_Dyn>(*dynamic_);
    if (!entries) return entries.takeError();
    auto names = elf_.getLinkAsStrtab(*dynamic_);
    if (!names) return names.takeError();
    result_.dynamic_at_ = dynamic_->sh_offset;
    result_.dynamic_count_ = entries->size();
    for (std::size_t i = 0; i < entries->size(); ++i) {
      const Elf::Elf_Dyn& entry = (*entries)[i];
      if (entry.getTag() == llvm::ELF::DT_NULL) break;
      if (entry.getTag() == llvm::ELF::DT_VERNEEDNUM) result_.count_at_ = offset_of(&entry.d_un.d_val);
      if (entry.getTag() != llvm::ELF::DT_NEEDED) continue;
      const std::uint64_t name = entry.getVal();
      if (name >= names->size()) return llvm::createStringError("the name of a library is outside its table");
      result_.needed_libraries_.push_back({names->data() + name, name, i});  // the table ends with 0
    }
    return llvm::Error::success();
  }

  const Elf& elf_;
  DynamicSymbols& result_;
  const Elf::Elf_Shdr* symbols_ = nullptr;
  const Elf::Elf_Shdr* versions_ = nullptr;
  const Elf::Elf_Shdr* needed_ = nullptr;
  const Elf::Elf_Shdr* defined_ = nullptr;
  const Elf::Elf_Shdr* dynamic_ = nullptr;
};

Result<DynamicSymbols> DynamicSymbols::read(std::string_view bytes) {
  auto elf = Elf::create(llvm::StringRef(bytes.data(), bytes.size()));
  if (!elf) return fail(Code::invalid, "{}", llvm::toString(elf.takeError()));
  const auto& header = elf->getHeader();
  if (header.e_ident[llvm::ELF::EI_CLASS] != llvm::ELF::ELFCLASS64 || !elf->isLE())
    return fail(Code::invalid, "it is no ELF file of 64 bits");
  DynamicSymbols symbols;
  if (llvm::Error error = DynamicSymbolsReader(*elf, symbols).read()) {
    return fail(Code::invalid, "{}", llvm::toString(std::move(error)));
  }
  return symbols;
}

std::vector<std::string> DynamicSymbols::needed_versions() const {
  std::vector<std::string> names;
  for (const Library& library : libraries_) {
    for (const Needed& version : library.versions) names.push_back(version.name);
  }
  return names;
}

// The first of the needed versions that has `value` in `member`.
template <typename Value, typename Member>
const DynamicSymbols::Needed* DynamicSymbols::find_needed(const Value& value, Member Needed::* member) const {
  for (const Library& library : libraries_) {
    const auto found = std::ranges::find(library.versions, value, member);
    if (found != library.versions.end()) return &*found;
  }
  return nullptr;
}

// The indices of needed versions that no symbol has.
std::set<std::uint16_t> DynamicSymbols::unused_versions() const {
  std::set<std::uint16_t> indices;
  for (const Library& library : libraries_) {
    for (const Needed& version : library.versions) indices.insert(version.index);
  }
  for (const std::uint16_t index : indices_) indices.erase(index);
  return indices;
}

// Adds a version to those of the library that has another one. Returns its index.
std::uint16_t DynamicSymbols::add_needed(const std::string& name, std::string_view in_place_of) {
  const auto text = std::ranges::find(needed_libraries_, name, &NeededLibrary::soname);
  const auto library = std::ranges::find_if(libraries_, [&](const Library& one) {
    return std::ranges::find(one.versions, in_place_of, &Needed::name) != one.versions.end();
  });
  Vernaux entry{};
  entry.vna_hash = llvm::object::hashSysV(name);
  entry.vna_other = next_index_;
  entry.vna_name = static_cast<std::uint32_t>(text->name);
  library->versions.push_back({name, next_index_, bytes_of(entry)});
  return next_index_++;
}

std::optional<std::string> DynamicSymbols::with_versions(std::string_view bytes, const Choose& choose) const {
  DynamicSymbols all = *this;  // with the new versions
  const auto index_for = [&](const std::string& version, const DynamicSymbol& symbol) {
    if (version.empty()) return kNoVersion;
    const Needed* const known = all.find_needed(version, &Needed::name);
    return known != nullptr ? known->index : all.add_needed(version, symbol.version);
  };
  std::string changed(bytes);
  // A version that no symbol has tells something else, as GLIBC_ABI_DT_RELR does, and stays.
  std::set<std::uint16_t> used = unused_versions();
  bool has_change = false;
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    if (find_needed(indices_[i], &Needed::index) == nullptr) continue;
    const auto chosen = choose(symbols_[i]);
    const std::uint16_t index = chosen ? index_for(*chosen, symbols_[i]) : indices_[i];
    used.insert(index);
    if (index == indices_[i]) continue;
    put<std::uint16_t>(changed, indices_at_ + i * sizeof(std::uint16_t), index);
    has_change = true;
  }
  std::uint32_t libraries = 0;
  const std::string table = all.needed_table(used, libraries);
  if (!has_change || libraries == 0 || count_at_ == 0 || table.size() > table_size_) return std::nullopt;
  changed.replace(table_at_, table_size_, table + std::string(table_size_ - table.size(), '\0'));
  put<std::uint32_t>(changed, info_at_, libraries);
  put<std::uint64_t>(changed, count_at_, libraries);
  return changed;
}

std::optional<std::string> DynamicSymbols::with_names(std::string bytes, const NewName& new_name) const {
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    const auto name = symbols_[i].is_hashed() ? std::nullopt : new_name(symbols_[i]);
    if (!name) continue;
    const auto text = std::ranges::find(needed_libraries_, *name, &NeededLibrary::soname);
    if (text == needed_libraries_.end()) return std::nullopt;
    const std::uint64_t at = symbols_at_ + i * sizeof(Elf::Elf_Sym) + offsetof(Elf::Elf_Sym, st_name);
    put<std::uint32_t>(bytes, at, static_cast<std::uint32_t>(text->name));
  }
  return bytes;
}

std::string DynamicSymbols::with_needed_libraries(std::string bytes, std::span<const std::string_view> last,
                                                  const std::set<std::string>& removed) const {
  const auto at = [&](std::size_t place) { return dynamic_at_ + place * sizeof(Elf::Elf_Dyn); };
  std::vector<std::uint64_t> names;
  for (const bool is_last : {false, true}) {
    for (const NeededLibrary& library : needed_libraries_) {
      if (is_in(last, library.soname) == is_last && !removed.contains(library.soname)) names.push_back(library.name);
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    put<std::uint64_t>(bytes, at(needed_libraries_[i].place) + offsetof(Elf::Elf_Dyn, d_un), names[i]);
  }
  for (std::size_t i = needed_libraries_.size(); i-- > names.size();) {
    const std::uint64_t place = at(needed_libraries_[i].place);
    bytes.erase(place, sizeof(Elf::Elf_Dyn));
    bytes.insert(at(dynamic_count_ - 1), sizeof(Elf::Elf_Dyn), '\0');  // DT_NULL
  }
  return bytes;
}

// The table with the versions that are used, and the number of libraries in it.
std::string DynamicSymbols::needed_table(const std::set<std::uint16_t>& used, std::uint32_t& libraries) const {
  std::string table;
  std::uint64_t last = 0;  // where the last library begins
  for (const Library& library : libraries_) {
    std::vector<const Needed*> kept;
    for (const Needed& version : library.versions) {
      if (used.contains(version.index)) kept.push_back(&version);
    }
    if (kept.empty()) continue;
    if (libraries++ > 0)
      put<std::uint32_t>(table, last + offsetof(Verneed, vn_next), static_cast<std::uint32_t>(table.size() - last));
    last = table.size();
    auto entry = entry_of<Verneed>(library.entry);
    entry.vn_cnt = static_cast<std::uint16_t>(kept.size());
    entry.vn_aux = sizeof(Verneed);
    entry.vn_next = 0;
    table += bytes_of(entry);
    for (const Needed* version : kept) {
      auto version_entry = entry_of<Vernaux>(version->entry);
      version_entry.vna_next = version == kept.back() ? 0 : sizeof(Vernaux);
      table += bytes_of(version_entry);
    }
  }
  return table;
}

}  // namespace xaas
