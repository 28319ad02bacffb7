// The bytes of a file as read-only memory. Truncating the file meanwhile kills the process, so map only files that
// nobody truncates.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>

#include "format/base/error.h"

namespace xaas {

// Owns the mapping. Move-only; immutable, thread-safe.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::string_view bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes_;
};

}  // namespace xaas
