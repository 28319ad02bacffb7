// What a worker says, and how it ends, for people. A worker is not trusted, and what it says goes to terminals.
#pragma once

#include <string>
#include <string_view>

#include "lower/job.h"

namespace xaas {

// One line, of bounded length, without control characters.
std::string harmless(std::string_view text);

// The unit of the job that a worker was at when it printed its stack, by the last of its messages. Empty: not known.
std::string unit_at_work(const Job& job, std::string_view messages);

// What the worker was at: the unit and the file that it is linked into, or that alone.
std::string work_of(const Job& job, std::string_view messages);

// One line on how the worker ended without an answer. `status`: as of waitpid.
std::string describe_end(int status, const Job& job, std::string_view messages);

}  // namespace xaas
