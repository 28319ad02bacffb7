// The dynamic symbols of an ELF file of 64 bits with their versions, and a change of the versions that it needs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

struct DynamicSymbol {
  std::string name;
  std::string version;  // "GLIBC_2.34"; empty without one
  bool is_defined = false;
  bool is_weak = false;
  std::uint64_t address = 0;

  // Whether other files find it here by a hash of its name. They do so, too, where a program that is not
  // position-independent takes the address of a library's function: all files take the place in the program, which the
  // symbol has without being defined.
  bool is_hashed() const { return is_defined || address != 0; }
};

class DynamicSymbols {
 public:
  // Code::invalid if `bytes` is no ELF file of 64 bits, or a damaged one. Thread-safe.
  static Result<DynamicSymbols> read(std::string_view bytes);

  const std::vector<DynamicSymbol>& symbols() const { return symbols_; }
  // The versions that the file needs, of any library.
  std::vector<std::string> needed_versions() const;

  // For each symbol whose version is one that the file needs: the version to need instead, "" for none, or nullopt to
  // leave it.
  using Choose = std::function<std::optional<std::string>(const DynamicSymbol&)>;

  // The bytes of the file with the versions of symbols replaced. A chosen version must be one of needed_versions(), or
  // the name of a library that the file needs, because a new version takes its name from there. Versions that no symbol
  // has any longer are left out. Nullopt if nothing changes, if the table has no room for the new versions, or if no
  // needed version would be left, which the loader does not expect. `bytes` is what was read.
  std::optional<std::string> with_versions(std::string_view bytes, const Choose& choose) const;

  // The bytes of the file, where each symbol that `new_name` has a name for is called that. Nullopt if a new name is
  // not that of a library that the file needs, because it is taken from there. Symbols that others find by a hash keep
  // their names. Symbols must be where they were when the file was read.
  using NewName = std::function<std::optional<std::string>(const DynamicSymbol&)>;
  std::optional<std::string> with_names(std::string bytes, const NewName& new_name) const;

  // The bytes of the file with the libraries `last` behind all others that it needs, and without the needs of
  // `removed`. Otherwise the order stays, and so do the names in the table of strings.
  std::string with_needed_libraries(std::string bytes, std::span<const std::string_view> last,
                                    const std::set<std::string>& removed) const;

 private:
  // A version that the file needs.
  struct Needed {
    std::string name;
    std::uint16_t index = 0;  // by which symbols refer to it
    std::string entry;        // Elf64_Vernaux; as in the file, or new
  };
  // The versions that are needed of one library.
  struct Library {
    std::string entry;  // Elf64_Verneed, as in the file
    std::vector<Needed> versions;
  };
  // A library that the file needs (DT_NEEDED).
  struct NeededLibrary {
    std::string soname;
    std::uint64_t name = 0;  // where the string table has it
    std::size_t place = 0;   // in the dynamic section
  };
  friend class DynamicSymbolsReader;

  template <typename Value, typename Member>
  const Needed* find_needed(const Value& value, Member Needed::* member) const;
  std::set<std::uint16_t> unused_versions() const;
  std::uint16_t add_needed(const std::string& name, std::string_view in_place_of);
  std::string needed_table(const std::set<std::uint16_t>& used, std::uint32_t& libraries) const;

  std::vector<DynamicSymbol> symbols_;
  std::vector<std::uint16_t> indices_;  // of the symbols' versions
  std::vector<Library> libraries_;
  std::vector<NeededLibrary> needed_libraries_;
  std::uint64_t symbols_at_ = 0;  // where the file has the symbols
  std::uint64_t indices_at_ = 0;  // where it has the indices
  std::uint64_t table_at_ = 0;    // where it has the table of needed versions
  std::uint64_t table_size_ = 0;  // in bytes
  std::uint64_t info_at_ = 0;     // where the section's header has the number of libraries in the table
  std::uint64_t count_at_ = 0;    // where the dynamic section has it
  std::uint64_t dynamic_at_ = 0;  // where the file has the dynamic section
  std::size_t dynamic_count_ = 0;
  std::uint16_t next_index_ = 2;  // that no version has
};

}  // namespace xaas
