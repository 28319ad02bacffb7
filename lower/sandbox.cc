// Implements Landlock, namespaces and the seccomp filter for a worker; see sandbox.h.
#include "lower/sandbox.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <utility>

#include "format/base/memory_file.h"

namespace xaas {
namespace {

// Rights and attributes of rulesets that newer kernels know and the headers of this build may lack.
constexpr std::uint64_t kAccessRefer = 1ULL << 13;     // ABI 2
constexpr std::uint64_t kAccessTruncate = 1ULL << 14;  // ABI 3
constexpr std::uint64_t kAccessIoctl = 1ULL << 15;     // ABI 5
constexpr std::uint64_t kNetTcp = 0b11;                // ABI 4: bind and connect
constexpr std::uint64_t kScopes = 0b11;                // ABI 6: abstract sockets and signals

struct RulesetAttributes {
  std::uint64_t filesystem;
  std::uint64_t network;
  std::uint64_t scoped;
};

long landlock_abi() { return syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION); }

// The ruleset refuses everything except work on plain files and directories below the scratch directory.
Result<Fd> make_ruleset(int scratch, long abi) {
  RulesetAttributes attributes{.filesystem = kAccessRefer - 1, .network = 0, .scoped = 0};
  std::size_t size = sizeof(std::uint64_t);
  if (abi >= 2) attributes.filesystem |= kAccessRefer;
  if (abi >= 3) attributes.filesystem |= kAccessTruncate;
  if (abi >= 4) {
    attributes.network = kNetTcp;
    size += sizeof(std::uint64_t);
  }
  if (abi >= 5) attributes.filesystem |= kAccessIoctl;
  if (abi >= 6) {
    attributes.scoped = kScopes;
    size += sizeof(std::uint64_t);
  }
  Fd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (!ruleset.valid()) return fail_errno("cannot make a Landlock ruleset");
  constexpr std::uint64_t kInScratch = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
                                       LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                       LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                       LANDLOCK_ACCESS_FS_MAKE_REG | kAccessRefer | kAccessTruncate;
  const landlock_path_beneath_attr below{.allowed_access = kInScratch & attributes.filesystem, .parent_fd = scratch};
  if (syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &below, 0) != 0) {
    return fail_errno("cannot add a Landlock rule");
  }
  return ruleset;
}

// The calls that a statically linked program needs to compute, to use threads and to work on files that it can open.
// Calls that take a path are bounded by the part of the file system that the worker can use.
constexpr const char* kAllowed[] = {
    // memory
    "brk", "madvise", "mmap", "mprotect", "mremap", "msync", "munmap",
    // threads, signals to itself
    "arch_prctl", "futex", "get_robust_list", "getpid", "gettid", "membarrier", "restart_syscall", "rseq",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_yield", "set_robust_list",
    "set_tid_address", "sigaltstack", "exit", "exit_group",
    // open files
    "close", "close_range", "copy_file_range", "dup", "dup2", "dup3", "fadvise64", "fallocate", "fdatasync", "flock",
    "fstat", "fstatfs", "fsync", "ftruncate", "getdents64", "lseek", "pipe", "pipe2", "poll", "ppoll", "pread64",
    "preadv", "pwrite64", "pwritev", "read", "readv", "write", "writev",
    // files by name; without truncate(), which Landlock cannot refuse before Linux 6.2
    "access", "faccessat", "faccessat2", "getcwd", "lstat", "mkdir", "mkdirat", "newfstatat", "open", "openat",
    "readlink", "readlinkat", "rename", "renameat", "renameat2", "rmdir", "stat", "statfs", "statx", "umask", "unlink",
    "unlinkat",
    // facts about the process and the machine
    "clock_getres", "clock_gettime", "clock_nanosleep", "getcpu", "getegid", "geteuid", "getgid", "getrandom",
    "getrlimit", "getrusage", "gettimeofday", "getuid", "nanosleep", "sysinfo", "time", "times", "uname"};

// Calls for which no worker has a reason. They kill the worker instead of failing, so that the attempt is seen.
constexpr const char* kKilled[] = {
    // network
    "accept", "accept4", "bind", "connect", "listen", "sendmsg", "sendto", "socket", "socketpair",
    // other programs and processes
    "execve", "fork", "kill", "pidfd_getfd", "pidfd_open", "pidfd_send_signal", "process_vm_readv", "process_vm_writev",
    "ptrace", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tkill", "vfork",
    // another view of the file system
    "chroot", "fsopen", "mount", "move_mount", "open_by_handle_at", "open_tree", "pivot_root", "setns", "umount2",
    "unshare",
    // the kernel itself
    "add_key", "bpf", "delete_module", "finit_module", "init_module", "io_uring_setup", "kexec_file_load", "kexec_load",
    "keyctl", "perf_event_open", "reboot", "request_key", "userfaultfd"};

// Stands in the filter for the worker's process id, which exists only after fork().
constexpr std::uint32_t kOwnPid = 0x78616173;

using FilterContext = std::unique_ptr<void, decltype(&seccomp_release)>;

scmp_arg_cmp equals(unsigned argument, std::uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};
}

scmp_arg_cmp has_bits(unsigned argument, std::uint64_t mask, std::uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

// 0, or a negative errno value.
int add_rules(scmp_filter_ctx context, int program_fd) {
  int status = 0;
  const auto add = [&](std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> arguments) {
    const int call = seccomp_syscall_resolve_name(name);
    if (status != 0 || call < 0) return;  // this machine or this libseccomp has no such call
    status = seccomp_rule_add_array(context, action, call, static_cast<unsigned>(arguments.size()), arguments.begin());
  };
  for (const char* call : kAllowed) add(SCMP_ACT_ALLOW, call, {});
  for (const char* call : kKilled) add(SCMP_ACT_KILL_PROCESS, call, {});
  add(SCMP_ACT_ALLOW, "tgkill", {equals(0, kOwnPid)});
  add(SCMP_ACT_ALLOW, "prlimit64", {equals(0, 0), equals(2, 0)});
  for (const int command : {F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_SETLK, F_SETLKW}) {
    add(SCMP_ACT_ALLOW, "fcntl", {equals(1, static_cast<std::uint64_t>(command))});
  }
  // Allows threads and no processes. clone3 keeps its flags in memory, where a filter cannot look. It gets ENOSYS, and
  // libc falls back to clone.
  add(SCMP_ACT_ALLOW, "clone", {has_bits(0, CLONE_THREAD, CLONE_THREAD)});
  add(SCMP_ACT_KILL_PROCESS, "clone", {has_bits(0, CLONE_THREAD, 0)});
  add(SCMP_ACT_ERRNO(ENOTTY), "ioctl", {});
  add(SCMP_ACT_ALLOW, "execveat", {equals(0, static_cast<std::uint64_t>(program_fd)), equals(4, AT_EMPTY_PATH)});
  return status;
}

Result<std::vector<sock_filter>> make_filter(int program_fd) {
  // All other calls fail as on an old kernel, which every libc can handle.
  const FilterContext context(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), &seccomp_release);
  if (!context) return fail(Code::unsupported, "cannot make a seccomp filter for this machine");
  if (const int status = add_rules(context.get(), program_fd); status != 0) {
    errno = -status;
    return fail_errno("cannot make a seccomp rule");
  }
  XAAS_ASSIGN(const Fd file, memory_file("filter", ""));
  if (const int status = seccomp_export_bpf(context.get(), file.get()); status != 0) {
    errno = -status;
    return fail_errno("cannot export the seccomp filter");
  }
  lseek(file.get(), 0, SEEK_SET);
  XAAS_ASSIGN(const std::string bytes, read_fd(file.get(), 1 << 20));
  std::vector<sock_filter> filter(bytes.size() / sizeof(sock_filter));
  std::memcpy(filter.data(), bytes.data(), filter.size() * sizeof(sock_filter));
  return filter;
}

SandboxFailure drop_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  if (syscall(SYS_capset, &header, none.data()) != 0) return {.step = "drop capabilities", .error = errno};
  return {};
}

}  // namespace

Sandbox::Sandbox() : parent_(getpid()) {}

Result<Sandbox> Sandbox::prepare(const std::filesystem::path& scratch, Confinement confinement, int program_fd) {
  Sandbox sandbox;
  sandbox.scratch_ = Fd(open(scratch.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!sandbox.scratch_.valid()) return fail_errno(fmt::format("cannot open {}", scratch.string()));
  const long abi = confinement == Confinement::chroot ? 0 : landlock_abi();
  if (abi >= 1) {
    XAAS_ASSIGN(sandbox.ruleset_, make_ruleset(sandbox.scratch_.get(), abi));
  } else if (confinement == Confinement::landlock) {
    return fail(Code::unsupported, "this kernel has no Landlock");
  }
  XAAS_ASSIGN(sandbox.filter_, make_filter(program_fd));
  return sandbox;
}

SandboxFailure Sandbox::enter(int scratch_fd, int ruleset_fd) {
  if (const SandboxFailure failure = hide_file_system(scratch_fd, ruleset_fd); failure.step != nullptr) return failure;
  if (const SandboxFailure failure = drop_capabilities(); failure.step != nullptr) return failure;
  // This comes after the change of credentials, which would undo it.
  if (const SandboxFailure failure = die_with_parent(); failure.step != nullptr) return failure;
  return install_filter();
}

SandboxFailure Sandbox::die_with_parent() const {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return {.step = "tie the worker to its parent", .error = errno};
  // A parent that died before that call sends no signal.
  if (getppid() != parent_) return {.step = "start before its parent ended", .error = ESRCH};
  return {};
}

SandboxFailure Sandbox::hide_file_system(int scratch_fd, int ruleset_fd) const {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return {.step = "give up new privileges", .error = errno};
  if (fchdir(scratch_fd) != 0) return {.step = "enter the scratch directory", .error = errno};
  // A namespace is tried even with Landlock, which does not hide names, sizes and times of files. With Landlock it may
  // fail.
  const bool has_namespace = unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
  const int no_namespace = errno;
  const bool has_root = has_namespace && chroot(".") == 0 && chdir("/") == 0;
  if (!ruleset_.valid()) {
    if (!has_namespace) return {.step = "make a user namespace", .error = no_namespace, .confining = true};
    if (!has_root) return {.step = "change the root directory", .error = errno, .confining = true};
  } else if (syscall(SYS_landlock_restrict_self, ruleset_fd, 0) != 0) {
    return {.step = "apply the Landlock ruleset", .error = errno, .confining = true};
  }
  return {};
}

SandboxFailure Sandbox::install_filter() {
  const auto pid = static_cast<std::uint32_t>(getpid());
  for (sock_filter& instruction : filter_) {
    if (instruction.code == (BPF_JMP | BPF_JEQ | BPF_K) && instruction.k == kOwnPid) instruction.k = pid;
  }
  const sock_fprog program{.len = static_cast<unsigned short>(filter_.size()), .filter = filter_.data()};
  // By default a filter turns on speculation mitigations, which cost time and protect nobody here. Kernels before 4.17
  // do not know the flag that leaves them off.
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0) return {};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0) return {};
  return {.step = "install the seccomp filter", .error = errno, .confining = true};
}

}  // namespace xaas
