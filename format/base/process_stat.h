// What Linux says of a process or thread in one line; see proc(5), /proc/PID/stat.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace xaas {

// The words behind the name in `process`/stat, `process` being /proc/PID or /proc/PID/task/TID: the first is the state,
// field 3 of proc(5). The name is left out because it may hold anything. Empty: it is gone. Thread-safe.
std::vector<std::string> words_of_stat(const std::filesystem::path& process);

}  // namespace xaas
