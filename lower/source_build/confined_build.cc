// Makes namespaces and a root directory for a build; see confined_build.h.
#include "lower/source_build/confined_build.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "format/base/file.h"
#include "format/base/text.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNewRoot = "/tmp";  // until it becomes the root
// What makes up the system. The homes of users, /run with its sockets, and all else stay outside.
constexpr auto kSystem = std::to_array<const char*>(
    {"bin", "etc", "gnu", "lib", "lib32", "lib64", "libx32", "nix", "opt", "sbin", "sys", "usr"});
constexpr auto kDeviceFiles = std::to_array<const char*>({"full", "null", "random", "urandom", "zero"});
constexpr auto kDeviceLinks = std::to_array<std::pair<const char*, const char*>>(
    {{"fd", "/proc/self/fd"}, {"stdin", "fd/0"}, {"stdout", "fd/1"}, {"stderr", "fd/2"}});

Status mount_at(const fs::path& source, const fs::path& target, const char* type, unsigned long flags,
                const char* data = nullptr) {
  if (::mount(source.c_str(), target.c_str(), type, flags, data) == 0) return {};
  return fail_errno(fmt::format("cannot mount {} for the build", target.string()));
}

Status make_directories_at(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail(Code::io, "cannot make {} for the build: {}", path.string(), error.message());
  return {};
}

// With all mounts below `path`.
Status make_read_only(const fs::path& path) {
  mount_attr attributes{
      .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, .attr_clr = 0, .propagation = 0, .userns_fd = 0};
  if (::syscall(SYS_mount_setattr, AT_FDCWD, path.c_str(), AT_RECURSIVE, &attributes, sizeof attributes) == 0)
    return {};
  if (errno == ENOSYS) {
    return fail(Code::unsupported, "builds cannot be confined on this host: its kernel is older than Linux 5.12");
  }
  return fail_errno(fmt::format("cannot make {} read-only for the build", path.string()));
}

Status show_read_only(const fs::path& source, const fs::path& target) {
  XAAS_TRY(make_directories_at(target));
  XAAS_TRY(mount_at(source, target, nullptr, MS_BIND | MS_REC));
  return make_read_only(target);
}

Status write_map(const char* file, const std::string& text) {
  const Fd fd(::open(file, O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return fail_errno(file);
  return write_all(fd.get(), text);
}

// Namespaces of its own for mounts, processes, the network, and what processes of a user share. They need a user
// namespace, in which the user stays the same.
Status make_namespaces() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0) {
    return fail(Code::unsupported,
                "builds cannot be confined on this host: it allows no user namespaces (user.max_user_namespaces, "
                "kernel.unprivileged_userns_clone)");
  }
  XAAS_TRY(write_map("/proc/self/setgroups", "deny"));
  XAAS_TRY(write_map("/proc/self/uid_map", fmt::format("{0} {0} 1", uid)));
  XAAS_TRY(write_map("/proc/self/gid_map", fmt::format("{0} {0} 1", gid)));
  return mount_at("none", "/", nullptr, MS_REC | MS_PRIVATE);
}

// A build may talk to itself over the loopback device, which is the only one there.
Status raise_loopback() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP;
  if (socket.valid() && ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0) return {};
  return fail_errno("cannot raise the loopback device for the build");
}

Status make_devices(const fs::path& root) {
  XAAS_TRY(make_directories_at(root / "dev/shm"));
  for (const char* name : kDeviceFiles) {
    const fs::path target = root / "dev" / name;
    std::error_code ignored;
    if (!fs::exists(fs::path("/dev") / name, ignored)) continue;  // as in some containers
    const Fd place(::open(target.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    if (!place.valid()) return fail_errno(target.string());
    XAAS_TRY(mount_at(fs::path("/dev") / name, target, nullptr, MS_BIND));
  }
  std::error_code error;
  for (const auto& [name, target] : kDeviceLinks) fs::create_symlink(target, root / "dev" / name, error);
  return mount_at("tmpfs", root / "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV);
}

Status make_system(const fs::path& root) {
  for (const char* name : kSystem) {
    const fs::path source = fs::path("/") / name;
    std::error_code error;
    const fs::file_status status = fs::symlink_status(source, error);
    if (fs::is_symlink(status)) {
      fs::copy_symlink(source, root / name, error);
      if (error) return fail(Code::io, "{}: {}", source.string(), error.message());
    } else if (fs::is_directory(status)) {
      XAAS_TRY(show_read_only(source, root / name));
    }
  }
  return {};
}

// The root as the build sees it. Descriptors keep directories that kNewRoot covers.
Status make_root(const Fd& directory, const std::vector<std::pair<std::string, Fd>>& shown) {
  const fs::path root = kNewRoot;
  XAAS_TRY(mount_at("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"));
  XAAS_TRY(make_system(root));
  XAAS_TRY(make_devices(root));
  XAAS_TRY(make_directories_at(root / "proc"));
  XAAS_TRY(mount_at("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC));
  XAAS_TRY(make_directories_at(root / "tmp"));
  XAAS_TRY(mount_at("tmpfs", root / "tmp", "tmpfs", MS_NOSUID | MS_NODEV));
  XAAS_TRY(make_directories_at(root / "var"));
  std::error_code error;
  fs::create_symlink("/tmp", root / "var/tmp", error);
  const auto path_of = [](const Fd& fd) { return fmt::format("/proc/self/fd/{}", fd.get()); };
  for (const auto& [path, fd] : shown) {
    std::error_code ignored;
    if (fs::exists(root / fs::path(path).relative_path(), ignored)) continue;  // a part of what is shown already
    XAAS_TRY(show_read_only(path_of(fd), root / fs::path(path).relative_path()));
  }
  const fs::path place = root / fs::path(kConfinedDirectory).relative_path();
  XAAS_TRY(make_directories_at(place));
  return mount_at(path_of(directory), place, nullptr, MS_BIND);
}

Status enter_root() {
  if (::chdir(kNewRoot) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0 || ::umount2(".", MNT_DETACH) != 0 ||
      ::chdir("/") != 0) {
    return fail_errno("cannot enter the directory of the build");
  }
  return mount_at("tmpfs", "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV);
}

// The build could otherwise undo in its namespaces what was done there.
Status drop_rights() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("cannot give up new privileges");
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return fail_errno("cannot drop a capability");
  }
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) return fail_errno("cannot drop capabilities");
  return {};
}

// Opens directories by path before kNewRoot covers them.
Result<std::vector<std::pair<std::string, Fd>>> open_all(const std::vector<std::string>& paths) {
  std::vector<std::pair<std::string, Fd>> opened;
  for (const std::string& path : paths) {
    Fd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) return fail_errno(path);
    opened.emplace_back(path, std::move(fd));
  }
  return opened;
}

// In the child, which is the first process of the namespace: when it ends, all of them do.
Status become_build(const std::string& directory, const std::vector<std::string>& shown,
                    const std::vector<std::string>& command) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return fail_errno("cannot tie the build to its parent");
  XAAS_ASSIGN(auto opened, open_all({directory}));
  XAAS_ASSIGN(const auto others, open_all(shown));
  XAAS_TRY(raise_loopback());
  XAAS_TRY(make_root(opened.front().second, others));
  XAAS_TRY(enter_root());
  if (::chdir(kConfinedDirectory) != 0) return fail_errno(kConfinedDirectory);
  XAAS_TRY(drop_rights());
  return tl::unexpected(exec_process(command));
}

// The words up to the next "--", which is taken away too.
std::vector<std::string> take_list(std::vector<std::string>& words) {
  std::vector<std::string> list;
  while (!words.empty() && words.front() != "--") {
    list.push_back(std::move(words.front()));
    words.erase(words.begin());
  }
  if (!words.empty()) words.erase(words.begin());
  return list;
}

}  // namespace

bool is_of_system(const fs::path& path) {
  const fs::path relative = path.lexically_normal().relative_path();
  return path.is_absolute() && relative.has_relative_path() && is_in(kSystem, relative.begin()->string());
}

Result<std::vector<std::string>> confined_call(const ConfinedBuild& build) {
  XAAS_ASSIGN(const fs::path own, own_executable());
  std::vector<std::string> words = {"env", "-i"};
  for (const auto& [name, value] : build.environment) words.push_back(fmt::format("{}={}", name, value));
  words.insert(words.end(), {own.string(), kConfined, build.directory.string(), "--"});
  for (const fs::path& path : build.shown) words.push_back(path.string());
  words.emplace_back("--");
  words.insert(words.end(), build.command.begin(), build.command.end());
  return words;
}

Result<int> exec_confined(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = arguments;
  const std::vector<std::string> directory = take_list(words);
  const std::vector<std::string> shown = take_list(words);
  if (directory.size() != 1 || words.empty()) return fail(Code::invalid, "{} lacks its operands", kConfined);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return fail_errno("cannot tie the build to its parent");
  XAAS_TRY(make_namespaces());
  const pid_t child = ::fork();
  if (child < 0) return fail_errno("cannot start the build");
  if (child == 0) {
    const Status failed = become_build(directory.front(), shown, words);
    return tl::unexpected(failed.error());
  }
  XAAS_ASSIGN(const ExitStatus status, wait_for(child));
  return status.shell_code();
}

}  // namespace xaas
