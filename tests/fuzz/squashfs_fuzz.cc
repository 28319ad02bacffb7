// The SquashFS reader. Any bytes give errors, or a tree that can be walked and read, in bounded time and memory. Start
// it with a corpus of small images; -max_len=16384 keeps it quick.
#include <sys/mman.h>
#include <unistd.h>

#include "format/base/file.h"
#include "format/image_walk.h"
#include "format/squashfs/reader.h"

namespace {

constexpr std::size_t kMaxContent = std::size_t{1} << 20;
constexpr int kMaxEntries = 2000;

xaas::Status visit_all(const xaas::SquashfsReader& reader) {
  int left = kMaxEntries;
  return xaas::walk(reader, "", [&](const std::string&, const xaas::DirectoryEntry& entry) -> xaas::Status {
    if (--left == 0) return xaas::fail(xaas::Code::interrupted, "enough");
    (void)reader.stat(entry.ref);
    (void)reader.xattrs(entry.ref);
    (void)reader.read_link(entry.ref);
    (void)reader.read_all(entry.ref, kMaxContent);
    return {};
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const xaas::Fd file(memfd_create("image", MFD_CLOEXEC));
  static const std::string path = fmt::format("/proc/self/fd/{}", file.get());
  if (ftruncate(file.get(), 0) != 0 || pwrite(file.get(), data, size, 0) != static_cast<ssize_t>(size)) return 0;
  const auto reader = xaas::SquashfsReader::open(path, {.offset = 0, .cache_bytes = 1 << 20});
  if (!reader) return 0;
  (void)(*reader)->resolve(".xaas/manifest.json");
  (void)visit_all(**reader);
  return 0;
}
