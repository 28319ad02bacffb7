// The line in which Linux describes a process or thread; see proc(5), /proc/PID/stat.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace xaas {

// The words behind the name in `process`/stat. `process` is /proc/PID or /proc/PID/task/TID. The first word is the
// state, field 3 of proc(5). The name is left out because it may hold anything. Empty when the process or thread is
// gone. Thread-safe.
std::vector<std::string> words_of_stat(const std::filesystem::path& process);

}  // namespace xaas
