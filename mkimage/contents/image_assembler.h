// Puts an image together: every file with its record in the index, recipes, IR and objects by digest. Implements
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

// Not thread-safe. Destroyed without finish(), no image is left behind.
class ImageAssembler {
 public:
  // `prefix`: looked for in all files; empty: the image is not to be moved.
  static Result<ImageAssembler> create(const std::filesystem::path& target, const WriterOptions& options,
                                       std::string prefix);

  Status add_directory(const std::string& path, const EntryOptions& options);
  Status add_symlink(const std::string& path, const std::string& target, const EntryOptions& options);
  // `recipe`: none for a file that is served as it is. The file must stay as it is until finish().
  Status add_file(const std::string& path, const std::filesystem::path& file, EntryOptions options,
                  const Digest& recipe = {});
  // REQUIRES: `existing` was added by add_file().
  Status add_hard_link(const std::string& path, const std::string& existing);

  // Content that its digest names; what is there already is left alone.
  Status add_recipe(const Digest& digest, std::string json);
  Status add_ir(const Digest& digest, const std::filesystem::path& file);
  Status add_object(const Digest& digest, const std::filesystem::path& file);

  // What programs show filled up with '/' where a mount moves the prefix.
  const PaddedStrings& padded() const { return padded_; }

  // Adds manifest and index and writes it all. Returns the size of the image in bytes.
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
  std::vector<PrefixPlace> places_;  // of the prefix, file after file
  PaddedStrings padded_;
  std::map<std::string, FileRecord> records_;  // by path
  std::set<std::string> content_paths_;
};

}  // namespace xaas
