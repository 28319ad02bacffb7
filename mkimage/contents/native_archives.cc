// Runs llvm-objcopy on installed archives; see native_archives.h.
#include "mkimage/contents/native_archives.h"

#include <algorithm>
#include <filesystem>

#include "format/base/elf_file.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/base/sort_unique.h"
#include "mkimage/capture/ar_archive.h"
#include "mkimage/compiler/real_compiler.h"

namespace xaas {
namespace {

// The object files in `bytes`: the file itself, or the members of an archive.
std::vector<std::string_view> objects_in(std::string_view bytes) {
  std::vector<std::string_view> objects;
  if (is_archive(bytes)) {
    const auto archive = parse_archive(bytes);
    if (!archive) return objects;
    for (const ArMember& member : archive->members) objects.push_back(member.data);
  } else {
    objects.push_back(bytes);
  }
  std::erase_if(objects, [](std::string_view object) {
    const auto elf = ElfFile::parse(object);
    return !elf || elf->kind() != ElfKind::relocatable;
  });
  return objects;
}

bool has_bitcode(std::string_view object) {
  const auto elf = ElfFile::parse(object);
  return elf && elf->find_section(kBitcodeSection) != nullptr;
}

Status remove_bitcode(const std::filesystem::path& path) {
  XAAS_ASSIGN(const WritableFile writable, WritableFile::make(path));
  return copy_without_bitcode(path, path);
}

}  // namespace

Status copy_without_bitcode(const std::filesystem::path& from, const std::filesystem::path& to) {
  XAAS_ASSIGN(const ProcessOutput result, run_and_read({kObjcopy, fmt::format("--remove-section={}", kBitcodeSection),
                                                        from.string(), to.string()}));
  if (result.status.ok()) return {};
  return fail(Code::unsupported, "{} cannot take the bitcode out of {}: {}", kObjcopy, from.string(),
              result.error.substr(0, result.error.find('\n')));
}

Result<std::vector<Digest>> make_archives_native(const InstalledTree& tree, std::vector<std::string>& warnings) {
  std::vector<Digest> digests;
  for (const TreeEntry& entry : tree.entries) {
    const std::filesystem::path path = tree.path_of(entry);
    const std::filesystem::path extension = path.extension();
    if (!entry.is_first_file() || (extension != ".a" && extension != ".o")) continue;
    bool found = false;
    {
      XAAS_ASSIGN(const MappedFile file, MappedFile::open(path));
      for (const std::string_view object : objects_in(file.bytes())) {
        digests.push_back(Digest::of(object));
        found = found || has_bitcode(object);
      }
    }
    if (!found) continue;
    const auto status = remove_bitcode(path);
    if (!status && status.error().code != Code::unsupported) return tl::unexpected(status.error());
    if (!status) warnings.push_back(status.error().message);
  }
  sort_unique(digests);
  return digests;
}

}  // namespace xaas
