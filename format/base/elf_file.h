// Reads the parts of a little-endian ELF file that an image needs: sections, build-id, dynamic section, symbol
// versions. Nothing in the file is trusted; every offset is checked against the length of the file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"

namespace xaas {

inline constexpr std::string_view kBitcodeSection = ".llvm.lto";

struct ElfSection {
  std::string_view name;
  std::uint32_t type = 0;
  std::uint64_t flags = 0;
  std::string_view data;  // empty for sections without bytes in the file
};

enum class ElfKind { relocatable, executable, shared, other };  // ET_REL, ET_EXEC, ET_DYN

// What the file tells the dynamic linker.
struct ElfDynamic {
  std::vector<std::string> needed;  // in the file's order
  std::optional<std::string> soname;
  std::optional<std::string> rpath;           // DT_RPATH
  std::optional<std::string> runpath;         // DT_RUNPATH
  std::vector<std::string> needed_versions;   // "GLIBC_2.34", in the file's order
  std::vector<std::string> defined_versions;  // in the file's order; a library's own soname is one of them
  bool is_pie = false;                        // DF_1_PIE
};

// A symbol version of another file that this file needs.
struct NeededVersion {
  std::string file;  // soname
  std::string version;
  bool is_weak = false;  // the dynamic linker only warns if it is missing
};

// A symbol by which shared libraries and programs find each other.
struct ElfSymbol {
  std::string_view name;  // without its version
  // Of a symbol that is defined here: the version under which it is offered. Of another: the version that it asks for.
  // Empty if there is none.
  std::string version;
  bool is_defined = false;
  bool is_weak = false;
};

// A view of bytes that the caller keeps alive. Cheap to copy. Immutable, thread-safe.
class ElfFile {
 public:
  static bool is_elf(std::string_view bytes);
  // Code::invalid for a damaged file, Code::unsupported for a big-endian file.
  static Result<ElfFile> parse(std::string_view bytes);

  std::string_view bytes() const { return bytes_; }  // the whole file
  ElfKind kind() const { return kind_; }
  bool is_64() const { return is_64_; }
  std::uint16_t machine() const { return machine_; }
  bool is_native() const;  // whether it is a 64-bit file for the architecture of this program

  const std::vector<ElfSection>& sections() const { return sections_; }
  const ElfSection* find_section(std::string_view name) const;
  bool has_symbol_table() const;
  bool has_debug_info() const;
  // Whether this is a file of separate debug information: it has the build-id of its program, but no code.
  bool is_debug_only() const;

  bool is_dynamic() const { return dynamic_.has_value(); }
  Result<ElfDynamic> dynamic() const;
  // By the numbers that the table of symbols' versions has for them. Code::invalid if they are damaged.
  Result<std::map<std::uint16_t, NeededVersion>> needed_versions() const;
  // The symbols of the dynamic section, local ones left out; empty if there is no section of them. Code::invalid if
  // they are damaged.
  Result<std::vector<ElfSymbol>> dynamic_symbols() const;
  std::optional<std::string> interpreter() const;
  std::optional<std::string> build_id() const;  // lower-case hex digits
  // Whether anything but zeros stands behind the end of the ELF file, as in a program that unpacks itself.
  bool has_appended_data() const;
  // The digest of the code and the data, and of the bytes behind the end of the ELF file. It is the same before and
  // after the file was stripped or given another rpath, soname or interpreter.
  Digest content_digest() const;

  struct VersionTable;

 private:
  struct Segment {
    std::uint32_t type = 0;
    std::uint64_t offset = 0;
    std::uint64_t address = 0;
    std::uint64_t size = 0;  // in the file
  };

  explicit ElfFile(std::string_view bytes) : bytes_(bytes) {}
  Result<std::map<std::uint16_t, std::string>> defined_versions() const;  // by number
  Status read_segments(std::uint64_t offset, std::uint64_t entry_size, std::uint64_t count);
  Status read_sections(std::uint64_t offset, std::uint64_t entry_size, std::uint64_t count, std::uint64_t names);
  Result<std::string_view> slice(std::uint64_t offset, std::uint64_t size) const;
  Result<std::string_view> take(std::uint64_t offset, std::uint64_t size);  // slice() that also moves end_
  Result<std::string_view> from_address(std::uint64_t address) const;       // up to the end of its segment
  std::uint64_t word(std::string_view from, std::size_t at) const;          // as wide as the ELF class says
  Result<std::vector<std::string>> read_versions(const VersionTable& layout, std::uint64_t address, std::uint64_t count,
                                                 std::string_view strings) const;

  std::string_view appended_data() const;

  std::string_view bytes_;
  std::uint64_t end_ = 0;  // where the last header, segment or section ends
  ElfKind kind_ = ElfKind::other;
  bool is_64_ = true;
  std::uint16_t machine_ = 0;
  std::vector<Segment> segments_;
  std::vector<ElfSection> sections_;
  std::optional<Segment> dynamic_;
};

// The GNU build-id among ELF notes, in lower-case hex digits. Nullopt when there is none, or when the notes are
// damaged.
std::optional<std::string> build_id_in(std::string_view notes);

}  // namespace xaas
