// xaas-mount: mounts an image, in the background, in the foreground, or for one command. In front of an image it runs
// the image's main program. Implements spec/mount.md.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "format/base/tool_main.h"
#include "format/squashfs/runner.h"
#include "format/version.h"
#include "fuse/command.h"
#include "fuse/mount_options.h"
#include "fuse/mounted_command.h"
#include "fuse/self_run.h"
#include "fuse/server_process.h"
#include "fuse/status.h"

namespace {

using xaas::kDone;
using xaas::kUsage;
using xaas::Lifetime;
using xaas::MountRequest;
using xaas::Result;
using xaas::Status;

constexpr const char* kTool = "xaas-mount";
constexpr std::string_view kOptionsWithValue[] = {"-o", "--options"};

constexpr const char* kHelp = R"(Usage: xaas-mount [-f] [-o OPTIONS] IMAGE MOUNTPOINT
       xaas-mount [-o OPTIONS] IMAGE [MOUNTPOINT] -- CMD...
       xaas-mount --status [--watch] MOUNTPOINT

Mounts IMAGE at MOUNTPOINT. Its programs are compiled for this host when they are read for the first time.
With CMD the mount lasts as long as CMD runs, and the exit status is CMD's. Without MOUNTPOINT, CMD finds the image
at the prefix it was built for, or at /opt/NAME, where nobody else sees it.

  -f, --foreground         serve in this process and log to standard error
  -o, --options OPTIONS    options of the mount, separated by commas
      --status             print what a mount has done: its MOUNTPOINT/.xaas/status
      --watch              with --status: print it again whenever it changes, until the mount ends
  -h, --help               print this
      --version            print the version

OPTIONS:
  lower=auto|wait|background|eager|never
                           compile on first read, which gets the image's code for CPUs like this one meanwhile, or
                           else waits (default); waits; or gets the portable baseline meanwhile; compile all, from
                           now on; or serve the baseline
  timeout=SECONDS          after that a read gets the baseline, and opens after lowering the compiled file
  strict                   an error instead of the baseline where a file cannot be compiled
  cpu=NAME features=+a,-b  compile for another CPU
  gpu=sm_80,sm_90          make code for these GPUs, or gpu=none
  config=NAME policy=NAME  this configuration of the image or none; a policy (default, fast, max)
  cache=DIR                where compiled files are kept, instead of $XAAS_CACHE or ~/.cache/xaas
  jobs=N memory=SIZE       threads that compile one file; memory of all, such as 4G
  idle=SECONDS             unmount when nobody has used the mount for this time
  offset=BYTES             where the image begins in IMAGE
  prefix=DIR               what programs take for the directory they are in, instead of MOUNTPOINT
  slot.blas=PATH|bundled slot.fftw3=PATH|bundled slot.lapack=PATH|bundled slot.mpi=PATH|bundled
  slot.openmp=PATH|bundled
                           the library that programs use for this, or the directory with it, or the image's own
  uid=N gid=N              owner of all files
  nonempty                 MOUNTPOINT may hold files, which are hidden then
  allow_other auto_unmount noexec

A mount in the background writes its log to $XAAS_LOG. Unmount with: fusermount3 -u MOUNTPOINT
)";

int usage_error(const std::string& message) {
  std::fprintf(stderr, "xaas-mount: %s (see xaas-mount --help)\n", message.c_str());
  return kUsage;
}

Result<int> print(std::string_view text) {
  XAAS_TRY(xaas::print(text));
  return kDone;
}

Result<int> show_status(const std::string& mountpoint, bool watch) {
  if (watch) {
    XAAS_TRY(xaas::watch_status(mountpoint));
    return kDone;
  }
  XAAS_ASSIGN(const std::string text, xaas::read_status(mountpoint));
  return print(text);
}

Result<int> run(const MountRequest& request, bool foreground, const std::vector<std::string>& command) {
  if (!command.empty()) {
    const auto work = [&](const std::filesystem::path&) { return xaas::run_command(command); };
    XAAS_ASSIGN(const xaas::ExitStatus status,
                request.mountpoint.empty() ? xaas::run_at_prefix(request, work) : xaas::run_in_mount(request, work));
    return status.shell_code();
  }
  if (foreground) {
    XAAS_TRY(xaas::serve_in_foreground(request));
  } else {
    XAAS_TRY(xaas::start_server(request, Lifetime::detached));
  }
  return kDone;
}

Result<int> real_main(std::vector<std::string> arguments) {
  auto [words, given_command] = xaas::split_command(std::move(arguments), kOptionsWithValue);
  const std::vector<std::string> command = given_command.value_or(std::vector<std::string>());
  CLI::App app;
  MountRequest request;
  bool foreground = false;
  bool help = false;
  bool version = false;
  std::vector<std::string> option_lists;
  bool status = false;
  bool watch = false;
  app.set_help_flag();
  app.add_flag("-h,--help", help);
  app.add_flag("--version", version);
  app.add_flag("-f,--foreground", foreground);
  app.add_option("-o,--options", option_lists)->allow_extra_args(false);
  app.add_flag("--status", status);
  app.add_flag("--watch", watch);
  app.add_option("IMAGE", request.image);
  app.add_option("MOUNTPOINT", request.mountpoint);
  std::ranges::reverse(words);  // CLI11 wants them in reverse order
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  }

  if (help) return print(kHelp);
  if (version) return print(fmt::format("xaas-mount {}\n", xaas::kVersion));
  if (watch && !status) return usage_error("--watch goes with --status");
  if (status && request.image.empty()) return usage_error("MOUNTPOINT is missing");
  if (status && !request.mountpoint.empty()) return usage_error("--status takes one MOUNTPOINT");
  if (status) return show_status(request.image, watch);
  if (request.image.empty()) return usage_error("IMAGE is missing");
  if (given_command && command.empty()) return usage_error("CMD is missing behind --");
  if (request.mountpoint.empty() && command.empty()) return usage_error("MOUNTPOINT is missing");
  if (foreground && !command.empty()) return usage_error("-f and a command exclude each other");
  for (const std::string& list : option_lists) {
    const Status parsed = xaas::parse_mount_options(list, request.options);
    if (!parsed) return usage_error(parsed.error().message);
  }
  std::error_code error;
  request.image = std::filesystem::absolute(request.image, error);  // a server in the background leaves this directory
  if (error) return xaas::fail(xaas::Code::failed, "{}", error.message());
  return run(request, foreground, command);
}

}  // namespace

int main(int argc, char** argv) {
  if (xaas::is_runner()) return xaas::run_self({argv, argv + argc}, real_main);
  return xaas::tool_main(kTool, [&] { return real_main({argv + 1, argv + argc}); });
}
