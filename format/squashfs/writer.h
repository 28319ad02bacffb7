// Writes a SquashFS 4.0 image (zstd, 128 KiB blocks) in process through libsquashfs. Same entries, same bytes, whatever
// the order of the calls or the number of jobs: entries are sorted, owners are root, times are clamped, data is
// deduplicated byte by byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "format/base/error.h"
#include "format/squashfs/types.h"

namespace xaas {

struct WriterOptions {
  unsigned jobs = 1;       // compressor threads
  std::int64_t mtime = 0;  // of every entry (SOURCE_DATE_EPOCH): seconds since 1970
  int zstd_level = 15;
};

// Paths are relative to the root of the image, any byte but NUL and '/', components neither empty, "." nor "..".
// Parents are made as needed (0755). Adding a path twice is an error, but for directories. Not thread-safe.
class SquashfsWriter {
 public:
  // Writes to a temporary file beside `target`; only finish() makes `target` appear. Destroyed before: nothing is left.
  static Result<std::unique_ptr<SquashfsWriter>> create(const std::filesystem::path& target,
                                                        const WriterOptions& options);
  ~SquashfsWriter();

  Status add_directory(std::string_view path, const EntryOptions& options);
  Status add_bytes(std::string_view path, std::string content, const EntryOptions& options);
  // The file is read at finish(); holes stay holes.
  Status add_file(std::string_view path, const std::filesystem::path& source, const EntryOptions& options);
  Status add_symlink(std::string_view path, std::string_view target, const EntryOptions& options);
  Status add_hard_link(std::string_view path, std::string_view existing);

  // Writes everything, the trailer behind it, fsync, rename. Returns the size of the file in bytes.
  Result<std::uint64_t> finish();

 private:
  class Impl;
  explicit SquashfsWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace xaas
