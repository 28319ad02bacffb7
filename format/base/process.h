// Runs other programs with arguments, environment and descriptors of our choice. No shell takes part unless the caller
// names one.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/base/error.h"

namespace xaas {

// Names and values of environment variables.
using Variables = std::vector<std::pair<std::string, std::string>>;

struct ProcessOptions {
  std::vector<std::string> arguments;  // arguments[0] is looked for in PATH
  Variables environment;               // added to ours
  std::filesystem::path directory;     // empty: ours
  int input = -1;                      // descriptor that becomes 0, 1 or 2; -1: ours
  int output = -1;
  int error = -1;
  bool own_group = false;  // a new process group, so that all its children can be reached at once
};

// Starts a program. No signal is blocked in it. Thread-safe.
Result<pid_t> start_process(const ProcessOptions& options);

// How a child ended.
struct ExitStatus {
  int code = 0;    // when it exited
  int signal = 0;  // when a signal killed it
  bool ok() const { return code == 0 && signal == 0; }
  // The status as a shell counts it: 128 + signal for a signal.
  int shell_code() const { return signal == 0 ? code : 128 + signal; }
  std::string to_string() const;  // "exit status 2", "killed by signal 9"
};

Result<ExitStatus> wait_for(pid_t child);
// Runs a program to its end, with our descriptors.
Result<ExitStatus> run_program(std::vector<std::string> arguments, Variables environment = {});

struct ProcessOutput {
  ExitStatus status;
  std::string output;
  std::string error;
};
// Runs a program to its end. Gives it `input` (nullopt: our standard input) and returns what it prints. The outputs are
// kept in memory, so they must be small.
Result<ProcessOutput> run_and_read(std::vector<std::string> arguments, std::optional<std::string_view> input = "",
                                   Variables environment = {});

// Replaces this process. Returns only when that fails.
Error exec_process(const std::vector<std::string>& arguments);

// Empty when the variable is not set.
std::string environment_variable(const char* name);

// The directories of PATH, in order.
std::vector<std::filesystem::path> path_directories();
// Whether `path` is a file that may be executed.
bool is_program(const std::filesystem::path& path);

// The absolute path at which PATH has `program`. Skips this process's own executable. Code::not_found when there is
// none.
Result<std::filesystem::path> find_program(const std::string& program);

// The executable of this process, with links resolved.
Result<std::filesystem::path> own_executable();

}  // namespace xaas
