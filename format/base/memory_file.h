// Files that are in memory and have no name.
#pragma once

#include <string_view>

#include "format/base/error.h"
#include "format/base/file.h"

namespace xaas {

// A file that holds `content`, with its position at the start and with O_CLOEXEC. `name` is for people who look into
// /proc.
Result<Fd> memory_file(const char* name, std::string_view content);

// The same, sealed: nobody can change the file, whoever gets the descriptor. `execution` says whether it can be
// executed, because sites may forbid executable files in memory.
enum class Execution { no, yes };
Result<Fd> sealed_memory_file(const char* name, std::string_view content, Execution execution);

}  // namespace xaas
