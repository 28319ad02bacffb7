// See memory_file.h.
#include "format/base/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace xaas {
namespace {

// Linux has these flags since 6.3. Older kernels let every memory file be executed.
#ifndef MFD_EXEC
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC 0x0010U
#endif

Result<Fd> fill(Fd file, std::string_view content) {
  if (!file.valid()) return fail_errno("cannot make a file in memory");
  XAAS_TRY(write_all(file.get(), content));
  if (lseek(file.get(), 0, SEEK_SET) != 0) return fail_errno("cannot rewind a file in memory");
  return file;
}

}  // namespace

Result<Fd> memory_file(const char* name, std::string_view content) {
  return fill(Fd(memfd_create(name, MFD_CLOEXEC)), content);
}

Result<Fd> sealed_memory_file(const char* name, std::string_view content, Execution execution) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Fd file(memfd_create(name, kFlags | (execution == Execution::yes ? MFD_EXEC : MFD_NOEXEC_SEAL)));
  if (!file.valid()) file = Fd(memfd_create(name, kFlags));
  XAAS_ASSIGN(Fd filled, fill(std::move(file), content));
  if (fcntl(filled.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return fail_errno("cannot seal a file in memory");
  }
  return filled;
}

}  // namespace xaas
