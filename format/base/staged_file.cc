// See staged_file.h.
#include "format/base/staged_file.h"

#include <cstdio>

#include "format/base/file.h"
#include "format/base/interrupts.h"

namespace xaas {

Status write_staged(const std::filesystem::path& file,
                    const std::function<Status(const std::filesystem::path&)>& write) {
  XAAS_ASSIGN(const TempDirectory staging, TempDirectory::create(file.parent_path()));
  remove_on_interrupt(staging.path());
  const std::filesystem::path staged = staging.path() / file.filename();
  Status written = write(staged);
  if (written && rename(staged.c_str(), file.c_str()) != 0) {
    written = fail_errno(fmt::format("cannot create {}", file.string()));
  }
  keep_on_interrupt(staging.path());
  return written;
}

}  // namespace xaas
