// Layout of the capture directory: bitcode/, objects/, tmp/, and in records/<configuration>: units/, links/,
// precompiled/, log, fortran-refusal, left-out-families; see capture_store.h.
#include "mkimage/record/capture_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <tuple>

#include "format/base/file.h"
#include "format/base/split.h"

namespace xaas {
namespace {

constexpr const char* kUnits = "units";
constexpr const char* kBitcode = "bitcode";
constexpr const char* kLinks = "links";
constexpr const char* kPrecompiled = "precompiled";
constexpr const char* kObjects = "objects";
constexpr const char* kTemporary = "tmp";
constexpr const char* kLog = "log";
constexpr const char* kFortranRefusal = "fortran-refusal";
constexpr const char* kLeftOutFamilies = "left-out-families";

template <typename Record>
Result<std::vector<Record>> read_records(const std::filesystem::path& directory,
                                         Result<Record> (*parse)(std::string_view)) {
  std::vector<Record> records;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    XAAS_ASSIGN(const std::string text, read_file(entry->path()));
    auto record = parse(text);
    if (!record) return fail(record.error().code, "{}: {}", entry->path().string(), record.error().message);
    records.push_back(std::move(*record));
  }
  if (error) return fail(Code::io, "cannot list {}: {}", directory.string(), error.message());
  return records;
}

}  // namespace

Status CaptureStore::create() const {
  for (const std::filesystem::path& directory : {root_ / kBitcode, root_ / kObjects, root_ / kTemporary,
                                                 records_ / kUnits, records_ / kLinks, records_ / kPrecompiled}) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return fail(Code::io, "cannot create {}: {}", directory.string(), error.message());
  }
  return {};
}

void CaptureStore::remove_records() const { remove_tree(records_); }

// This does not use write_file(), which waits for the disk. There are thousands of files, and they are gone with the
// build.
Status CaptureStore::publish(const std::filesystem::path& target, std::string_view content) const {
  XAAS_ASSIGN(const TempFile file, TempFile::create(root_ / kTemporary));
  XAAS_TRY(write_all(file.fd(), content));
  if (link(file.path().c_str(), target.c_str()) != 0 && errno != EEXIST) {
    return fail_errno(fmt::format("cannot create {}", target.string()));
  }
  return {};
}

Status CaptureStore::add_unit(const UnitRecord& record, std::optional<std::string_view> bitcode) const {
  if (bitcode) XAAS_TRY(publish(bitcode_path(record.object), *bitcode));
  const std::string json = to_json(record);
  return publish(records_ / kUnits / Digest::of(json).hex(), json);
}

Result<Digest> CaptureStore::add_bitcode(std::string_view bitcode) const {
  const Digest digest = Digest::of(bitcode);
  XAAS_TRY(publish(bitcode_path(digest), bitcode));
  return digest;
}

Status CaptureStore::add_precompiled(const std::filesystem::path& file, const PrecompiledHeader& header) const {
  std::string text = header.header + "\n";
  for (const std::string& ask : header.asks) text += ask + "\n";
  XAAS_ASSIGN(const TempFile temporary, TempFile::create(root_ / kTemporary));
  XAAS_TRY(write_all(temporary.fd(), text));
  const std::filesystem::path target = records_ / kPrecompiled / Digest::of(file.string()).hex();
  if (rename(temporary.path().c_str(), target.c_str()) == 0) return {};
  return fail_errno(fmt::format("cannot create {}", target.string()));
}

std::optional<PrecompiledHeader> CaptureStore::find_precompiled(const std::filesystem::path& file) const {
  const auto text = read_file(records_ / kPrecompiled / Digest::of(file.string()).hex());
  if (!text) return std::nullopt;
  PrecompiledHeader header;
  for (const std::string_view line : split(*text, '\n')) {
    if (header.header.empty()) {
      header.header = line;
    } else {
      header.asks.emplace_back(line);
    }
  }
  return header;
}

Status CaptureStore::add_link(const LinkRecord& record) const {
  const std::string json = to_json(record);
  return publish(records_ / kLinks / Digest::of(json).hex(), json);
}

Status CaptureStore::add_object(const Digest& digest, std::string_view content) const {
  const std::filesystem::path target = object_path(digest);
  if (access(target.c_str(), F_OK) == 0) return {};
  return publish(target, content);
}

bool CaptureStore::has_bitcode(const Digest& object) const { return access(bitcode_path(object).c_str(), F_OK) == 0; }

std::filesystem::path CaptureStore::bitcode_path(const Digest& digest) const { return root_ / kBitcode / digest.hex(); }

std::filesystem::path CaptureStore::object_path(const Digest& digest) const { return root_ / kObjects / digest.hex(); }

std::filesystem::path CaptureStore::temporary_path(std::string_view suffix) const {
  // The name is random and not the pid: several machines or containers may build in one directory, and threads ask too.
  return root_ / kTemporary / (random_name() + std::string(suffix));
}

void CaptureStore::set_fortran_refusal(std::string_view message) const {
  const auto file = TempFile::create(root_ / kTemporary);
  if (!file || !write_all(file->fd(), message)) return;
  static_cast<void>(rename(file->path().c_str(), (records_ / kFortranRefusal).c_str()));
}

std::optional<std::string> CaptureStore::fortran_refusal() const {
  auto message = read_file(records_ / kFortranRefusal);
  return message ? std::optional(std::move(*message)) : std::nullopt;
}

void CaptureStore::clear_fortran_refusal() const {
  std::error_code ignored;
  std::filesystem::remove(records_ / kFortranRefusal, ignored);
}

void CaptureStore::append(const char* name, std::string_view line) const {
  const Fd fd(open((records_ / name).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  // One write, so that lines of several compilers do not mix. A lost line does no harm.
  if (fd.valid()) static_cast<void>(write_all(fd.get(), fmt::format("{}\n", line)));
}

void CaptureStore::note(std::string_view line) const { append(kLog, line); }

void CaptureStore::note_left_out(unsigned family) const { append(kLeftOutFamilies, std::to_string(family)); }

std::set<unsigned> CaptureStore::left_out_families() const {
  std::set<unsigned> families;
  std::ifstream file(records_ / kLeftOutFamilies);
  for (unsigned family = 0; file >> family;) families.insert(family);
  return families;
}

std::vector<std::string> CaptureStore::notes() const {
  std::set<std::string> lines;
  std::ifstream log(records_ / kLog);
  for (std::string line; std::getline(log, line);) lines.insert(std::move(line));
  return {lines.begin(), lines.end()};
}

Result<std::vector<UnitRecord>> CaptureStore::units() const {
  XAAS_ASSIGN(auto records, read_records(records_ / kUnits, parse_unit_record));
  // Sorted by object first, then by everything else that a record has.
  std::ranges::sort(records, {}, [](const UnitRecord& record) { return std::pair(record.object, to_json(record)); });
  return records;
}

Result<std::vector<LinkRecord>> CaptureStore::links() const {
  XAAS_ASSIGN(auto records, read_records(records_ / kLinks, parse_link_record));
  std::ranges::sort(records, {}, [](const LinkRecord& record) { return to_json(record); });
  return records;
}

StoreFile::~StoreFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace xaas
