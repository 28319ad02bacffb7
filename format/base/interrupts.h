// Makes an interrupted program leave nothing behind. One thread waits for SIGINT, SIGTERM and SIGHUP. It kills the
// running command and all its descendants, removes the directories that were registered, and ends the process by the
// same signal.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "format/base/error.h"
#include "format/base/process.h"

namespace xaas {

// Process-wide. Call it once, before any other thread is started.
Status watch_interrupts(const char* program_name);

// The first function registers a directory that is removed when the process is interrupted. The second one takes it off
// again. Thread-safe.
void remove_on_interrupt(const std::filesystem::path& directory);
void keep_on_interrupt(const std::filesystem::path& directory);

// start_process() in a process group of its own. Signals from the terminal do not reach that group, so the waiting
// thread kills the command. One command at a time. Code::interrupted when an interrupt has come.
Result<pid_t> start_interruptible(ProcessOptions options);
// Call this when the command has ended and no other child runs. With Leftovers::kill it kills the processes that the
// command left behind.
enum class Leftovers { keep, kill };
void end_interruptible(Leftovers leftovers);

// Does nothing before an interrupt. After an interrupt it blocks until the process ends; a caller that failed because
// of the interrupt then reports nothing.
void yield_to_interrupt();

}  // namespace xaas
