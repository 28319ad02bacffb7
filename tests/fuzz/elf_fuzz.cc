// Readers of ELF files. Any bytes give errors or answers.
#include <algorithm>
#include <cstring>
#include <span>

#include "format/base/elf_file.h"
#include "lower/elf_needs.h"
#include "mkimage/record/link_shape.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto elf = xaas::ElfFile::parse(bytes)) {
    (void)elf->dynamic();
    (void)elf->needed_versions();
    (void)elf->dynamic_symbols();
    (void)elf->interpreter();
    (void)elf->build_id();
    (void)elf->content_digest();
    (void)elf->is_debug_only();
  }
  (void)xaas::build_id_in(bytes);
  (void)xaas::link_shape(bytes);
  const auto read = [&](std::uint64_t offset, std::span<std::byte> into) -> xaas::Result<std::size_t> {
    const std::size_t count = std::min<std::uint64_t>(into.size(), size - std::min<std::uint64_t>(offset, size));
    if (count > 0) std::memcpy(into.data(), data + offset, count);
    return count;
  };
  (void)xaas::read_elf_identity(read);
  (void)xaas::read_elf_needs(read);
  return 0;
}
