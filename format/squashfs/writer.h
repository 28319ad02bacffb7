// Writes a SquashFS 4.0 image with zstd in process through libsquashfs. The same entries give the same
// bytes, whatever the order of the calls or the number of jobs: entries are sorted, owners are root, times are clamped,
// data is deduplicated byte by byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "format/base/error.h"
#include "format/squashfs/types.h"

namespace xaas {

// The levels that zstd has for SquashFS.
inline constexpr int kLeastCompression = 1;
inline constexpr int kMostCompression = 22;

struct WriterOptions {
  unsigned jobs = 1;       // compressor threads
  std::int64_t mtime = 0;  // of every entry (SOURCE_DATE_EPOCH), in seconds since 1970
  int zstd_level = 9;      // kLeastCompression to kMostCompression. 15 takes four times the CPU for 6 % less
  std::uint32_t block_size = 128U << 10;  // a power of two, up to 1 MiB
  std::string runner{};  // make_runner(): stands in front of the image and makes the file executable; empty: none
};

// Paths are relative to the root of the image. Their components may have any byte except NUL and '/', and are neither
// empty, "." nor "..". Missing parents are made with mode 0755. Adding a path twice is an error, except for a directory
// with the same options. Not thread-safe.
class SquashfsWriter {
 public:
  // Writes to a temporary file beside `target`. Only finish() makes `target` appear. A writer that is destroyed before
  // that leaves nothing behind.
  static Result<std::unique_ptr<SquashfsWriter>> create(const std::filesystem::path& target,
                                                        const WriterOptions& options);
  ~SquashfsWriter();

  Status add_directory(std::string_view path, const EntryOptions& options);
  Status add_bytes(std::string_view path, std::string content, const EntryOptions& options);
  // finish() reads the file. Holes stay holes.
  Status add_file(std::string_view path, const std::filesystem::path& source, const EntryOptions& options);
  // finish() calls `content` once.
  Status add_stream(std::string_view path, Stream content, const EntryOptions& options);
  Status add_symlink(std::string_view path, std::string_view target, const EntryOptions& options);
  Status add_hard_link(std::string_view path, std::string_view existing);

  // Writes everything with the trailer behind it, calls fsync, and renames the file. Returns the size of the file in
  // bytes.
  Result<std::uint64_t> finish();

 private:
  class Impl;
  explicit SquashfsWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace xaas
