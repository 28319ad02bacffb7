// See module_progress.h. lld does not say which modules are done, but it takes each of them from LLVM's cache, also
// right after it was made. So the linker puts the function here in place of LLVM's localCache(), for lld's calls
// (`--wrap` in lower/CMakeLists.txt).
#include "lower/engine/module_progress.h"

#include <fcntl.h>
#include <llvm/Support/Caching.h>
#include <llvm/Support/MemoryBuffer.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "format/base/file.h"
#include "lower/job.h"

namespace xaas {
namespace {

int progress_fd = -1;  // set before other threads start

}  // namespace

void begin_module_progress() {
  const char* value = std::getenv(kProgressVariable);  // NOLINT(concurrency-mt-unsafe): one thread still
  if (value == nullptr) return;
  const std::string_view text = value;
  int fd = -1;
  if (std::from_chars(text.data(), text.data() + text.size(), fd).ec != std::errc()) return;
  if (::fcntl(fd, F_GETFD) >= 0) progress_fd = fd;
}

void module_is_done() {
  // A parent that is not there to read is no reason to fail.
  if (progress_fd >= 0) static_cast<void>(write_all(progress_fd, "."));
}

}  // namespace xaas

// The names that the linker gives to LLVM's function and to the one that lld calls instead.
#define XAAS_LOCAL_CACHE                                                                                             \
  "_ZN4llvm10localCacheERKNS_5TwineES2_S2_St8functionIFvjS2_St10unique_ptrINS_12MemoryBufferESt14default_deleteIS5_" \
  "EEEE"

namespace xaas {

llvm::Expected<llvm::FileCache> real_local_cache(const llvm::Twine& name, const llvm::Twine& prefix,
                                                 const llvm::Twine& directory,
                                                 llvm::AddBufferFn add) asm("__real_" XAAS_LOCAL_CACHE);
llvm::Expected<llvm::FileCache> counting_local_cache(const llvm::Twine& name, const llvm::Twine& prefix,
                                                     const llvm::Twine& directory,
                                                     llvm::AddBufferFn add) asm("__wrap_" XAAS_LOCAL_CACHE);

llvm::Expected<llvm::FileCache> counting_local_cache(const llvm::Twine& name, const llvm::Twine& prefix,
                                                     const llvm::Twine& directory, llvm::AddBufferFn add) {
  auto counting = [add = std::move(add)](unsigned task, const llvm::Twine& module,
                                         std::unique_ptr<llvm::MemoryBuffer> object) {
    add(task, module, std::move(object));
    module_is_done();
  };
  return real_local_cache(name, prefix, directory, std::move(counting));
}

}  // namespace xaas
