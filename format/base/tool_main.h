// The end of every tool's `main`: its status, one line on standard error where something failed, and the certainty that
// its output has arrived.
#pragma once

#include <functional>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

// To standard output. Unlike fmt::print it does not throw.
Status print(std::string_view text);

// The message on standard error, behind the name of the tool, fit for a terminal. Its first line is the error; others,
// if there are any, are advice. Returns kFailed.
int report(std::string_view tool, const Error& error);

// Runs `work`, which returns the status of the process; reports its error, or the exception that left it. Then flushes
// standard output, since a full disk often shows only now: a success whose output could not be written is none.
int tool_main(std::string_view tool, const std::function<Result<int>()>& work);

}  // namespace xaas
