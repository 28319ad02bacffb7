// Assembles an image: every file with its record in the index; recipes, IR and objects by digest. Implements
// spec/image-format.md, "Layout".
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "format/file_index.h"
#include "format/manifest.h"
#include "format/recipe.h"
#include "format/squashfs/writer.h"

namespace xaas {

// Strings in which the prefix cannot be shortened.
struct PaddedStrings {
  std::size_t count = 0;
  std::size_t files = 0;
  std::string example;  // the path of one of the files
};

// Not thread-safe. If the object is destroyed without finish(), it leaves no image behind.
class ImageAssembler {
 public:
  // `prefix` is looked for in all files; empty: the image has no movable prefix.
  static Result<ImageAssembler> create(const std::filesystem::path& target, const WriterOptions& options,
                                       std::string prefix);

  Status add_directory(const std::string& path, const EntryOptions& options);
  Status add_symlink(const std::string& path, const std::string& target, const EntryOptions& options);
  // `recipe` is not set for a file that is served as it is. The file must not change until finish().
  // `device_bytes`: the sizes of all code for GPUs that the recipe names, by which the lowered file may be larger.
  Status add_file(const std::string& path, const std::filesystem::path& file, EntryOptions options,
                  const Digest& recipe = {}, std::uint64_t device_bytes = 0);
  // REQUIRES: `existing` was added by add_file().
  Status add_hard_link(const std::string& path, const std::string& existing);

  // These functions add content that its digest names. Content that is there already is not added again.
  Status add_recipe(const Digest& digest, std::string json);
  Status add_ir(const Digest& digest, const std::filesystem::path& file);
  Status add_object(const Digest& digest, const std::filesystem::path& file);

  // The strings that programs show filled up with '/' when a mount replaces the prefix.
  const PaddedStrings& padded() const { return padded_; }

  // Adds the manifest and the index, and writes the image. Returns its size in bytes.
  Result<std::uint64_t> finish(const Manifest& manifest);

 private:
  ImageAssembler(std::unique_ptr<SquashfsWriter> writer, std::string prefix)
      : writer_(std::move(writer)), prefix_(std::move(prefix)) {}
  Status read_content(int file, FileRecord& record);
  void count_padded(const FileRecord& record, std::size_t count);
  Status add_bytes(const std::string& path, std::string content);
  bool is_new(const std::string& path) { return content_paths_.insert(path).second; }

  std::unique_ptr<SquashfsWriter> writer_;
  std::string prefix_;
  std::vector<PrefixPlace> places_;  // places of the prefix, file after file
  PaddedStrings padded_;
  std::map<std::string, FileRecord> records_;  // by path
  std::set<std::string> content_paths_;
};

}  // namespace xaas
