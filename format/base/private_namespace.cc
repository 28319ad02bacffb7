// See private_namespace.h.
#include "format/base/private_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

#include "format/base/file.h"
#include "format/base/split.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// This does not use write_file(), because these files of the kernel are written in place and with one call.
Status write_setting(const char* path, const std::string& text) {
  const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return fail_errno(path);
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return fail_errno(path);
  return {};
}

Status enter_user_namespace() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    return fail(Code::unsupported,
                "this host allows no user namespaces (user.max_user_namespaces, kernel.unprivileged_userns_clone)");
  }
  XAAS_TRY(write_setting("/proc/self/setgroups", "deny"));
  XAAS_TRY(write_setting("/proc/self/uid_map", fmt::format("{0} {0} 1", uid)));
  return write_setting("/proc/self/gid_map", fmt::format("{0} {0} 1", gid));
}

Status mount_call(const fs::path& source, const fs::path& target, const char* type, unsigned long flags,
                  const char* data) {
  if (::mount(source.c_str(), target.c_str(), type, flags, data) == 0) return {};
  return fail_errno(fmt::format("cannot mount {} in a private namespace", target.string()));
}

Result<std::vector<std::string>> names_in(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return fail(Code::io, "{}: {}", path.string(), error.message());
  return names;
}

// Makes `target` the same file, directory or link as `source`.
Status show(const fs::path& source, const fs::path& target) {
  struct stat status{};
  if (::lstat(source.c_str(), &status) != 0) return errno == ENOENT ? Status() : Status(fail_errno(source.string()));
  std::error_code error;
  if (S_ISLNK(status.st_mode)) {
    fs::copy_symlink(source, target, error);
    if (error) return fail(Code::io, "{}: {}", target.string(), error.message());
    return {};
  }
  if (S_ISDIR(status.st_mode)) {
    if (::mkdir(target.c_str(), 0755) != 0) return fail_errno(target.string());
  } else {
    const Fd place(::open(target.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    if (!place.valid()) return fail_errno(target.string());
  }
  return mount_call(source, target, nullptr, MS_BIND | MS_REC, nullptr);
}

// Mounts a file system in memory at `place`. It shows the entries of `original`, and `directory` exists in it.
// `original` must be a path that is still valid once `place` is covered.
Status mount_copy(const fs::path& original, const fs::path& place, const fs::path& directory, NewEntries entries) {
  XAAS_ASSIGN(const std::vector<std::string> names, names_in(original));
  struct stat status{};
  if (::stat(original.c_str(), &status) != 0) return fail_errno(original.string());
  const std::string mode = fmt::format("mode={:o}", status.st_mode & 07777);
  XAAS_TRY(mount_call("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, mode.c_str()));
  for (const std::string& name : names) XAAS_TRY(show(original / name, place / name));
  std::error_code error;
  fs::create_directories(place / directory, error);
  if (error) return fail(Code::io, "{}: {}", directory.string(), error.message());
  if (entries == NewEntries::lost) return {};
  return mount_call("tmpfs", place, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr);
}

// A mount cannot cover the root. So the copy is made at another place and then becomes the root.
Status replace_root(const fs::path& directory, NewEntries entries) {
  std::string place = "/tmp/xaas-root-XXXXXX";
  if (::mkdtemp(place.data()) == nullptr) return fail_errno(place);
  const Status copied = mount_copy("/", place, directory, entries);
  if (!copied) {
    ::umount2(place.c_str(), MNT_DETACH);
    ::rmdir(place.c_str());
    return copied;
  }
  // The copy of /tmp contains the copy itself once more.
  const std::string inner = place + place;
  if (::umount2(inner.c_str(), MNT_DETACH) != 0) return fail_errno(inner);
  if (::chdir(place.c_str()) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0) return fail_errno("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0 || ::chdir("/") != 0) return fail_errno("pivot_root");
  ::rmdir(place.c_str());
  return {};
}

constexpr std::size_t kMountPoint = 4;  // the place of this field in a line of mountinfo

// A path as mountinfo has it.
std::string escaped(std::string_view path) {
  std::string text;
  for (const char c : path) {
    const bool is_plain = std::string_view(" \t\n\\").find(c) == std::string_view::npos;
    text += is_plain ? std::string(1, c) : fmt::format("\\{:03o}", static_cast<unsigned char>(c));
  }
  return text;
}

// Whether something is mounted below `directory`. An overlay would hide it.
Result<bool> holds_mounts(const fs::path& directory) {
  XAAS_ASSIGN(const Fd mounts, open_for_reading("/proc/self/mountinfo"));
  XAAS_ASSIGN(const std::string text, read_fd(mounts.get()));
  const std::string below = escaped(directory.string() + "/");
  return std::ranges::any_of(split(text, '\n'), [&](std::string_view line) {
    const std::vector<std::string_view> fields = split(line, ' ');
    return fields.size() > kMountPoint && fields[kMountPoint].starts_with(below);
  });
}

}  // namespace

Status enter_private_namespace() {
  if (::unshare(CLONE_NEWNS) != 0) XAAS_TRY(enter_user_namespace());
  // Mounts made outside still appear here. Mounts made here stay here.
  return mount_call("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr);
}

Status ensure_directory(const fs::path& directory, NewEntries entries) {
  std::error_code error;
  if (fs::is_directory(directory, error)) return {};
  if (fs::exists(directory, error))
    return fail(Code::invalid, "{}: cannot mount here: not a directory", directory.string());
  fs::path ancestor = directory;
  while (!fs::exists(ancestor, error)) ancestor = ancestor.parent_path();
  const fs::path missing = directory.lexically_relative(ancestor);
  const fs::path here = fs::current_path(error);
  if (ancestor == "/") {
    XAAS_TRY(replace_root(missing, entries));
  } else {
    const Fd covered(::open(ancestor.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!covered.valid()) return fail_errno(ancestor.string());
    XAAS_TRY(mount_copy(fmt::format("/proc/self/fd/{}", covered.get()), ancestor, missing, entries));
  }
  // Enter the same directory again, as it is seen through the new mounts.
  if (!here.empty() && ::chdir(here.c_str()) != 0) return fail_errno(here.string());
  return {};
}

Status bind_directory(const fs::path& source, const fs::path& target) {
  return mount_call(source, target, nullptr, MS_BIND | MS_REC, nullptr);
}

Status overlay_directory(const fs::path& directory, const fs::path& upper, const fs::path& scratch) {
  XAAS_ASSIGN(const bool hides, holds_mounts(directory));
  if (hides) return fail(Code::unsupported, "something is mounted in {}", directory.string());
  const std::string options =
      fmt::format("lowerdir={},upperdir={},workdir={}", directory.string(), upper.string(), scratch.string());
  if (std::ranges::count(options, ',') != 2 || options.find_first_of(":\\") != std::string::npos) {
    return fail(Code::unsupported, "a comma, colon or backslash stands in {} or {}", directory.string(),
                upper.string());
  }
  // In a user namespace the kernel must keep its own attributes where users may write them.
  if (mount_call("overlay", directory, "overlay", 0, (options + ",userxattr").c_str())) return {};
  return mount_call("overlay", directory, "overlay", 0, options.c_str());
}

}  // namespace xaas
