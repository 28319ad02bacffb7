// The process that becomes a worker: from fork() to exec, and its end. Implements spec/lowering.md, section "Worker".
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "format/base/error.h"
#include "format/base/file.h"
#include "lower/sandbox.h"

namespace xaas {

// What the child needs, by its numbers in the parent.
struct ChildPlan {
  int input;
  int output;
  int messages;
  int program;
  int status;            // closed by exec; before, what did not work is written to it
  std::uint64_t memory;  // bytes; 0: no limit
  Sandbox* sandbox;
};

// The number that the child gives its program's descriptor: Sandbox::prepare() has to know.
inline constexpr int kChildProgramFd = 3;

// A process, or -1 and errno. All of its descriptors but those of the plan are closed.
pid_t fork_child(const ChildPlan& plan);

// Blocks until exec has closed the pipe whose end `status` is, or the child has said what did not work:
// Code::unsupported where this kernel offers no way to confine it.
Status check_started(int status);

// A child that is killed and reaped, whatever happens.
class Child {
 public:
  explicit Child(pid_t pid);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  int fd() const { return process_.get(); }  // readable when it has ended; -1 before Linux 5.3
  int status() const { return status_; }     // as of waitpid
  // Ends it in a way that it can catch, in the thread that has worked most: LLVM's handler prints what that is at.
  void abort_at_work() const;
  // Whether it has ended; `flags` as for waitpid.
  bool try_reap(int flags);

 private:
  void kill_now() const;

  pid_t pid_;
  Fd process_;
  int status_ = 0;
  bool ended_ = false;
};

}  // namespace xaas
