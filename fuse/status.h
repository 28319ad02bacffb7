// The text of /.xaas/status: what a mount serves, for which target, and what has happened to its files.
// Implements spec/mount.md, "What is shown".
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "fuse/lazy_files.h"

namespace xaas {

// How far lowering is that nobody has asked for, with lower=eager.
struct Ahead {
  std::size_t files = 0;  // that are to be lowered; 0: none are
  std::size_t done = 0;   // of them
  std::string path;       // the file that is being lowered
  ModuleCount modules;    // of that file
};

struct StatusInput {
  std::string image;   // path
  std::string name;    // name and version, from the manifest
  std::string target;  // triple and CPU; empty: nothing is lowered
  std::string configuration;
  std::map<std::string, std::string> slots{};  // slot -> which libraries stand in it
  std::string level;                           // whose variants are lowered; empty: none
  std::string policy;
  std::string cache;              // directory
  std::string timeout;            // "none" or "12 s"
  std::vector<LazyReport> files;  // files that the kernel has asked for
  Ahead ahead;
  std::vector<std::string> log;
};

// The whole text. It has a line for each file that was read at least once, and ends with the log.
std::string status_text(const StatusInput& input);

// The status of a mounted image. Code::failed when no image is mounted there by us.
Result<std::string> read_status(const std::filesystem::path& mountpoint);

// Prints the status now and whenever it has changed, and returns when the image is no longer mounted. On a terminal,
// each text takes the place of the one before. Code::failed as for read_status().
Status watch_status(const std::filesystem::path& mountpoint);

}  // namespace xaas
