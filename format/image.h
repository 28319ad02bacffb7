// An XaaS image opened for reading: the SquashFS with its manifest, index and recipes. Implements spec/image-format.md.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "format/file_index.h"
#include "format/manifest.h"
#include "format/moved_prefix.h"
#include "format/recipe.h"
#include "format/squashfs/reader.h"

namespace xaas {

// Places in the image; no leading '/'.
inline constexpr std::string_view kPrivateDirectory = ".xaas";
inline constexpr std::string_view kManifestPath = ".xaas/manifest.json";
inline constexpr std::string_view kIndexPath = ".xaas/files";
inline constexpr std::string_view kIrDirectory = ".xaas/ir";
inline constexpr std::string_view kObjectDirectory = ".xaas/obj";
inline constexpr std::string_view kRecipeDirectory = ".xaas/recipe";
inline constexpr std::string_view kSourceDirectory = ".xaas/src";
// Below it, generated files: of the only configuration, or of the one that is shown.
inline constexpr std::string_view kBuildName = ".build";
std::string build_directory(std::string_view configuration);  // ".build-<configuration>", where there are several
inline constexpr std::string_view kTreeDirectory = ".xaas/tree";
inline constexpr std::string_view kToolchainDirectory = ".xaas/toolchain";
// Below a toolchain, and of its triple:
inline constexpr std::string_view kBundledLibraries = "lib";
inline constexpr std::string_view kRuntimeLibraries = "runtime";  // of the compiler: the host's may be newer
inline constexpr std::string_view kRecipeXattr = "user.xaas.recipe";
std::string ir_path(const Digest& digest);      // ".xaas/ir/<2>/<hex>.bc"
std::string object_path(const Digest& digest);  // ".xaas/obj/<2>/<hex>.o"
std::string recipe_path(const Digest& digest);  // ".xaas/recipe/<hex>.json"
// Where what a configuration installed is: "" for the default one, ".xaas/tree/<triple>/<configuration>/" for another.
// REQUIRES: the manifest has it.
std::string tree_root(const Manifest& manifest, std::string_view configuration);
// The tree_root() that a path in the image begins with.
std::string_view tree_root_of(std::string_view path);
// The path without it.
std::string_view path_in_tree(std::string_view path);

// Thread-safe, immutable after open.
class Image {
 public:
  // Refuses what is not an image, and unknown `incompat` features. Reads the manifest and the header of the index only.
  static Result<std::shared_ptr<const Image>> open(const std::filesystem::path& path,
                                                   const ReaderOptions& options = {});

  const std::filesystem::path& path() const { return path_; }
  const SquashfsReader& squashfs() const { return *reader_; }
  const Manifest& manifest() const { return manifest_; }
  const FileIndex& files() const { return *index_; }

  // The bytes are checked against the digest that names them: Code::invalid when they differ, and when there are more
  // than 16 MiB of a recipe or 4 GiB of anything else, which is read whole.
  Result<Recipe> recipe(const Digest& digest) const;
  Result<std::string> ir(const Digest& digest) const;
  Result<std::string> object(const Digest& digest) const;
  // A file of the tree by path, checked against the index.
  Result<std::string> file(std::string_view path) const;

 private:
  Image() = default;
  std::filesystem::path path_;
  std::shared_ptr<SquashfsReader> reader_;
  Manifest manifest_;
  std::optional<FileIndex> index_;
};

// The files that have a recipe, of the configuration whose tree_root() is `root`, in the order of the index.
Result<std::vector<FileRecord>> lowerable_records(const Image& image, std::string_view root);

// For showing the image at `directory`, which is absolute; nullopt when its prefix stays as it is. Code::invalid when
// the path is too long.
Result<std::optional<MovedPrefix>> moved_prefix(const Manifest& manifest, const std::filesystem::path& directory);

struct VerifyReport {
  std::uint64_t files = 0;  // checked against the index
  std::uint64_t ir = 0;
  std::uint64_t objects = 0;
  std::uint64_t recipes = 0;
  std::uint64_t problem_count = 0;    // 0: the image is whole
  std::vector<std::string> problems;  // one line each, fit for a terminal; of very many the first, and how many follow
};

// Reads everything the image holds and checks every digest: of the index, IR, objects, recipes, and that every recipe's
// inputs exist. Damage is a problem in the report, but for an index that cannot be read, which is an error. `progress`
// (may be empty) is called with the path about to be checked.
Result<VerifyReport> verify(const Image& image, const std::function<void(std::string_view)>& progress = {});

}  // namespace xaas
