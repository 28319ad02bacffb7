// Checks every digest of an image; declared in image.h. Implements spec/image-format.md, section "Verification".
#include <sys/stat.h>

#include <map>
#include <unordered_map>
#include <unordered_set>

#include "format/base/paths.h"
#include "format/base/text.h"
#include "format/image.h"
#include "format/image_walk.h"
#include "format/squashfs/xattrs.h"

namespace xaas {
namespace {

constexpr std::size_t kMaxProblems = 1000;  // so many are kept

class Verifier {
 public:
  Verifier(const Image& image, const std::function<void(std::string_view)>& progress)
      : image_(image), progress_(progress) {}

  Result<VerifyReport> run();

 private:
  // One of the three directories whose files are named by their digests.
  struct Store {
    std::string_view directory;
    std::string (*path)(const Digest&);
    std::unordered_set<Digest> found;
  };

  void problem(std::string_view line) {
    if (report_.problem_count++ < kMaxProblems) report_.problems.push_back(printable(line));
  }
  void problem(std::string_view path, std::string_view what) { problem(fmt::format("{}: {}", path, what)); }
  Status read_index();
  void check_entry(const std::string& path, const DirectoryEntry& entry);
  void check_type(const std::string& path, const DirectoryEntry& entry, const Attributes& attributes);
  void check_xattrs(std::string_view path, InodeRef ref);
  void check_file(const std::string& path, InodeRef ref);
  void check_missing();
  void check_stored(Store& store, const std::string& path, InodeRef ref);
  void check_indexed(const std::string& path, InodeRef ref);
  void check_recipe(const Digest& digest);
  void check_input(const Digest& recipe, const IrInput& input);
  void check_input(const Digest& recipe, const ObjectInput& input);
  void check_ir(const Digest& recipe, const Digest& ir, const std::string& name);
  void check_input(const Digest& recipe, const ArchiveInput& input);
  void check_input(const Digest& recipe, const FileOption& input);
  void check_input(const Digest&, const LibraryInput&) {}
  void check_input(const Digest&, const std::string&) {}
  void check_toolchains();
  Result<Digest> digest_of(InodeRef ref);

  const Image& image_;
  const std::function<void(std::string_view)>& progress_;
  VerifyReport report_;
  bool is_walked_ = true;  // the whole tree was visited, so records in unseen_ have no file
  std::map<std::string, FileRecord, std::less<>> unseen_;  // records whose file has not been visited
  std::unordered_set<Digest> wanted_recipes_;
  std::unordered_map<InodeRef, Digest> linked_;  // digests of files with several names
  Store ir_{kIrDirectory, ir_path, {}};
  Store objects_{kObjectDirectory, object_path, {}};
  Store recipes_{kRecipeDirectory, recipe_path, {}};
};

Result<VerifyReport> Verifier::run() {
  XAAS_TRY(read_index());
  check_xattrs("/", image_.squashfs().root());
  const auto walked =
      walk(image_.squashfs(), "", [this](const std::string& path, const DirectoryEntry& entry) -> Status {
        check_entry(path, entry);
        return {};
      });
  // Damage that hides a part of the tree is one more problem. The part that was visited is still checked.
  is_walked_ = walked.has_value();
  if (!is_walked_) problem(fmt::format("the tree cannot be read whole: {}", walked.error().message));
  if (is_walked_) check_missing();
  for (const Digest& digest : recipes_.found) check_recipe(digest);
  check_toolchains();
  report_.ir = ir_.found.size();
  report_.objects = objects_.found.size();
  report_.recipes = recipes_.found.size();
  if (report_.problem_count > kMaxProblems) {
    report_.problems.push_back(fmt::format("and {} more", report_.problem_count - kMaxProblems));
  }
  return std::move(report_);
}

void Verifier::check_missing() {
  for (const auto& [path, record] : unseen_) problem(path, "is in the index, but not in the image");
  for (const Digest& digest : wanted_recipes_) {
    if (!recipes_.found.contains(digest)) problem(recipe_path(digest), "is named by the index, but not in the image");
  }
}

Status Verifier::read_index() {
  std::string previous;
  for (std::uint64_t i = 0; i < image_.files().count(); ++i) {
    XAAS_ASSIGN(FileRecord record, image_.files().at(i));
    if (record.path <= previous) problem(record.path, "is out of order in the index");
    previous = record.path;
    if (!record.recipe.is_none()) wanted_recipes_.insert(record.recipe);
    unseen_.emplace(record.path, std::move(record));
  }
  return {};
}

void Verifier::check_entry(const std::string& path, const DirectoryEntry& entry) {
  const auto attributes = image_.squashfs().stat(entry.ref);
  if (!attributes) {
    unseen_.erase(path);
    return problem(path, attributes.error().message);
  }
  check_type(path, entry, *attributes);
  check_xattrs(path, entry.ref);
  if (S_ISREG(attributes->mode) && path != kIndexPath) check_file(path, entry.ref);
}

void Verifier::check_type(const std::string& path, const DirectoryEntry& entry, const Attributes& attributes) {
  if ((attributes.mode & S_IFMT) != entry.type) problem(path, "its directory and its inode disagree on its type");
  if (S_ISLNK(attributes.mode)) {
    if (auto target = image_.squashfs().read_link(entry.ref); !target) problem(path, target.error().message);
  } else if (!S_ISREG(attributes.mode) && !S_ISDIR(attributes.mode)) {
    problem(path, "is a special file, which an image cannot hold");
  }
}

void Verifier::check_xattrs(std::string_view path, InodeRef ref) {
  const auto xattrs = image_.squashfs().xattrs(ref);
  if (!xattrs) return problem(path, xattrs.error().message);
  const auto record = unseen_.find(path);
  const Digest recipe = record == unseen_.end() ? Digest() : record->second.recipe;
  for (const auto& [name, value] : *xattrs) {
    if (!name.starts_with(kXattrPrefix)) {
      problem(path, fmt::format("has the attribute {}, which an image cannot hold", name));
    }
    if (name == kRecipeXattr && (recipe.is_none() || value != recipe.to_string())) {
      problem(path, fmt::format("its attribute {} is not the recipe in the index", kRecipeXattr));
    }
  }
}

void Verifier::check_file(const std::string& path, InodeRef ref) {
  if (progress_) progress_(path);
  for (Store* store : {&ir_, &objects_, &recipes_}) {
    if (is_below(path, store->directory)) return check_stored(*store, path, ref);
  }
  check_indexed(path, ref);
}

void Verifier::check_stored(Store& store, const std::string& path, InodeRef ref) {
  const auto digest = digest_of(ref);
  if (!digest) return problem(path, digest.error().message);
  if (store.path(*digest) != path) return problem(path, "its content does not have the digest in its name");
  store.found.insert(*digest);
}

void Verifier::check_indexed(const std::string& path, InodeRef ref) {
  const auto found = unseen_.find(path);
  if (found == unseen_.end()) return problem(path, "is not in the index");
  const FileRecord record = std::move(found->second);
  unseen_.erase(found);
  ++report_.files;
  const auto attributes = image_.squashfs().stat(ref);
  if (!attributes) return problem(path, attributes.error().message);
  if (attributes->size != record.size) return problem(path, "its size is not the one in the index");
  const auto digest = digest_of(ref);
  if (!digest) return problem(path, digest.error().message);
  if (*digest != record.sha256) return problem(path, "its content does not have the digest in the index");
}

void Verifier::check_recipe(const Digest& digest) {
  const auto recipe = image_.recipe(digest);
  if (!recipe) return problem(recipe_path(digest), recipe.error().message);
  if (!is_walked_) return;
  for (const LinkArgument& argument : recipe->arguments) {
    std::visit([&](const auto& input) { check_input(digest, input); }, argument);
  }
}

void Verifier::check_input(const Digest& recipe, const IrInput& input) {
  if (input.native) check_input(recipe, ObjectInput{.digest = *input.native, .name = input.name});
  for (const DeviceCode& code : input.device) {
    check_input(recipe, ObjectInput{.digest = code.digest, .name = input.name});
  }
  check_ir(recipe, input.digest, input.name);
  for (const IrVariant& variant : input.variants) check_ir(recipe, variant.digest, input.name);
  for (const RegionCode& code : input.regions) check_ir(recipe, code.digest, input.name);
}

void Verifier::check_input(const Digest& recipe, const ObjectInput& input) {
  for (const RegionCode& code : input.runtime) check_ir(recipe, code.digest, input.name);
  if (objects_.found.contains(input.digest)) return;
  problem(recipe_path(recipe),
          fmt::format("needs {}, which is not in the image, for {}", object_path(input.digest), input.name));
}

void Verifier::check_ir(const Digest& recipe, const Digest& ir, const std::string& name) {
  if (ir_.found.contains(ir)) return;
  problem(recipe_path(recipe), fmt::format("needs {}, which is not in the image, for {}", ir_path(ir), name));
}

void Verifier::check_input(const Digest& recipe, const ArchiveInput& input) {
  for (const auto& member : input.members) std::visit([&](const auto& unit) { check_input(recipe, unit); }, member);
}

void Verifier::check_input(const Digest& recipe, const FileOption& input) {
  check_input(recipe, ObjectInput{.digest = input.digest, .name = input.option});
}

void Verifier::check_toolchains() {
  for (const Toolchain& toolchain : image_.manifest().toolchains) {
    const auto ref = image_.squashfs().resolve(toolchain.worker);
    const auto digest = ref.and_then([this](InodeRef worker) { return digest_of(worker); });
    if (!digest) {
      problem(toolchain.worker, digest.error().message);
    } else if (*digest != toolchain.digest) {
      problem(toolchain.worker, "its content does not have the digest in the manifest");
    }
  }
}

Result<Digest> Verifier::digest_of(InodeRef ref) {
  if (const auto known = linked_.find(ref); known != linked_.end()) return known->second;
  XAAS_ASSIGN(const Attributes attributes, image_.squashfs().stat(ref));
  XAAS_ASSIGN(const Digest digest, image_.squashfs().digest(ref));
  if (attributes.nlink > 1) linked_.emplace(ref, digest);
  return digest;
}

}  // namespace

Result<VerifyReport> verify(const Image& image, const std::function<void(std::string_view)>& progress) {
  return Verifier(image, progress).run();
}

}  // namespace xaas
