// See native_record.h.
#include "lower/native_record.h"

#include <sys/stat.h>

#include <array>

#include "format/base/json_fields.h"
#include "format/base/split.h"
#include "format/base/text.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr int kInstalledVersion = 1;
constexpr std::uint64_t kInstalledLimit = std::uint64_t{1} << 30;
constexpr std::array<const char*, 4> kKindNames = {"directory", "file", "symlink", "hard link"};  // in order of Kind
constexpr const char* kWhat = "record of an installation";

std::string entry_line(const std::string& path, const InstalledEntry& entry) {
  OrderedJson json = {{"path", path},
                      {"kind", kKindNames.at(static_cast<std::size_t>(entry.kind))},
                      {"permissions", entry.permissions},
                      {"content", entry.content.to_string()}};
  if (entry.kind == NativeEntry::Kind::file) {
    json["size"] = entry.size;
    json["mtime"] = entry.mtime;
  }
  return dump_json(json) + "\n";
}

Result<InstalledEntry> parse_entry(const JsonObject& object) {
  InstalledEntry entry;
  XAAS_ASSIGN(const std::string kind, object.string("kind"));
  const auto found = std::ranges::find(kKindNames, kind);
  if (found == kKindNames.end()) return fail(Code::invalid, "{}: an unknown kind of entry", kWhat);
  entry.kind = static_cast<NativeEntry::Kind>(found - kKindNames.begin());
  XAAS_ASSIGN(const auto permissions, object.integer("permissions", 0, kPermissionBits));
  entry.permissions = static_cast<unsigned>(permissions);
  XAAS_ASSIGN(entry.content, object.digest("content"));
  if (entry.kind != NativeEntry::Kind::file) return entry;
  XAAS_ASSIGN(const auto size, object.integer("size", 0));
  entry.size = static_cast<std::uint64_t>(size);
  XAAS_ASSIGN(entry.mtime, object.integer("mtime"));
  return entry;
}

Result<InstalledRecord> parse_head(std::string_view line) {
  InstalledRecord record;
  XAAS_ASSIGN(const Json json, parse_json(line, kWhat));
  XAAS_ASSIGN(const JsonObject object, JsonObject::of(json, kWhat));
  XAAS_TRY(object.integer("version", kInstalledVersion, kInstalledVersion));
  XAAS_ASSIGN(record.image, object.string("image"));
  XAAS_ASSIGN(record.target, object.string("target"));
  XAAS_ASSIGN(record.configuration, object.string("configuration"));
  XAAS_ASSIGN(record.prefix, object.string("prefix"));
  return record;
}

// What names, links and permissions say; of a file also its size and time.
bool is_as_recorded(const NativeEntry& wanted, const InstalledEntry& recorded, const fs::path& directory) {
  struct stat status{};
  const fs::path path = directory / wanted.path;
  if (lstat(path.c_str(), &status) != 0) return false;
  const bool has_permissions = (status.st_mode & 07777) == installed_permissions(wanted);
  std::error_code error;
  switch (wanted.kind) {
    case NativeEntry::Kind::directory:
      return S_ISDIR(status.st_mode) && has_permissions;
    case NativeEntry::Kind::symlink:
      return S_ISLNK(status.st_mode) && fs::read_symlink(path, error) == wanted.target;
    case NativeEntry::Kind::hard_link: {
      struct stat first{};
      return lstat((directory / wanted.target).c_str(), &first) == 0 && first.st_ino == status.st_ino &&
             first.st_dev == status.st_dev;
    }
    default:
      return S_ISREG(status.st_mode) && has_permissions &&
             static_cast<std::uint64_t>(status.st_size) == recorded.size && status.st_mtim.tv_sec == recorded.mtime &&
             status.st_mtim.tv_nsec == 0;
  }
}

}  // namespace

std::string to_text(const InstalledRecord& record) {
  std::string text = dump_json({{"version", kInstalledVersion},
                                {"image", record.image},
                                {"target", record.target},
                                {"configuration", record.configuration},
                                {"prefix", record.prefix}}) +
                     "\n";
  for (const auto& [path, entry] : record.entries) text += entry_line(path, entry);
  return text;
}

Result<InstalledRecord> parse_installed_record(std::string_view text) {
  std::vector<std::string_view> lines = split(text, '\n');
  if (lines.empty()) return fail(Code::invalid, "{}: is empty", kWhat);
  XAAS_ASSIGN(InstalledRecord record, parse_head(lines.front()));
  for (const std::string_view line : std::span(lines).subspan(1)) {
    XAAS_ASSIGN(const Json json, parse_json(line, kWhat));
    XAAS_ASSIGN(const JsonObject object, JsonObject::of(json, kWhat));
    XAAS_ASSIGN(const std::string path, object.string("path"));
    XAAS_ASSIGN(record.entries[path], parse_entry(object));
  }
  return record;
}

std::optional<InstalledRecord> read_installed_record(const fs::path& directory) {
  const auto text = read_file(directory / kInstalledRecord, kInstalledLimit);
  auto record = text ? parse_installed_record(*text) : tl::unexpected(text.error());
  return record ? std::optional(std::move(*record)) : std::nullopt;
}

bool is_installed(const NativeEntry& wanted, const Digest& content, const InstalledEntry* recorded,
                  const fs::path& directory) {
  if (recorded == nullptr || content.is_none() || recorded->kind != wanted.kind || recorded->content != content) {
    return false;
  }
  if (recorded->permissions != installed_permissions(wanted)) return false;
  if (wanted.kind == NativeEntry::Kind::file && recorded->mtime != wanted.attributes.mtime) return false;
  return is_as_recorded(wanted, *recorded, directory);
}

unsigned installed_permissions(const NativeEntry& entry) {
  return (entry.attributes.mode & kPermissionBits) | (entry.path.empty() ? S_IRWXU : 0U);
}

}  // namespace xaas
