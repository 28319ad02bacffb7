// Opens images and reads what is in them by digest or path; see image.h.
#include "format/image.h"

#include <algorithm>

namespace xaas {
namespace {

constexpr std::uint64_t kMaxManifest = 4ULL << 20;
constexpr std::uint64_t kMaxRecipe = 16ULL << 20;
constexpr std::uint64_t kMaxContent = 1ULL << 32;  // of a module, an object or a file read at once

std::string sharded_path(std::string_view directory, const Digest& digest, std::string_view suffix) {
  const std::string hex = digest.hex();
  return fmt::format("{}/{}/{}{}", directory, hex.substr(0, 2), hex, suffix);
}

Result<std::string> read_path(const SquashfsReader& reader, std::string_view path, std::uint64_t limit) {
  XAAS_ASSIGN(const InodeRef ref, reader.resolve(path));
  return reader.read_all(ref, limit);
}

Result<FileIndex> open_index(const std::shared_ptr<SquashfsReader>& reader) {
  XAAS_ASSIGN(const InodeRef ref, reader->resolve(kIndexPath));
  XAAS_ASSIGN(const Attributes attributes, reader->stat(ref));
  const auto read = [reader, ref](std::uint64_t offset, std::span<std::byte> into) -> Status {
    XAAS_ASSIGN(const std::size_t got, reader->read(ref, offset, into));
    if (got != into.size()) return fail(Code::invalid, "index: truncated");
    return {};
  };
  return FileIndex::open(read, attributes.size);
}

Result<std::string> read_named(const Image& image, const std::string& path, const Digest& digest, std::uint64_t limit) {
  XAAS_ASSIGN(std::string content, read_path(image.squashfs(), path, limit));
  if (Digest::of(content) != digest) {
    return fail(Code::invalid, "{}: {} is damaged: its digest differs", image.path().string(), path);
  }
  return content;
}

}  // namespace

std::string ir_path(const Digest& digest) { return sharded_path(kIrDirectory, digest, ".bc"); }
std::string object_path(const Digest& digest) { return sharded_path(kObjectDirectory, digest, ".o"); }
std::string slot_directory(std::string_view triple, std::string_view slot) {
  return fmt::format("{}/{}/{}/{}", kToolchainDirectory, triple, kSlotLibraries, slot);
}
std::string build_directory(std::string_view configuration) { return fmt::format("{}-{}", kBuildName, configuration); }

std::string tree_root(const Manifest& manifest, std::string_view configuration) {
  if (configuration == manifest.default_configuration) return {};
  const auto found = std::ranges::find(manifest.configurations, configuration, &Configuration::name);
  return fmt::format("{}/{}/{}/", kTreeDirectory, found->triple, found->name);
}

std::string private_directory_from(std::string_view root) {
  std::string path;
  for (std::ptrdiff_t i = std::ranges::count(root, '/'); i > 0; --i) path += "../";
  return path + std::string(kPrivateDirectory);
}

std::string ready_root(const Configuration& configuration, std::string_view cpu) {
  return fmt::format("{}/{}/{}/{}/", kReadyDirectory, configuration.triple, configuration.name, cpu);
}

std::string_view tree_root_of(std::string_view path) {
  constexpr std::size_t kStart = kTreeDirectory.size() + 1;
  if (!path.starts_with(kTreeDirectory) || path.size() <= kStart || path[kStart - 1] != '/') return {};
  const std::size_t triple_end = path.find('/', kStart);
  const std::size_t name_end = triple_end == std::string_view::npos ? triple_end : path.find('/', triple_end + 1);
  return name_end == std::string_view::npos ? std::string_view() : path.substr(0, name_end + 1);
}

std::string_view path_in_tree(std::string_view path) { return path.substr(tree_root_of(path).size()); }

std::string recipe_path(const Digest& digest) { return fmt::format("{}/{}.json", kRecipeDirectory, digest.hex()); }

Result<std::shared_ptr<const Image>> Image::open(const std::filesystem::path& path, const ReaderOptions& options) {
  std::shared_ptr<Image> image(new Image);
  image->path_ = path;
  XAAS_ASSIGN(image->reader_, SquashfsReader::open(path, options));
  const auto read_description = [&]() -> Status {
    const auto json = read_path(*image->reader_, kManifestPath, kMaxManifest);
    if (!json && json.error().code == Code::not_found) {
      return fail(Code::invalid, "a SquashFS image without {}: mkxaas did not make it", kManifestPath);
    }
    if (!json) return tl::unexpected<Error>(json.error());
    XAAS_ASSIGN(image->manifest_, parse_manifest(*json));
    XAAS_TRY(check_readable(image->manifest_));
    XAAS_ASSIGN(image->index_, open_index(image->reader_));
    return {};
  };
  if (auto status = read_description(); !status) {
    Error error = std::move(status.error());
    const std::string prefix = path.string() + ": ";
    if (!error.message.starts_with(prefix)) error.message.insert(0, prefix);
    return tl::unexpected<Error>(std::move(error));
  }
  return image;
}

Result<Recipe> Image::recipe(const Digest& digest) const {
  XAAS_ASSIGN(const std::string json, read_named(*this, recipe_path(digest), digest, kMaxRecipe));
  auto recipe = parse_recipe(json);
  if (!recipe)
    return fail(recipe.error().code, "{}: {}: {}", path_.string(), recipe_path(digest), recipe.error().message);
  return recipe;
}

Result<std::string> Image::ir(const Digest& digest) const {
  return read_named(*this, ir_path(digest), digest, kMaxContent);
}

Result<std::string> Image::object(const Digest& digest) const {
  return read_named(*this, object_path(digest), digest, kMaxContent);
}

Result<std::string> Image::file(std::string_view path) const {
  XAAS_ASSIGN(const auto record, index_->find(path));
  if (!record) return fail(Code::not_found, "{}: \"{}\" is not in the index", path_.string(), path);
  return read_named(*this, record->path, record->sha256, kMaxContent);
}

Result<std::vector<FileRecord>> lowerable_records(const Image& image, std::string_view root) {
  std::vector<FileRecord> records;
  for (std::uint64_t i = 0; i < image.files().count(); ++i) {
    XAAS_ASSIGN(FileRecord record, image.files().at(i));
    if (!record.recipe.is_none() && tree_root_of(record.path) == root) records.push_back(std::move(record));
  }
  return records;
}

Result<std::optional<MovedPrefix>> moved_prefix(const Manifest& manifest, const std::filesystem::path& directory) {
  if (!is_movable(manifest)) return std::nullopt;
  const std::string& to = directory.native();
  if (MovedPrefix::fits(manifest.prefix, to)) return MovedPrefix(manifest.prefix, to);
  return fail(
      Code::invalid,
      "{}: the path has {} bytes, and the programs of the image find their files by paths of up to {}: choose a "
      "shorter one",
      to, to.size(), manifest.prefix.size());
}

}  // namespace xaas
