// Runs a build where it sees the system read-only, its own directory, and nothing else: no network, no other processes,
// no files of users. Implements spec/lowering.md, section "Building on the host".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/base/process.h"

namespace xaas {

// If this is its first argument, xaas-lower must call exec_confined() with all arguments that follow.
inline constexpr const char* kConfined = "--confined-build";

// The directory of the build as the build sees it.
inline constexpr const char* kConfinedDirectory = "/build";

// Whether every build can read this absolute path, because it is a part of the system.
bool is_of_system(const std::filesystem::path& path);

struct ConfinedBuild {
  std::filesystem::path directory;             // the only one of the host that the build can write
  std::vector<std::filesystem::path> shown{};  // directories outside of the system that it can read, at their own paths
  Variables environment{};                     // the whole environment
  std::vector<std::string> command{};
};

// The arguments that make this program run the build, confined, to its end.
Result<std::vector<std::string>> confined_call(const ConfinedBuild& build);

// Confines this process and runs the command. Returns its status as a shell counts it. Code::unsupported if this host
// cannot confine it: it allows no user namespaces, or its kernel is older than Linux 5.12. REQUIRES: the process has
// one thread.
Result<int> exec_confined(const std::vector<std::string>& arguments);

}  // namespace xaas
