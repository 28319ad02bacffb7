// Files that lie in memory and have no name.
#pragma once

#include <string_view>

#include "format/base/error.h"
#include "format/base/file.h"

namespace xaas {

// With `content`, at its start, with O_CLOEXEC. `name` is for people who look into /proc.
Result<Fd> memory_file(const char* name, std::string_view content);

// The same, sealed: nobody can change it, whoever gets the descriptor. Whether it can be executed decides its kind,
// since sites may forbid files in memory that can be.
enum class Execution { no, yes };
Result<Fd> sealed_memory_file(const char* name, std::string_view content, Execution execution);

}  // namespace xaas
