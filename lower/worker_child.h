// The process that becomes a worker, from fork() through exec to its end. Implements spec/lowering.md, section
// "Worker".
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "format/base/error.h"
#include "format/base/file.h"
#include "lower/sandbox.h"

namespace xaas {

// What the child needs. Descriptors have their numbers in the parent.
struct ChildPlan {
  int input;
  int output;
  int messages;
  int program;
  int progress;
  int status;            // exec closes it; if a step before exec fails, the child writes a SandboxFailure to it
  std::uint64_t memory;  // bytes; 0: no limit
  Sandbox* sandbox;
  const char* const* arguments = nullptr;  // of the program, its name first, null at the end; null: a worker's
};

// The number of the program's descriptor in the child. Sandbox::prepare() needs it.
inline constexpr int kChildProgramFd = 3;

// Returns the child's process id, or -1 and sets errno. The child closes all descriptors but those of the plan.
pid_t fork_child(const ChildPlan& plan);

// Blocks until exec has closed the pipe whose end `status` is, or the child has reported a failed step.
// Code::unsupported if this kernel offers no way to confine the child, else Code::failed.
Status check_started(int status);

// Owns a child process. The destructor kills and reaps it.
class Child {
 public:
  explicit Child(pid_t pid);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  int fd() const { return process_.get(); }  // pidfd, readable when the child has ended; -1 before Linux 5.3
  int status() const { return status_; }     // as waitpid() reports it
  // Sends SIGABRT to the child's thread that has used most CPU time. LLVM's handler then prints what that thread is
  // working on.
  void abort_at_work() const;
  // Reaps the child if it has ended, and returns whether it has. `flags` are those of waitpid().
  bool try_reap(int flags);

 private:
  void kill_now() const;

  pid_t pid_;
  Fd process_;
  int status_ = 0;
  bool ended_ = false;
};

}  // namespace xaas
