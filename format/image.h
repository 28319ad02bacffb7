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

// Paths in the image, without a leading '/'.
inline constexpr std::string_view kPrivateDirectory = ".xaas";
inline constexpr std::string_view kManifestPath = ".xaas/manifest.json";
inline constexpr std::string_view kIndexPath = ".xaas/files";
inline constexpr std::string_view kIrDirectory = ".xaas/ir";
inline constexpr std::string_view kObjectDirectory = ".xaas/obj";
inline constexpr std::string_view kRecipeDirectory = ".xaas/recipe";
inline constexpr std::string_view kSourceDirectory = ".xaas/src";
// Below kSourceDirectory, the directory of generated files. They belong to the only configuration, or to the one that
// is shown.
inline constexpr std::string_view kBuildName = ".build";
std::string build_directory(std::string_view configuration);      // ".build-<configuration>", if there are several
inline constexpr std::string_view kWholeSource = ".xaas/source";  // the source tree; see manifest().source
inline constexpr std::string_view kTreeDirectory = ".xaas/tree";
inline constexpr std::string_view kReadyDirectory = ".xaas/ready";
inline constexpr std::string_view kToolchainDirectory = ".xaas/toolchain";
// Directories below a toolchain, with libraries for the toolchain's triple:
inline constexpr std::string_view kBundledLibraries = "lib";
inline constexpr std::string_view kStartAddition = "libxaas-start.so";  // bundled, for hosts with an older libc
inline constexpr std::string_view kLibcAddition = "libxaas-libc.so";
inline constexpr std::string_view kResolverAddition = "libxaas-resolver.so";
inline constexpr std::string_view kRuntimeLibraries = "runtime";  // of the compiler: the host's may be newer
// Below this directory, one for each slot, with the bundled libraries for which libraries of hosts can stand in:
inline constexpr std::string_view kSlotLibraries = "slot";
std::string slot_directory(std::string_view triple, std::string_view slot);  // ".xaas/toolchain/<triple>/slot/<slot>"
inline constexpr std::string_view kRecipeXattr = "user.xaas.recipe";
std::string ir_path(const Digest& digest);      // ".xaas/ir/<2>/<hex>.bc"
std::string object_path(const Digest& digest);  // ".xaas/obj/<2>/<hex>.o"
std::string recipe_path(const Digest& digest);  // ".xaas/recipe/<hex>.json"
// The directory with the files that a configuration installed: "" for the default configuration,
// ".xaas/tree/<triple>/<configuration>/" for another one. REQUIRES: the manifest has the configuration.
std::string tree_root(const Manifest& manifest, std::string_view configuration);
// The path of the private directory from `root`, the tree_root() of another configuration than the default one:
// "../../../../.xaas".
std::string private_directory_from(std::string_view root);
// The directory with the ready files of a configuration for a CPU. A file has its path in the tree there:
// ".xaas/ready/<triple>/<configuration>/<cpu>/".
std::string ready_root(const Configuration& configuration, std::string_view cpu);
// The tree_root() with which a path in the image begins.
std::string_view tree_root_of(std::string_view path);
// The path without its tree_root().
std::string_view path_in_tree(std::string_view path);

// Thread-safe, immutable after open.
class Image {
 public:
  // Opens an image. Refuses a file that is not an image, and an image with an unknown `incompat` feature. Reads only
  // the manifest and the header of the index.
  static Result<std::shared_ptr<const Image>> open(const std::filesystem::path& path,
                                                   const ReaderOptions& options = {});

  const std::filesystem::path& path() const { return path_; }
  const SquashfsReader& squashfs() const { return *reader_; }
  const Manifest& manifest() const { return manifest_; }
  const FileIndex& files() const { return *index_; }

  // These functions read a whole file and check its bytes against the digest that names it. Code::invalid when the
  // digest differs, when a recipe has more than 16 MiB, and when another file has more than 4 GiB.
  Result<Recipe> recipe(const Digest& digest) const;
  Result<std::string> ir(const Digest& digest) const;
  Result<std::string> object(const Digest& digest) const;
  // Reads a file of the tree by its path, and checks it against the index. Code::not_found when the index does not have
  // it.
  Result<std::string> file(std::string_view path) const;

 private:
  Image() = default;
  std::filesystem::path path_;
  std::shared_ptr<SquashfsReader> reader_;
  Manifest manifest_;
  std::optional<FileIndex> index_;
};

// The files with a recipe of the configuration whose tree_root() is `root`, in the order of the index.
Result<std::vector<FileRecord>> lowerable_records(const Image& image, std::string_view root);

// How the prefix is replaced when the image is shown at `directory`, an absolute path. Nullopt when the image's prefix
// is not movable. Code::invalid when `directory` is too long.
Result<std::optional<MovedPrefix>> moved_prefix(const Manifest& manifest, const std::filesystem::path& directory);

struct VerifyReport {
  std::uint64_t files = 0;  // checked against the index
  std::uint64_t ir = 0;
  std::uint64_t objects = 0;
  std::uint64_t recipes = 0;
  std::uint64_t problem_count = 0;    // 0: the image is whole
  std::vector<std::string> problems;  // one line each, fit for a terminal; after many, the last says how many more
};

// Reads everything in the image and checks every digest: those of the index, IR, objects and recipes. Also checks that
// the inputs of every recipe exist. Damage is a problem in the report, with one exception: an index that cannot be read
// is an error. `progress` (may be empty) is called with each path before the file is checked.
Result<VerifyReport> verify(const Image& image, const std::function<void(std::string_view)>& progress = {});

}  // namespace xaas
