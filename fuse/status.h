// The text of /.xaas/status: what a mount serves, for which target, and what has happened to its files.
// Implements spec/mount.md, "What is shown".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "fuse/lazy_files.h"

namespace xaas {

struct StatusInput {
  std::string image;   // path
  std::string name;    // and version, from the manifest
  std::string target;  // triple and CPU; empty: nothing is lowered
  std::string configuration;
  std::string policy;
  std::string cache;              // directory
  std::string timeout;            // "none" or "12 s"
  std::vector<LazyReport> files;  // those the kernel has asked for
  std::vector<std::string> log;
};

// The whole text, with the files that were read at least once, and the log at the end.
std::string status_text(const StatusInput& input);

// The status of a mounted image; Code::failed when nothing of ours is mounted there.
Result<std::string> read_status(const std::filesystem::path& mountpoint);

}  // namespace xaas
