// The -o options of `xaas-mount`. Implements spec/mount.md, "Options".
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "lower/lowerer.h"

namespace xaas {

// With `automatic`, a ready file of the image is served until the lowered file is there. A file that has none waits.
enum class LowerWhen { automatic, wait, background, eager, never };

struct MountOptions {
  LowererOptions lowerer;  // config= cpu= features= gpu= policy= jobs= memory= cache= slot.NAME=
  LowerWhen when = LowerWhen::automatic;
  bool strict = false;
  std::optional<std::chrono::seconds> timeout;  // none: only the limit of this kernel's request timeout
  std::optional<std::chrono::seconds> idle;     // unmount after this time without requests; none: never
  std::uint64_t offset = 0;
  bool nonempty = false;  // the mountpoint may hold something, which the mount hides
  std::string prefix;     // shown in place of the image's placeholder; empty: the mountpoint
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::vector<std::string> kernel;  // handed on to the kernel and fusermount3: allow_other, auto_unmount, noexec
};

// Adds a comma-separated list of options to `options`. Code::invalid names the first option that is unknown or has a
// bad value. A word that begins with a sign belongs to the features, as in features=+a,-b, and one that begins with sm_
// to the GPUs.
Status parse_mount_options(std::string_view list, MountOptions& options);

// How long a read may wait: as the option says, but no longer than `kernel`. Nullopt: without a limit.
std::optional<std::chrono::milliseconds> read_timeout(const MountOptions& options,
                                                      std::optional<std::chrono::milliseconds> kernel);

// Somewhat less than the time after which this kernel would abort the mount. Nullopt: the kernel never aborts it.
std::optional<std::chrono::milliseconds> kernel_timeout();
// The same from the kernel's two settings, in seconds. 0 means that the kernel has no such limit.
std::optional<std::chrono::milliseconds> timeout_from_kernel(unsigned default_timeout, unsigned max_timeout);

}  // namespace xaas
