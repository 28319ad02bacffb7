// Confines a worker: seccomp limits its system calls, and Landlock or a namespace of its own limits the part of the
// file system it can use. prepare() is called before fork(), enter() after it. Implements spec/lowering.md, section
// "Worker".
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/base/file.h"

namespace xaas {

// The means that must hide the rest of the file system. `best` takes Landlock where the kernel has it, else a
// namespace.
enum class Confinement { best, landlock, chroot };

// A step of the child between fork() and exec that failed.
struct SandboxFailure {
  const char* step = nullptr;  // a string literal; null: no step failed
  int error = 0;               // errno
  bool confining = false;      // whether the kernel does not offer what the step needs
};

class Sandbox {
 public:
  // `program_fd` is the number of the program's descriptor in the child. The child may execute nothing else.
  static Result<Sandbox> prepare(const std::filesystem::path& scratch, Confinement confinement, int program_fd);

  // Descriptors that the child must keep until enter(); -1 if not needed. Owned by the sandbox.
  int scratch_fd() const { return scratch_.get(); }
  int ruleset_fd() const { return ruleset_.get(); }

  // Called in the child only. Hides the file system, makes the scratch directory the working directory, drops
  // capabilities, and installs the filter. The arguments are the descriptors' numbers in the child. Async-signal-safe;
  // only exec may follow. REQUIRES: the child's parent is the process that called prepare().
  SandboxFailure enter(int scratch_fd, int ruleset_fd);

 private:
  Sandbox();
  SandboxFailure die_with_parent() const;
  SandboxFailure hide_file_system(int scratch_fd, int ruleset_fd) const;
  SandboxFailure install_filter();

  pid_t parent_;
  Fd scratch_;
  Fd ruleset_;                       // Landlock ruleset; not valid if only chroot hides the file system
  std::vector<sock_filter> filter_;  // seccomp; enter() writes the child's process id into it
};

}  // namespace xaas
