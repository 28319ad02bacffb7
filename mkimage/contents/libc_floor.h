// Makes files need a libc that is as old as is honest: functions that moved between glibc's libraries, or only got a
// new version, are needed under their former version, and what an older glibc lacks comes from libraries of ours.
// Implements spec/image-format.md, section "Older libcs".
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "mkimage/contents/dynamic_symbols.h"
#include "mkimage/contents/libc_symbols.h"

namespace xaas {

class LibcFloor {
 public:
  LibcFloor() = default;  // leaves all files as they are

  // For files that were linked with the libc of `compiler`. Finds the additions, libxaas-start.so, libxaas-libc.so and
  // libxaas-resolver.so, where they are installed with this executable. Leaves all files as they are if the libc is not
  // glibc. Code::not_found if an addition is missing.
  static Result<LibcFloor> create(const std::string& compiler);

  // The newest version of that libc, as "GLIBC_2.36"; empty if it is not glibc.
  std::string libc() const { return symbols_.newest_version(); }

  // Which of our additions a file will need, as sonames.
  Result<std::set<std::string>> additions_for(const std::filesystem::path& file) const;
  // Where an addition is on this machine. REQUIRES: has(soname).
  const std::filesystem::path& addition(const std::string& soname) const { return additions_.at(soname).path; }
  bool has(const std::string& soname) const { return additions_.contains(soname); }
  static bool is_addition(std::string_view soname);
  // Whether the version is one of libc's that the oldest hosts lack.
  static bool is_newer(std::string_view version);

  // Changes an ELF file in place, by patchelf. Leaves a file as it is that needs no newer version than the oldest hosts
  // have, and one whose ELF structures patchelf does not understand. Keeps its times and permissions.
  Status lower(const std::filesystem::path& file) const;

 private:
  struct Addition {
    std::filesystem::path path;
    std::set<std::string> exports;
  };
  // What a file gets.
  struct Plan {
    std::map<std::string, std::string> versions;   // "f@GLIBC_2.34" -> "GLIBC_2.2.5", or "" for none
    std::map<std::string, std::string> new_names;  // "f@GLIBC_2.34" -> "xaas_f"
    std::set<std::string> additions;
    std::set<std::string> libraries;          // of libc
    std::set<std::string> new_versions;       // that no symbol of the file has yet
    std::set<std::string> new_texts() const;  // new names and versions
    bool empty() const { return versions.empty(); }
  };
  static Result<bool> add_needed(const std::filesystem::path& file, const Plan& plan);
  Result<Plan> plan_file(const std::filesystem::path& file) const;
  Result<Plan> plan(std::string_view bytes) const;
  bool plan_addition(const DynamicSymbol& symbol, Plan& plan) const;
  void plan_symbol(const DynamicSymbol& symbol, const std::vector<std::string>& needed, Plan& plan) const;

  LibcSymbols symbols_;
  std::map<std::string, Addition> additions_;  // by soname
};

}  // namespace xaas
