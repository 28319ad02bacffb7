// Writes trees, recipes and everything that they name, sources, libraries and the worker; see contents_writer.h.
#include "mkimage/contents/contents_writer.h"

#include <sys/stat.h>

#include <map>

#include "format/base/staged_file.h"
#include "format/image.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// The sizes of all code for GPUs that the recipe names. Relocatable code counts twice, because it is linked, too.
std::uint64_t device_bytes(const Recipe& recipe, const CaptureStore& store) {
  std::uint64_t bytes = 0;
  for_each_input(recipe, [&](const auto& input) {
    const auto* unit = std::get_if<IrInput>(&input);
    if (unit == nullptr) return;
    for (const DeviceCode& code : unit->device) {
      std::error_code error;
      const std::uintmax_t size = fs::file_size(store.object_path(code.digest), error);
      if (!error) bytes += unit->relocatable ? 2 * size : size;
    }
  });
  return bytes;
}

// `root` is the place of the tree in the image: "", or a path that ends with '/'.
Status add_tree(const ConfigurationContents& configuration, const std::string& root, const CaptureStore& store,
                ImageAssembler& image) {
  struct Lowering {
    Digest recipe;
    std::uint64_t device_bytes = 0;
  };
  std::map<std::string, Lowering> lowerings;
  for (const InstalledProgram& program : configuration.programs) {
    if (!program.recipe) continue;
    lowerings[program.path] = {Digest::of(to_json(*program.recipe)), device_bytes(*program.recipe, store)};
  }
  for (const TreeEntry& entry : configuration.tree.entries) {
    const std::string path = root + entry.path;
    const EntryOptions options{entry.permissions, entry.xattrs};
    if (S_ISDIR(entry.type)) {
      XAAS_TRY(image.add_directory(path, options));
    } else if (S_ISLNK(entry.type)) {
      XAAS_TRY(image.add_symlink(path, entry.link_target, options));
    } else if (!entry.same_as.empty()) {
      XAAS_TRY(image.add_hard_link(path, root + entry.same_as));
    } else {
      const auto found = lowerings.find(entry.path);
      const Lowering lowering = found == lowerings.end() ? Lowering() : found->second;
      XAAS_TRY(
          image.add_file(path, configuration.tree.path_of(entry), options, lowering.recipe, lowering.device_bytes));
    }
  }
  return {};
}

Status add_recipe_parts(const Recipe& recipe, const CaptureStore& store, const fs::path& ir, ImageAssembler& image) {
  const auto add_object = [&](const Digest& digest) { return image.add_object(digest, store.object_path(digest)); };
  const auto add_regions = [&](const std::vector<RegionCode>& codes) -> Status {
    for (const RegionCode& code : codes) XAAS_TRY(image.add_ir(code.digest, ir / code.digest.hex()));
    return {};
  };
  const auto add_input = [&](const auto& input) -> Status {
    if constexpr (std::is_same_v<std::decay_t<decltype(input)>, IrInput>) {
      if (input.native) XAAS_TRY(add_object(*input.native));
      for (const DeviceCode& code : input.device) XAAS_TRY(add_object(code.digest));
      XAAS_TRY(add_regions(input.regions));
      for (const IrVariant& variant : input.variants) {
        XAAS_TRY(image.add_ir(variant.digest, ir / variant.digest.hex()));
      }
      return image.add_ir(input.digest, ir / input.digest.hex());
    } else {
      XAAS_TRY(add_regions(input.runtime));
      return add_object(input.digest);
    }
  };
  for (const LinkArgument& argument : recipe.arguments) {
    if (const auto* unit = std::get_if<IrInput>(&argument)) XAAS_TRY(add_input(*unit));
    if (const auto* object = std::get_if<ObjectInput>(&argument)) XAAS_TRY(add_input(*object));
    if (const auto* option = std::get_if<FileOption>(&argument)) XAAS_TRY(add_object(option->digest));
    if (const auto* archive = std::get_if<ArchiveInput>(&argument)) {
      for (const auto& member : archive->members) XAAS_TRY(std::visit(add_input, member));
    }
  }
  std::string json = to_json(recipe);
  const Digest digest = Digest::of(json);
  return image.add_recipe(digest, std::move(json));
}

Status add_ready_files(const ConfigurationContents& from, const Configuration& configuration, ImageAssembler& image) {
  for (const ReadyFiles& ready : from.ready) {
    const std::string root = ready_root(configuration, ready.level.cpu);
    for (const auto& [path, file] : ready.files) XAAS_TRY(image.add_file(root + path, file, {0755, {}}));
  }
  return {};
}

Status add_source(const WholeSource& source, ImageAssembler& image) {
  XAAS_TRY(image.add_directory(std::string(kWholeSource), {0755, {}}));
  for (const SourceEntry& entry : source.entries) {
    const std::string path = fmt::format("{}/{}", kWholeSource, entry.path);
    const EntryOptions options{entry.permissions(), {}};
    switch (entry.kind) {
      case SourceKind::directory:
        XAAS_TRY(image.add_directory(path, options));
        break;
      case SourceKind::link:
        XAAS_TRY(image.add_symlink(path, entry.link_target, {0777, {}}));
        break;
      case SourceKind::file:
        XAAS_TRY(image.add_file(path, source.root / entry.path, options));
        break;
    }
  }
  return {};
}

Result<WrittenImage> write_contents(const fs::path& target, const WriterOptions& writer, const CaptureStore& objects,
                                    const fs::path& ir, const ImageContents& contents, const Manifest& manifest) {
  const std::string moved_prefix = is_movable(manifest) ? manifest.prefix : std::string();
  XAAS_ASSIGN(ImageAssembler image, ImageAssembler::create(target, writer, moved_prefix));
  for (std::size_t i = 0; i < contents.configurations.size(); ++i) {
    const std::string root = tree_root(manifest, manifest.configurations[i].name);
    XAAS_TRY(add_tree(contents.configurations[i], root, objects, image));
    if (!root.empty()) {
      // By this link, programs of a tree that is not at the root find .xaas.
      XAAS_TRY(image.add_symlink(root + std::string(kPrivateDirectory), private_directory_from(root), {0777, {}}));
    }
    XAAS_TRY(add_ready_files(contents.configurations[i], manifest.configurations[i], image));
  }
  for (const ConfigurationContents& configuration : contents.configurations) {
    for (const InstalledProgram& program : configuration.programs) {
      if (program.recipe) XAAS_TRY(add_recipe_parts(*program.recipe, objects, ir, image));
    }
  }
  for (const auto& [path, file] : contents.sources) XAAS_TRY(image.add_file(path, file, {}));
  if (manifest.source) XAAS_TRY(add_source(*contents.source, image));
  if (contents.configurations.size() > 1) {
    XAAS_TRY(image.add_symlink(fmt::format("{}/{}", kSourceDirectory, kBuildName),
                               build_directory(manifest.default_configuration), {0777, {}}));
  }
  const EntryOptions executable{0755, {}};
  for (const auto& [path, file] : contents.bundled) XAAS_TRY(image.add_file(path, file, executable));
  if (contents.worker) XAAS_TRY(image.add_file(manifest.toolchains.front().worker, contents.worker->file, executable));
  WrittenImage written;
  XAAS_ASSIGN(written.size, image.finish(manifest));
  written.padded = image.padded();
  return written;
}

Configuration describe(const ImageContents& contents, const ConfigurationContents& from) {
  Configuration configuration;
  configuration.name = from.plan.name;
  configuration.triple = contents.triple;
  configuration.rank = from.plan.rank;
  configuration.requires_ = from.plan.requires_;
  configuration.requires_.features = from.required_features;
  configuration.points = from.plan.points;
  configuration.libc = contents.libc.libc();
  configuration.libc_floor = from.needs.libc_floor;
  configuration.host_libraries = from.needs.libraries;
  configuration.levels = from.levels;
  configuration.shares_data = from.shares_data;
  for (const ReadyFiles& ready : from.ready) configuration.ready.push_back(ready.level);
  configuration.slots = from.slots;
  return configuration;
}

}  // namespace

Manifest make_manifest(const BuildPlan& plan, const ImageContents& contents) {
  Manifest manifest;
  manifest.name = plan.name;
  manifest.version = plan.version;
  manifest.prefix = plan.prefix;
  manifest.policy = plan.policy;
  manifest.main = plan.main;
  manifest.source = contents.about_source;
  if (plan.movable) manifest.features.incompat.emplace_back(kMovablePrefix);
  manifest.triples = {contents.triple};
  manifest.default_configuration = contents.configurations.front().plan.name;
  for (const ConfigurationContents& configuration : contents.configurations) {
    manifest.configurations.push_back(describe(contents, configuration));
  }
  manifest.runtime_libraries = contents.runtime_libraries;
  if (contents.worker) {
    manifest.toolchains.push_back({contents.triple,
                                   fmt::format("{}/{}/xaas-lower", kToolchainDirectory, contents.triple),
                                   contents.worker->digest, contents.worker->llvm, contents.worker->targets});
  }
  return manifest;
}

Result<WrittenImage> write_image(const fs::path& image, const WriterOptions& writer, const CaptureStore& objects,
                                 const fs::path& ir, const ImageContents& contents, const Manifest& manifest) {
  WrittenImage written;
  XAAS_TRY(write_staged(image, [&](const fs::path& staged) -> Status {
    XAAS_ASSIGN(written, write_contents(staged, writer, objects, ir, contents, manifest));
    return {};
  }));
  return written;
}

}  // namespace xaas
