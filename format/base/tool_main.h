// The end of every tool's `main`: gives the exit status, prints an error on standard error, and makes sure that the
// output has arrived.
#pragma once

#include <functional>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

// Writes to standard output. Unlike fmt::print it does not throw.
Status print(std::string_view text);

// Prints the message on standard error, behind the name of the tool and fit for a terminal. The first line of the
// message is the error; further lines are advice. Returns kFailed.
int report(std::string_view tool, const Error& error);

// Runs `work`, which returns the status of the process. Reports its error, or the exception that left it. Then flushes
// standard output, because a full disk often shows only then. A success whose output cannot be written becomes a
// failure.
int tool_main(std::string_view tool, const std::function<Result<int>()>& work);

}  // namespace xaas
