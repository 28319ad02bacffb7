// posix_spawn with its actions and attributes; see process.h.
#include "format/base/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "format/base/file.h"
#include "format/base/memory_file.h"
#include "format/base/split.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to us

namespace xaas {
namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> merged_environment(const Variables& added) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced = std::ranges::any_of(added, [&](const auto& pair) { return pair.first == name; });
    if (!replaced) result.emplace_back(text);
  }
  for (const auto& [name, value] : added) result.push_back(fmt::format("{}={}", name, value));
  return result;
}

// Owns the two objects that posix_spawn wants.
class SpawnSetup {
 public:
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  int apply(const ProcessOptions& options) {
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    auto flags = static_cast<short>(POSIX_SPAWN_SETSIGMASK);
    if (options.own_group) {
      posix_spawnattr_setpgroup(&attributes_, 0);
      flags = static_cast<short>(flags | POSIX_SPAWN_SETPGROUP);
    }
    posix_spawnattr_setflags(&attributes_, flags);
    const int wanted[] = {options.input, options.output, options.error};
    for (int target = 0; target < 3; ++target) {
      if (wanted[target] < 0) continue;
      if (const int error = posix_spawn_file_actions_adddup2(&actions_, wanted[target], target)) return error;
    }
    if (options.directory.empty()) return 0;
    return posix_spawn_file_actions_addchdir_np(&actions_, options.directory.c_str());
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

std::string ExitStatus::to_string() const {
  return signal == 0 ? fmt::format("exit status {}", code) : fmt::format("killed by signal {}", signal);
}

Result<pid_t> start_process(const ProcessOptions& options) {
  std::vector<std::string> arguments = options.arguments;
  std::vector<std::string> environment = merged_environment(options.environment);
  SpawnSetup setup;
  int error = setup.apply(options);
  pid_t child = 0;
  if (error == 0) {
    error = posix_spawnp(&child, arguments.front().c_str(), setup.actions(), setup.attributes(),
                         pointers(arguments).data(), pointers(environment).data());
  }
  if (error != 0) {
    errno = error;
    return fail_errno(fmt::format("cannot run {}", arguments.front()));
  }
  return child;
}

Result<ExitStatus> wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("cannot wait for a child process");
  }
  ExitStatus result;
  if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
  } else {
    result.code = WEXITSTATUS(status);
  }
  return result;
}

Result<ExitStatus> run_program(std::vector<std::string> arguments, Variables environment) {
  ProcessOptions options;
  options.arguments = std::move(arguments);
  options.environment = std::move(environment);
  XAAS_ASSIGN(const pid_t child, start_process(options));
  return wait_for(child);
}

Result<ProcessOutput> run_and_read(std::vector<std::string> arguments, std::optional<std::string_view> input,
                                   Variables environment) {
  // These are files and not pipes, so that neither process can block the other.
  XAAS_ASSIGN(const Fd in, memory_file("input", input.value_or("")));
  XAAS_ASSIGN(const Fd out, memory_file("output", {}));
  XAAS_ASSIGN(const Fd err, memory_file("error", {}));
  ProcessOptions options;
  options.arguments = std::move(arguments);
  options.environment = std::move(environment);
  if (input) options.input = in.get();
  options.output = out.get();
  options.error = err.get();
  XAAS_ASSIGN(const pid_t child, start_process(options));
  ProcessOutput result;
  XAAS_ASSIGN(result.status, wait_for(child));
  for (const auto& [fd, text] : {std::pair(out.get(), &result.output), std::pair(err.get(), &result.error)}) {
    if (lseek(fd, 0, SEEK_SET) != 0) return fail_errno("cannot rewind a file in memory");
    XAAS_ASSIGN(*text, read_fd(fd));
  }
  return result;
}

Error exec_process(const std::vector<std::string>& arguments) {
  std::vector<std::string> copy = arguments;
  execvp(copy.front().c_str(), pointers(copy).data());
  return fail_errno(fmt::format("cannot run {}", arguments.front())).value();
}

std::vector<std::filesystem::path> path_directories() {
  const char* variable = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  std::vector<std::filesystem::path> directories;
  for (const std::string_view directory : split(variable == nullptr ? "/usr/bin:/bin" : variable, ':')) {
    directories.emplace_back(directory.empty() ? "." : directory);
  }
  return directories;
}

bool is_program(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

Result<std::filesystem::path> find_program(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (is_program(program)) return std::filesystem::absolute(program);
    return fail(Code::not_found, "{} is not a program", program);
  }
  const auto own = own_executable();
  for (const std::filesystem::path& directory : path_directories()) {
    const std::filesystem::path path = directory / program;
    std::error_code ignored;
    if (!is_program(path) || (own && std::filesystem::equivalent(path, *own, ignored))) continue;
    return std::filesystem::absolute(path);
  }
  return fail(Code::not_found, "{} is not in PATH; install it", program);
}

Result<std::filesystem::path> own_executable() {
  std::error_code error;
  std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return fail(Code::io, "cannot read /proc/self/exe: {}", error.message());
  return path;
}

std::string environment_variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  return value == nullptr ? "" : value;
}

}  // namespace xaas
