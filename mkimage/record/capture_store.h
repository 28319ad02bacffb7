// The capture directory: what xaas-cc leaves behind for mkxaas. Many compilers write at once; every record appears
// whole or not at all, under a name that its content decides, so that nothing depends on who came first.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "mkimage/record/link_shape.h"
#include "mkimage/record/linker_options.h"

namespace xaas {

// The reason of a record that is no object's: of a precompiled header, for the headers that it read.
inline constexpr std::string_view kPrecompiledHeader = "a precompiled header";

// What tells a unit from others before its IR is known; for reports.
struct UnitIdentity {
  Digest command;  // all options, without names of directories
  Digest text;     // preprocessed, without line markers where they decide nothing
  Digest options;  // those that the text does not show, but for warnings and what the CPU can execute
  bool operator==(const UnitIdentity&) const = default;
};

// One object file that a compiler made.
struct UnitRecord {
  Digest object;         // of the object file, as the compiler left it
  std::string reason;    // why it has no bitcode; empty when it has
  std::string compiler;  // absolute path of the real one
  std::string source;    // as on the command line
  std::string
      target;  // the object file, without the directory of the build; with `source`, the same in all configurations
  std::string directory;                           // where the compiler ran
  std::vector<std::string> machine_options;        // that it was compiled with
  std::vector<std::string> asked_machine_options;  // that the project gave: what the configuration requires of a CPU
  std::vector<std::string> sections;               // "data-sections", "function-sections", where asked for
  std::vector<std::string> headers;                // as the compiler found them, system headers included
  std::optional<UnitIdentity> identity;            // where it was preprocessed by itself
  bool is_shared = false;                          // an earlier compile's result, not compiled again
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
  std::vector<RecordedFile> members;  // those that are objects
  bool whole = false;                 // none of them has bitcode: stored as one file
  bool operator==(const RecordedArchive&) const = default;
};

struct RecordedLibrary {
  std::string soname;
  std::string path;  // absolute, or relative to the build when it made the library
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
  std::string build_id;                     // hex digits; empty: none
  std::string output;                       // file name
  std::string reason;                       // why no recipe can be made of it; empty when one can
  std::vector<RecordedArgument> arguments;  // in link order, libraries resolved
  Digest content{};                         // ElfFile::content_digest()
  std::vector<std::string> needed{};        // sonames, as the linker wrote them
  LinkShape shape{};                        // of the file, abbreviated()
  bool operator==(const LinkRecord&) const = default;
};

std::string to_json(const UnitRecord& record);
std::string to_json(const LinkRecord& record);
Result<UnitRecord> parse_unit_record(std::string_view json);
Result<LinkRecord> parse_link_record(std::string_view json);

// Several processes and threads may use one directory at once. Content is shared by all configurations of a build;
// records are of one of them.
class CaptureStore {
 public:
  CaptureStore(std::filesystem::path root, const std::string& configuration)
      : root_(std::move(root)), records_(root_ / "records" / configuration) {}
  Status create() const;
  void remove_records() const;

  Status add_unit(const UnitRecord& record, std::optional<std::string_view> bitcode) const;
  Status add_link(const LinkRecord& record) const;
  // Content that recipes may name: native objects, archives, linker scripts.
  Status add_object(const Digest& digest, std::string_view content) const;
  bool has_bitcode(const Digest& object) const;

  std::filesystem::path bitcode_path(const Digest& object) const;
  std::filesystem::path object_path(const Digest& digest) const;
  // A name for a file that the caller removes.
  std::filesystem::path temporary_path(std::string_view suffix) const;

  // What the Fortran compiler said when it could not do what it was asked; the last such message counts. Configuring
  // asks for much that no compiler can do, so this tells nothing as long as the build goes on.
  void set_fortran_refusal(std::string_view message) const;
  std::optional<std::string> fortran_refusal() const;
  void clear_fortran_refusal() const;

  // One line for people into the log of the capture; never fails.
  void note(std::string_view line) const;
  std::vector<std::string> notes() const;  // each once, sorted

  // All records, in an order that only their content decides.
  Result<std::vector<UnitRecord>> units() const;
  Result<std::vector<LinkRecord>> links() const;

 private:
  Status publish(const std::filesystem::path& target, std::string_view content) const;
  std::filesystem::path root_;
  std::filesystem::path records_;
};

// A name in the store for a temporary file, which is removed on destruction. Whoever has one writes the file.
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
