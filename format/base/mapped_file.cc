// mmap of whole files; see mapped_file.h.
#include "format/base/mapped_file.h"

#include <sys/mman.h>

#include "format/base/file.h"

namespace xaas {

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  XAAS_ASSIGN(const Fd fd, open_for_reading(path));
  XAAS_ASSIGN(const std::uint64_t size, file_size(fd.get()));
  if (size == 0) return MappedFile(std::string_view());
  void* address = mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address == MAP_FAILED) return fail_errno(fmt::format("cannot map {}", path.string()));
  return MappedFile(std::string_view(static_cast<const char*>(address), static_cast<std::size_t>(size)));
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace xaas
