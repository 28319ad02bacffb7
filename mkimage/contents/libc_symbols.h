// What the build machine's libc says of its own history: for each symbol, the versions under which it has the same
// code. Implements spec/image-format.md, section "Older libcs".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/base/error.h"

namespace xaas {

class LibcSymbols {
 public:
  LibcSymbols() = default;  // of no libc

  // Adds the symbols of one of libc's libraries. Code::invalid if it is no ELF file of 64 bits.
  Status add(const std::filesystem::path& library);

  bool empty() const { return symbols_.empty(); }
  std::string newest_version() const;  // that any symbol has; empty without symbols

  // The oldest version of `name` that does the same as `version` does. It is the oldest one with the same code, or
  // the first one of a function of libm whose results have not changed. `version` itself if there is no older one.
  std::string oldest_same(const std::string& name, const std::string& version) const;

  // Whether a reference to `name` without a version gets what `version` does, on this libc and on others: the loader
  // takes the version that glibc began with, where there is one, and else the default.
  bool can_lose_version(const std::string& name, const std::string& version) const;

 private:
  using CodePlace = std::pair<std::size_t, std::uint64_t>;  // library and address
  using Versions = std::map<std::string, CodePlace>;
  const Versions* versions_of(const std::string& name) const;

  std::map<std::string, Versions> symbols_;  // by name
  std::size_t libraries_ = 0;
  std::string base_;  // the version that glibc began with on this architecture
};

// The library of libc that had the function before glibc 2.34, as "libpthread.so.0". Empty if libc.so.6 had it.
std::string_view former_library(std::string_view function);

// The names that a library exports.
Result<std::set<std::string>> exported_names(const std::filesystem::path& library);

}  // namespace xaas
