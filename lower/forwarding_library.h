// A shared library without code that makes the dynamic loader load another one. It stands where programs look for one
// name, and names the library to use by its path. So that library keeps its own name and directory, as for any other
// program of the host. Implements spec/mount.md, section "Slots".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xaas {

struct ForwardingLibrary {
  std::uint16_t machine = 0;            // EM_X86_64, ...
  std::string soname;                   // its own
  std::vector<std::string> needed;      // paths, or sonames; the loader loads them in this order
  std::string runpath{};                // where sonames in `needed` are looked for first; empty: nowhere else
  std::vector<std::string> versions{};  // of symbols that the needed libraries define, each once
};

// The bytes of the library, a 64-bit little-endian ELF file.
std::string make_forwarding_library(const ForwardingLibrary& library);

}  // namespace xaas
