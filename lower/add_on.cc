// See add_on.h.
#include "lower/add_on.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <system_error>
#include <utility>

#include "format/base/file.h"
#include "format/base/json_fields.h"
#include "lower/host_library.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr int kAddOnVersion = 1;
constexpr std::uint64_t kAddOnRecordLimit = 1 << 20;
constexpr const char* kAddOnSuffix = ".xaas";

fs::path directory_of(const Cache& cache, const Digest& source) {
  return cache.directory() / kCacheAddOns / source.hex();
}

fs::path with_suffix(fs::path record, const char* suffix) { return record.replace_extension(suffix); }

OrderedJson encode(const LinkedLibrary& library) {
  return {{"soname", library.soname}, {"path", library.path}, {"identity", library.identity}};
}

std::string to_json(const AddOnRecord& record) {
  OrderedJson libraries = OrderedJson::array();
  for (const LinkedLibrary& library : record.libraries) libraries.push_back(encode(library));
  return dump_json({{"version", kAddOnVersion},
                    {"sha256", record.sha256.to_string()},
                    {"size", record.size},
                    {"made", record.made},
                    {"configuration", record.configuration},
                    {"image", record.image},
                    {"libraries", libraries},
                    {"tools", record.tools}}) +
         "\n";
}

Result<std::vector<LinkedLibrary>> parse_linked_libraries(const JsonObject& record) {
  XAAS_ASSIGN(const auto objects, record.objects("libraries"));
  std::vector<LinkedLibrary> libraries;
  for (const JsonObject& fields : objects) {
    LinkedLibrary& library = libraries.emplace_back();
    XAAS_ASSIGN(library.soname, fields.string("soname"));
    XAAS_ASSIGN(library.path, fields.string("path"));
    XAAS_ASSIGN(library.identity, fields.string("identity"));
  }
  return libraries;
}

Result<AddOnRecord> parse_add_on(std::string_view text) {
  XAAS_ASSIGN(const Json json, parse_json(text, "record of an add-on"));
  XAAS_ASSIGN(const JsonObject fields, JsonObject::of(json, "record of an add-on"));
  AddOnRecord record;
  XAAS_TRY(fields.integer("version", kAddOnVersion, kAddOnVersion));
  XAAS_ASSIGN(record.sha256, fields.digest("sha256"));
  XAAS_ASSIGN(const std::int64_t size, fields.integer("size", 0));
  record.size = static_cast<std::uint64_t>(size);
  XAAS_ASSIGN(record.made, fields.integer("made"));
  XAAS_ASSIGN(record.configuration, fields.string("configuration"));
  XAAS_ASSIGN(record.image, fields.string("image"));
  XAAS_ASSIGN(record.libraries, parse_linked_libraries(fields));
  XAAS_ASSIGN(record.tools, fields.string_map("tools"));
  return record;
}

std::vector<AddOn> add_ons_in(const Cache& cache, const Digest& source) {
  std::vector<AddOn> found;
  if (cache.directory().empty()) return found;
  std::error_code error;
  fs::directory_iterator entry(directory_of(cache, source), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() != kRecordSuffix) continue;
    if (auto add_on = load_add_on(entry->path())) found.push_back(std::move(*add_on));
  }
  std::ranges::sort(found, [](const AddOn& a, const AddOn& b) {
    return std::pair(-a.record.made, a.file) < std::pair(-b.record.made, b.file);
  });
  return found;
}

}  // namespace

Digest source_id(const Manifest& manifest) {
  OrderedJson json = {{"source", to_ordered_json(*manifest.source)},
                      {"name", manifest.name},
                      {"version", manifest.version},
                      {"prefix", manifest.prefix},
                      {"policy", manifest.policy},
                      {"main", manifest.main}};
  return Digest::of(dump_json(json));
}

Result<AddOn> load_add_on(const fs::path& record) {
  XAAS_ASSIGN(const Fd file, open_trusted(record));
  XAAS_ASSIGN(const std::string text, read_fd(file.get(), kAddOnRecordLimit));
  AddOn add_on;
  add_on.file = with_suffix(record, kAddOnSuffix);
  XAAS_ASSIGN(add_on.record, parse_add_on(text));
  XAAS_ASSIGN(const Fd data, open_trusted(add_on.file));
  XAAS_ASSIGN(const std::uint64_t size, file_size(data.get()));
  if (size == add_on.record.size) return add_on;
  return fail(Code::invalid, "{} is not as large as its record says", add_on.file.string());
}

Status check_content(const AddOn& add_on) {
  XAAS_ASSIGN(const Fd data, open_trusted(add_on.file));
  XAAS_ASSIGN(const Digest found, Digest::of_file(data.get()));
  if (found == add_on.record.sha256) return {};
  return fail(Code::invalid, "{} is damaged: its digest differs from its record", add_on.file.string());
}

void remove_add_on(const fs::path& record) {
  std::error_code ignored;
  fs::remove(record, ignored);
  fs::remove(with_suffix(record, kAddOnSuffix), ignored);
}

std::optional<AddOn> find_add_on(const Cache& cache, const Digest& source, const Digest& key) {
  const fs::path record = directory_of(cache, source) / (key.hex() + kRecordSuffix);
  auto add_on = load_add_on(record);
  if (add_on && check_content(*add_on)) return std::move(*add_on);
  if (add_on || add_on.error().code == Code::invalid) remove_add_on(record);
  return std::nullopt;
}

Result<AddOn> store_add_on(const Cache& cache, const Digest& source, const Digest& key, const fs::path& made,
                           AddOnRecord record) {
  XAAS_TRY(cache.writable());
  const fs::path directory = directory_of(cache, source);
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(directory.string());
  XAAS_ASSIGN(const Fd from, open_for_reading(made));
  XAAS_ASSIGN(record.size, file_size(from.get()));
  XAAS_ASSIGN(record.sha256, Digest::of_file(from.get()));
  record.made =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  AddOn add_on{directory / (key.hex() + kAddOnSuffix), std::move(record)};
  XAAS_ASSIGN(TempFile copy, TempFile::create(directory));
  XAAS_TRY(copy_bytes(from.get(), 0, add_on.record.size, copy.fd()));
  if (fchmod(copy.fd(), 0600) != 0) return fail_errno(copy.path().string());
  XAAS_TRY(copy.commit(add_on.file));
  // The record comes last: without it there is no add-on.
  const fs::path record_path = with_suffix(add_on.file, kRecordSuffix);
  Status written = write_file(record_path, to_json(add_on.record));
  if (written && chmod(record_path.c_str(), 0600) != 0) written = fail_errno(record_path.string());
  if (written) return add_on;
  remove_add_on(record_path);
  return tl::unexpected(std::move(written.error()));
}

std::vector<AddOn> add_ons_of(const Digest& source, const fs::path& cache) {
  std::vector<AddOn> all = add_ons_in(*Cache::open(cache), source);
  for (const auto& site : Cache::open_site_caches()) {
    for (AddOn& add_on : add_ons_in(*site, source)) all.push_back(std::move(add_on));
  }
  return all;
}

void note_use(const AddOn& add_on) {
  static_cast<void>(utimensat(AT_FDCWD, with_suffix(add_on.file, kRecordSuffix).c_str(), nullptr, 0));
}

std::string problem_of(const AddOnRecord& record) {
  for (const LinkedLibrary& library : record.libraries) {
    const auto now = identify_library(library.path);
    if (!now) return fmt::format("was built with {}, which is gone: build it again", library.path);
    if (*now != library.identity) {
      return fmt::format("was built with another {} than there is now: build it again", library.path);
    }
  }
  return {};
}

}  // namespace xaas
