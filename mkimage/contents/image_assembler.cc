// Adds files, records, manifest and index; see image_assembler.h.
#include "mkimage/contents/image_assembler.h"

#include "format/base/file.h"
#include "format/base/paths.h"
#include "format/image.h"
#include "format/prefix_finder.h"
#include "format/program_strings.h"

namespace xaas {
Result<ImageAssembler> ImageAssembler::create(const std::filesystem::path& target, const WriterOptions& options,
                                              std::string prefix) {
  XAAS_ASSIGN(auto writer, SquashfsWriter::create(target, options));
  return ImageAssembler(std::move(writer), std::move(prefix));
}

Status ImageAssembler::add_directory(const std::string& path, const EntryOptions& options) {
  return writer_->add_directory(path, options);
}

Status ImageAssembler::add_symlink(const std::string& path, const std::string& target, const EntryOptions& options) {
  return writer_->add_symlink(path, target, options);
}

Status ImageAssembler::add_file(const std::string& path, const std::filesystem::path& file, EntryOptions options,
                                const Digest& recipe, std::uint64_t device_bytes) {
  XAAS_ASSIGN(const Fd fd, open_for_reading(file));
  FileRecord record;
  record.path = path;
  XAAS_ASSIGN(record.size, file_size(fd.get()));
  XAAS_TRY(read_content(fd.get(), record));
  if (!recipe.is_none()) {
    record.recipe = recipe;
    record.promised_size = promised_size(record.size) + device_bytes;
    options.xattrs[std::string(kRecipeXattr)] = recipe.to_string();
  }
  XAAS_TRY(writer_->add_file(path, file, options));
  records_.emplace(path, std::move(record));
  return {};
}

// Computes the digest and finds the places of the prefix, in one pass.
Status ImageAssembler::read_content(int file, FileRecord& record) {
  Sha256 hash;
  PrefixFinder finder(prefix_);
  const Status read = read_pieces(file, record.size, [&](std::string_view piece) -> Status {
    hash.update(piece);
    if (!prefix_.empty()) finder.add(piece);
    return {};
  });
  if (!read) return fail(read.error().code, "{}: {}", record.path, read.error().message);
  record.sha256 = hash.finish();
  if (prefix_.empty()) return {};
  PrefixPlaces found = finder.take();
  XAAS_ASSIGN(const std::size_t padded, unify_strings(file, record.size, prefix_.size(), found));
  count_padded(record, padded);
  record.first_place = places_.size();
  record.place_count = found.list.size();
  record.is_text = !found.list.empty() && found.text;
  places_.insert(places_.end(), found.list.begin(), found.list.end());
  return {};
}

void ImageAssembler::count_padded(const FileRecord& record, std::size_t count) {
  if (count == 0 || is_below(record.path, kReadyDirectory)) return;  // a ready file says the same as its baseline
  if (padded_.files == 0) padded_.example = record.path;
  padded_.count += count;
  ++padded_.files;
}

Status ImageAssembler::add_hard_link(const std::string& path, const std::string& existing) {
  XAAS_TRY(writer_->add_hard_link(path, existing));
  FileRecord record = records_.at(existing);
  record.path = path;
  records_.emplace(path, std::move(record));
  return {};
}

Status ImageAssembler::add_recipe(const Digest& digest, std::string json) {
  const std::string path = recipe_path(digest);
  return is_new(path) ? writer_->add_bytes(path, std::move(json), {}) : Status();
}

Status ImageAssembler::add_ir(const Digest& digest, const std::filesystem::path& file) {
  const std::string path = ir_path(digest);
  return is_new(path) ? writer_->add_file(path, file, {}) : Status();
}

Status ImageAssembler::add_object(const Digest& digest, const std::filesystem::path& file) {
  const std::string path = object_path(digest);
  return is_new(path) ? writer_->add_file(path, file, {}) : Status();
}

Status ImageAssembler::add_bytes(const std::string& path, std::string content) {
  FileRecord record;
  record.path = path;
  record.sha256 = Digest::of(content);
  record.size = content.size();
  records_.emplace(path, std::move(record));
  return writer_->add_bytes(path, std::move(content), {});
}

Result<std::uint64_t> ImageAssembler::finish(const Manifest& manifest) {
  XAAS_TRY(add_bytes(std::string(kManifestPath), to_json(manifest)));
  std::vector<FileRecord> records;
  for (auto& [path, record] : records_) records.push_back(std::move(record));
  XAAS_TRY(writer_->add_bytes(kIndexPath, encode_file_index(std::move(records), places_), {}));
  return writer_->finish();
}

}  // namespace xaas
