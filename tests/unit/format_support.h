// What the tests of format/ share: a directory that is removed at the end, results that must be good, a small complete
// image.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "format/base/file.h"
#include "format/image.h"
#include "format/squashfs/writer.h"

namespace xaas::test {

// Returns the value of `result`. Fails the test with the message of `result` if there is no value.
template <typename T>
T good(Result<T> result) {
  INFO((result ? std::string() : result.error().message));
  REQUIRE(result.has_value());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Returns the message of `result`, which must be an error with `code` and on one line.
template <typename T>
std::string bad(const Result<T>& result, Code code) {
  REQUIRE_FALSE(result.has_value());
  INFO(result.error().message);
  CHECK(result.error().code == code);
  CHECK(result.error().message.find('\n') == std::string::npos);
  CHECK_FALSE(result.error().message.empty());
  return result.error().message;
}

// The time in which a test that waits must have been served.
inline constexpr std::chrono::seconds kPatience(30);
inline constexpr const char* kTriple = "x86_64-pc-linux-gnu";

inline TempDirectory scratch() { return good(TempDirectory::create(std::filesystem::temp_directory_path())); }

// Returns what `work` writes to standard error, by itself or through programs that it runs.
template <typename Work>
std::string errors_of(const Work& work) {
  const TempFile file = good(TempFile::create(std::filesystem::temp_directory_path()));
  std::fflush(stderr);
  const Fd before(dup(STDERR_FILENO));
  dup2(file.fd(), STDERR_FILENO);
  work();
  std::fflush(stderr);
  dup2(before.get(), STDERR_FILENO);
  return good(read_file(file.path()));
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// A manifest that parses.
inline Manifest small_manifest() {
  Manifest manifest;
  manifest.name = "demo";
  manifest.version = "1.0";
  manifest.prefix = "/opt/demo";
  manifest.triples = {kTriple};
  manifest.default_configuration = "default";
  manifest.configurations.emplace_back();
  manifest.configurations.back().name = "default";
  manifest.configurations.back().triple = kTriple;
  manifest.configurations.back().libc_floor = "GLIBC_2.34";
  manifest.configurations.back().host_libraries = {"libc.so.6"};
  return manifest;
}

// A recipe of one module and one object, which are the texts "module" and "object".
inline Recipe small_recipe() {
  Recipe recipe;
  recipe.triple = kTriple;
  recipe.output = "tool";
  recipe.arguments = {"--as-needed", IrInput{.digest = Digest::of("module"), .name = "a.o", .features = {"+avx2"}},
                      ObjectInput{.digest = Digest::of("object"), .name = "b.o"}, LibraryInput{.soname = "libc.so.6"}};
  return recipe;
}

// Adds files one by one, and adds their index in finish().
class ImageBuilder {
 public:
  explicit ImageBuilder(const std::filesystem::path& target)
      : writer_(good(SquashfsWriter::create(target, {.jobs = 1, .mtime = 1700000000, .zstd_level = 3}))) {}

  SquashfsWriter& writer() { return *writer_; }
  void add(const std::string& path, const std::string& content, const Digest& recipe = {}) {
    FileRecord record{.path = path, .sha256 = Digest::of(content), .recipe = recipe, .size = content.size()};
    EntryOptions options{.permissions = 0755};
    if (!recipe.is_none()) {
      record.promised_size = promised_size(content.size());
      options.xattrs[std::string(kRecipeXattr)] = recipe.to_string();
    }
    records.push_back(record);
    good(writer_->add_bytes(path, content, options));
  }
  void add_unindexed(const std::string& path, const std::string& content) {
    good(writer_->add_bytes(path, content, {}));
  }
  std::uint64_t finish() {
    good(writer_->add_bytes(kIndexPath, encode_file_index(records, places), {}));
    return good(writer_->finish());
  }

  std::vector<FileRecord> records;
  std::vector<PrefixPlace> places;  // of the prefix, file after file

 private:
  std::unique_ptr<SquashfsWriter> writer_;
};

// A small image has every kind of content. That of "share/data" is kDataSize bytes that do not compress.
inline constexpr std::size_t kDataSize = 140000;
inline std::string noise(std::size_t size) {
  std::string text(size, '\0');
  std::uint64_t state = 42;
  for (char& c : text) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    c = static_cast<char>(state >> 56);
  }
  return text;
}

inline void fill(ImageBuilder& builder) {
  const std::string recipe = to_json(small_recipe());
  builder.add(std::string(kManifestPath), to_json(small_manifest()));
  builder.add_unindexed(ir_path(Digest::of("module")), "module");
  builder.add_unindexed(object_path(Digest::of("object")), "object");
  builder.add_unindexed(recipe_path(Digest::of(recipe)), recipe);
  builder.add("bin/tool", std::string(5000, 'x'), Digest::of(recipe));
  builder.add("share/data", noise(kDataSize));
  builder.add(".xaas/src/main.c", "int main(void) { return 0; }\n");
  good(builder.writer().add_symlink("bin/alias", "tool", {}));
}

inline std::filesystem::path small_image(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "demo.xaas";
  ImageBuilder builder(path);
  fill(builder);
  builder.finish();
  return path;
}

}  // namespace xaas::test
