// The capture directory, in which xaas-cc leaves its records for mkxaas. Many compilers write at once. Every record
// appears whole or not at all. Its content decides its name, so the result does not depend on which compiler came
// first.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "mkimage/record/link_shape.h"
#include "mkimage/record/linker_options.h"

namespace xaas {

// The `reason` of a record that belongs to a precompiled header and no object. The record lists the headers that it
// read.
inline constexpr std::string_view kPrecompiledHeader = "a precompiled header";

// Identifies a unit before its IR is known; for reports.
struct UnitIdentity {
  Digest command;  // of all options, without names of directories
  Digest text;     // of the preprocessed text, without line markers if they decide nothing
  Digest options;  // of the options that the text does not show, without those for warnings and for the CPU
  bool operator==(const UnitIdentity&) const = default;
};

// A unit that asks for the CPU, compiled for a level.
struct UnitVariant {
  std::vector<std::string> levels;           // the levels at which the unit is this, in their order; compiled for the
                                             // first
  Digest bitcode;                            // digest of its bitcode, by which the store has it
  std::vector<std::string> machine_options;  // the -m options with which it was compiled
  std::vector<std::string> asks;             // macros and built-in functions that the level gives it and its own
                                             // options do not
  bool operator==(const UnitVariant&) const = default;
};

struct UnitVariants {
  std::vector<UnitVariant> list;
  std::map<std::string, std::string> refusals;  // level -> the compiler's first message
  bool operator==(const UnitVariants&) const = default;
};

// A unit's code for a device of OpenMP.
struct UnitRegions {
  std::string triple;        // as in RegionCode
  std::string architecture;  // as in RegionCode
  Digest bitcode;            // digest of its bitcode, by which the store has it
  bool operator==(const UnitRegions&) const = default;
};

// A header that the build has precompiled.
struct PrecompiledHeader {
  std::string header;             // absolute path of what was precompiled
  std::vector<std::string> asks;  // Ask::line() of each
};

// One object file that a compiler made.
struct UnitRecord {
  Digest object;          // digest of the object file, as the compiler left it
  std::string reason;     // why it has no bitcode; empty if it has
  std::string compiler;   // absolute path of the real compiler
  std::string source;     // as on the command line
  std::string target;     // object file without the build's directory; with `source`, the same in all configurations
  std::string directory;  // where the compiler ran
  std::vector<std::string> machine_options;        // the -m options with which it was compiled
  std::vector<std::string> asked_machine_options;  // the -m options that the project gave; they tell what the
                                                   // configuration requires of a CPU
  std::vector<std::string> sections;               // "data-sections", "function-sections", if asked for
  std::vector<std::string> headers;                // as the compiler found them, system headers included
  std::optional<UnitIdentity> identity;            // set if it was preprocessed by itself
  std::vector<std::string> asks;                   // Ask::line() of each
  UnitVariants variants;
  std::vector<UnitRegions> regions;  // in the order of the object
  bool is_shared = false;            // whether it is an earlier compile's result, not compiled again
  bool operator==(const UnitRecord&) const = default;

  std::string name() const { return target + " " + source; }  // the same in all configurations
};

struct RecordedFile {
  Digest digest;
  std::string name;  // CaptureEnvironment::display_name(), or a member's name
  bool operator==(const RecordedFile&) const = default;
};

struct RecordedObject {
  RecordedFile file;
  bool operator==(const RecordedObject&) const = default;
};

struct RecordedArchive {
  RecordedFile file;
  std::vector<RecordedFile> members;  // the members that are objects
  bool whole = false;                 // no member has bitcode, and the archive is stored as one file
  bool operator==(const RecordedArchive&) const = default;
};

struct RecordedLibrary {
  std::string soname;
  std::string path;  // absolute, or relative to the build if the build made the library
  bool operator==(const RecordedLibrary&) const = default;
};

struct RecordedFileOption {
  std::string option;  // "--version-script="
  RecordedFile file;
  bool operator==(const RecordedFileOption&) const = default;
};

using RecordedArgument =
    std::variant<LinkerArgument, RecordedObject, RecordedArchive, RecordedLibrary, RecordedFileOption>;

// One link that succeeded.
struct LinkRecord {
  std::string build_id;                     // hex digits; empty if the file has none
  std::string output;                       // file name
  std::string reason;                       // why no recipe can be made of it; empty if one can
  std::vector<RecordedArgument> arguments;  // in link order, libraries resolved
  Digest content{};                         // ElfFile::content_digest()
  std::vector<std::string> needed{};        // sonames, as the linker wrote them
  LinkShape shape{};                        // shape of the file, abbreviated()
  bool operator==(const LinkRecord&) const = default;
};

std::string to_json(const UnitRecord& record);
std::string to_json(const LinkRecord& record);
Result<UnitRecord> parse_unit_record(std::string_view json);
Result<LinkRecord> parse_link_record(std::string_view json);

// Several processes and threads may use one directory at once. All configurations of a build share content. Each record
// belongs to one configuration.
class CaptureStore {
 public:
  CaptureStore(std::filesystem::path root, const std::string& configuration)
      : root_(std::move(root)), records_(root_ / "records" / configuration) {}
  Status create() const;
  void remove_records() const;

  Status add_unit(const UnitRecord& record, std::optional<std::string_view> bitcode) const;
  // Stores the bitcode of a variant, and returns its digest.
  Result<Digest> add_bitcode(std::string_view bitcode) const;
  // `file` is the absolute path of the result. A header that is precompiled again replaces the record.
  Status add_precompiled(const std::filesystem::path& file, const PrecompiledHeader& header) const;
  std::optional<PrecompiledHeader> find_precompiled(const std::filesystem::path& file) const;
  Status add_link(const LinkRecord& record) const;
  // Stores content that recipes may name: native objects, archives, linker scripts.
  Status add_object(const Digest& digest, std::string_view content) const;
  bool has_bitcode(const Digest& object) const;

  // `digest` is that of the unit's object, or that of a variant's bitcode.
  std::filesystem::path bitcode_path(const Digest& digest) const;
  std::filesystem::path object_path(const Digest& digest) const;
  // A name for a temporary file. The caller writes and removes the file.
  std::filesystem::path temporary_path(std::string_view suffix) const;

  // What the Fortran compiler said when it refused a command. The last such message counts. Configuring tries much that
  // no compiler can do, so a message means nothing as long as the build goes on.
  void set_fortran_refusal(std::string_view message) const;
  std::optional<std::string> fortran_refusal() const;
  void clear_fortran_refusal() const;

  // Appends one line for people to the log of the capture. Never fails.
  void note(std::string_view line) const;
  std::vector<std::string> notes() const;  // each once, sorted

  // A family of GPUs for which a CUDA source does not compile, so that it has other ones than the rest of the program.
  void note_left_out(unsigned family) const;
  std::set<unsigned> left_out_families() const;

  // All records. Only their content decides their order.
  Result<std::vector<UnitRecord>> units() const;
  Result<std::vector<LinkRecord>> links() const;

 private:
  Status publish(const std::filesystem::path& target, std::string_view content) const;
  void append(const char* name, std::string_view line) const;
  std::filesystem::path root_;
  std::filesystem::path records_;
};

// A name in the store for a temporary file. The owner of the object writes the file. The destructor removes it.
class StoreFile {
 public:
  StoreFile(const CaptureStore& store, std::string_view suffix) : path_(store.temporary_path(suffix)) {}
  ~StoreFile();
  StoreFile(const StoreFile&) = delete;
  StoreFile& operator=(const StoreFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace xaas
