// Writes a file under a name of its own, so that only a whole file gets its name.
#pragma once

#include <filesystem>
#include <functional>

#include "format/base/error.h"

namespace xaas {

// Calls `write` with a path in a new directory beside `file`, and renames what stands there to `file`. After an error
// or an interrupt (interrupts.h) nothing is left behind, and what stood at `file` stays.
Status write_staged(const std::filesystem::path& file,
                    const std::function<Status(const std::filesystem::path&)>& write);

}  // namespace xaas
