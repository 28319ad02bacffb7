// Readers of ELF files. Any bytes give errors or answers.
#include "format/base/elf_file.h"
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
  return 0;
}
