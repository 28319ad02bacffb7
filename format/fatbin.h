// Fat binaries of CUDA: the containers in which a program keeps its code for GPUs, several forms of it side by side.
// Implements spec/cuda.md, "Fat binaries".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

enum class DeviceCodeKind : std::uint16_t { ptx = 1, elf = 2 };  // the numbers are those of the container

// Bits of FatbinEntry::flags.
inline constexpr std::uint64_t kFatbinDebug = 0x2;                  // compiled with debug information
inline constexpr std::uint64_t kFatbinZstd = 0x8000;                // only in a container: the content is compressed
inline constexpr std::uint64_t kFatbinArchitectureOnly = 0x100000;  // "sm_90a": for this architecture and no other
inline constexpr std::uint64_t kFatbinFamilyOnly = 0x200000;        // "sm_100f": for architectures of its family
inline constexpr std::uint64_t kFatbinCompatibility = 0x1000000;    // the options are the ELF file's .nv.compat

// One form of the code.
struct FatbinEntry {
  DeviceCodeKind kind = DeviceCodeKind::ptx;
  std::uint32_t architecture = 0;  // 90 for sm_90 and for compute_90
  std::uint16_t major = 0;         // version of PTX, or of the ELF files' conventions
  std::uint16_t minor = 0;
  std::uint64_t flags = 0;             // as in the container, without kFatbinZstd
  std::string name;                    // of the source; mostly empty
  std::optional<std::string> options;  // for ptxas, or what kFatbinCompatibility says; PTX always has them
  std::string content;                 // the text of PTX without a NUL at its end, or the ELF file; not compressed
  bool operator==(const FatbinEntry&) const = default;

  // Whether the code is for no other architectures than its own, or than its own family.
  bool is_specific() const { return (flags & (kFatbinArchitectureOnly | kFatbinFamilyOnly)) != 0; }
};

// "compute_90", "sm_90a": the architecture as nvcc calls it.
std::string architecture_name(const FatbinEntry& entry);

// Reads a container, whose entries may be compressed by zstd. Bytes behind its end are ignored. Code::invalid if it is
// damaged, Code::unsupported if it has entries of another kind or compressed in another way. Thread-safe.
Result<std::vector<FatbinEntry>> parse_fatbin(std::string_view bytes);

// The section of a host's object in which its fat binary stands, unless the code for GPUs is relocatable.
inline constexpr const char* kFatbinSection = ".nv_fatbin";

// The container with these entries in this order, not compressed: what `fatbinary --compress=false` writes.
std::string write_fatbin(const std::vector<FatbinEntry>& entries);

// The entry for PTX of `architecture`. Of the flags, kFatbinDebug counts. Code::invalid if the text does not say which
// version of PTX it is.
Result<FatbinEntry> ptx_entry(std::uint32_t architecture, std::string text, std::uint64_t flags = 0);
// The entry for a file that ptxas made for `architecture`. Code::invalid if it is no ELF file for a GPU.
Result<FatbinEntry> cubin_entry(std::uint32_t architecture, std::string cubin);
// The same for a file that nvlink made. Such an entry has no options.
Result<FatbinEntry> linked_entry(std::uint32_t architecture, std::string cubin);

}  // namespace xaas
