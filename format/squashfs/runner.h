// The runner: the static program in front of an executable image. It has no section headers, so a reader knows it from
// other programs, and its program headers say where it ends. Implements spec/image-format.md, "Executable images".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

// An image behind a runner begins at a multiple of this number of bytes, from the start of the runner.
inline constexpr std::uint64_t kRunnerAlignment = 4096;

// Makes a runner of the bytes of a program: without symbols and section headers, padded with zeros to a multiple of
// kRunnerAlignment. Code::invalid for bytes that are no x86-64 program. Code::unsupported for a program that needs a
// dynamic linker.
Result<std::string> make_runner(std::string_view program);

// Returns where the image begins in the file of `size` bytes: at `offset`, or behind the runner that is there.
// Code::invalid if there is another program than a runner, or if the file ends before the image. REQUIRES: offset <=
// size.
Result<std::uint64_t> find_image(int fd, std::uint64_t offset, std::uint64_t size);

// Whether this process is a runner, so that an image stands behind the program in its file.
bool is_runner();

}  // namespace xaas
