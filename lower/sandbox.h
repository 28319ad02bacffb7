// Confines a worker: what it may call (seccomp) and what of the file system it sees (Landlock, else a namespace of its
// own). Prepared before fork(), entered after it. Implements spec/lowering.md, section "Worker".
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/base/file.h"

namespace xaas {

// What hides the rest of the file system. `best`: Landlock where the kernel has it, else a namespace.
enum class Confinement { best, landlock, chroot };

// A step of the child between fork() and exec that did not work.
struct SandboxFailure {
  const char* step = nullptr;  // a literal; null: none
  int error = 0;               // errno
  bool confining = false;      // this kernel does not offer what the step needs
};

class Sandbox {
 public:
  // `program_fd`: the number that the child gives the program's descriptor, the only one it may execute.
  static Result<Sandbox> prepare(const std::filesystem::path& scratch, Confinement confinement, int program_fd);

  // Descriptors that the child must keep until enter(); not valid where there is none. Owned by the sandbox.
  int scratch_fd() const { return scratch_.get(); }
  int ruleset_fd() const { return ruleset_.get(); }

  // In the child only: drops capabilities, hides the file system, makes the scratch directory the working directory,
  // and installs the filter. The descriptors are given by their numbers in the child. Async-signal-safe; nothing but
  // exec may follow. REQUIRES: the child's parent is the process that called prepare().
  SandboxFailure enter(int scratch_fd, int ruleset_fd);

 private:
  Sandbox();
  SandboxFailure die_with_parent() const;
  SandboxFailure hide_file_system(int scratch_fd, int ruleset_fd) const;
  SandboxFailure install_filter();

  pid_t parent_;
  Fd scratch_;
  Fd ruleset_;                       // Landlock; not valid: chroot
  std::vector<sock_filter> filter_;  // seccomp; enter() writes the child's process id into it
};

}  // namespace xaas
