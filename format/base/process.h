// Running other programs: with arguments, environment and descriptors of our choice, never through a shell unless
// asked.
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

// Signals are unblocked in the child. Thread-safe.
Result<pid_t> start_process(const ProcessOptions& options);

// How a child ended.
struct ExitStatus {
  int code = 0;    // when it exited
  int signal = 0;  // when a signal killed it
  bool ok() const { return code == 0 && signal == 0; }
  // As a shell counts it: 128 + signal.
  int shell_code() const { return signal == 0 ? code : 128 + signal; }
  std::string to_string() const;  // "exit status 2", "killed by signal 9"
};

Result<ExitStatus> wait_for(pid_t child);
// Runs to the end with our descriptors.
Result<ExitStatus> run_program(std::vector<std::string> arguments, Variables environment = {});

struct ProcessOutput {
  ExitStatus status;
  std::string output;
  std::string error;
};
// Runs to the end, giving `input` (nullopt: ours) and keeping what it prints. Small outputs only: kept in memory.
Result<ProcessOutput> run_and_read(std::vector<std::string> arguments, std::optional<std::string_view> input = "",
                                   Variables environment = {});

// Replaces this process. Returns only when that fails.
Error exec_process(const std::vector<std::string>& arguments);

// Empty where there is none.
std::string environment_variable(const char* name);

// The directories of PATH, in order.
std::vector<std::filesystem::path> path_directories();
// A file that may be executed.
bool is_program(const std::filesystem::path& path);

// Where PATH finds `program`, absolute, this process's own executable left aside; Code::not_found.
Result<std::filesystem::path> find_program(const std::string& program);

// The executable of this process, links resolved.
Result<std::filesystem::path> own_executable();

}  // namespace xaas
