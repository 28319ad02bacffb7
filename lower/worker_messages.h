// Prepares a worker's messages and the way it ended for people. A worker is not trusted, and its words go to terminals.
#pragma once

#include <string>
#include <string_view>

#include "lower/job.h"

namespace xaas {

// Turns `text` into one line of bounded length without control characters.
std::string harmless(std::string_view text);

// The name of the unit that a worker was compiling when it printed its stack, according to its last messages. Empty if
// not known.
std::string unit_at_work(const Job& job, std::string_view messages);

// What the worker was lowering: the unit and the file that it is linked into, or the file alone.
std::string work_of(const Job& job, std::string_view messages);

// One line that says how a worker ended that gave no answer. `status` is as waitpid() reports it.
std::string describe_end(int status, const Job& job, std::string_view messages);

}  // namespace xaas
