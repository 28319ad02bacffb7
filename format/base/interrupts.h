// What a program that was told to stop leaves behind: nothing. One thread waits for SIGINT, SIGTERM and SIGHUP, kills
// the running command and all that descends from it, removes the directories in hand and ends the process by the same
// signal.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "format/base/error.h"
#include "format/base/process.h"

namespace xaas {

// Process-wide; call once, before any other thread is started.
Status watch_interrupts(const char* program_name);

// Removed when the process is interrupted, until kept again. Thread-safe.
void remove_on_interrupt(const std::filesystem::path& directory);
void keep_on_interrupt(const std::filesystem::path& directory);

// start_process() in a group of its own, which the terminal does not interrupt: we do. One at a time.
Result<pid_t> start_interruptible(ProcessOptions options);
// Call when it has ended, and no other child runs. Kills what it left behind, if asked.
enum class Leftovers { keep, kill };
void end_interruptible(Leftovers leftovers);

// Once an interrupt has come, blocks until it ends the process: for those who fail because of it.
void yield_to_interrupt();

}  // namespace xaas
