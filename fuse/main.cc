// xaas-mount: mounts an image, in the background, in the foreground, or for one command. Implements spec/mount.md.
#include <sys/types.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "format/image.h"
#include "format/version.h"
#include "fuse/command.h"
#include "fuse/mount_options.h"
#include "fuse/private_namespace.h"
#include "fuse/server_process.h"
#include "fuse/status.h"

namespace {

using xaas::Lifetime;
using xaas::MountRequest;
using xaas::Result;
using xaas::Status;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr const char* kHelp = R"(Usage: xaas-mount [-f] [-o OPTIONS] IMAGE MOUNTPOINT
       xaas-mount [-o OPTIONS] IMAGE [MOUNTPOINT] -- CMD...
       xaas-mount --status MOUNTPOINT

Mounts IMAGE at MOUNTPOINT. Its programs are compiled for this host when they are opened for the first time.
With CMD the mount lasts as long as CMD runs, and the exit status is CMD's. Without MOUNTPOINT, CMD finds the image
at the prefix it was built for, where nobody else sees it.

  -f, --foreground         serve in this process and log to standard error
  -o, --options OPTIONS    options of the mount, separated by commas
      --status MOUNTPOINT  print what a mount has done: its MOUNTPOINT/.xaas/status
  -h, --help               print this
      --version            print the version

OPTIONS:
  lower=wait|never         compile on first open, which waits for it (default); or serve the portable baseline
  timeout=SECONDS          after that an open gets the baseline, and later opens the compiled file
  strict                   an error instead of the baseline where a file cannot be compiled
  cpu=NAME features=+a,-b  compile for another CPU
  config=NAME policy=NAME  a configuration of the image; a policy (default, fast)
  cache=DIR                where compiled files are kept, instead of $XAAS_CACHE or ~/.cache/xaas
  jobs=N                   threads that compile one file
  offset=BYTES             where the image begins in IMAGE
  uid=N gid=N              owner of all files
  allow_other auto_unmount noexec

A mount in the background writes its log to $XAAS_LOG. Unmount with: fusermount3 -u MOUNTPOINT
)";

int report(const xaas::Error& error, int status) {
  std::fprintf(stderr, "xaas-mount: %s\n", error.message.c_str());
  return status;
}

int usage_error(const std::string& message) {
  std::fprintf(stderr, "xaas-mount: %s (see xaas-mount --help)\n", message.c_str());
  return kUsage;
}

int print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0 ? kDone : kFailed;
}

int show_status(const std::string& mountpoint) {
  const Result<std::string> text = xaas::read_status(mountpoint);
  return text ? print(*text) : report(text.error(), kFailed);
}

// The mount lasts as long as the command.
Result<int> run_in_mount(const MountRequest& request, const std::vector<std::string>& command) {
  XAAS_ASSIGN(const pid_t server, xaas::start_server(request, Lifetime::with_parent));
  Result<int> status = xaas::run_command(command);
  xaas::end_server(server);
  return status;
}

// The same, where only the command can see it: at the image's own prefix.
Result<int> run_at_prefix(MountRequest request, const std::vector<std::string>& command) {
  XAAS_ASSIGN(const auto image, xaas::Image::open(request.image, {.offset = request.options.offset}));
  request.mountpoint = image->manifest().prefix;
  XAAS_TRY(xaas::enter_private_namespace());
  XAAS_TRY(xaas::ensure_directory(request.mountpoint));
  return run_in_mount(request, command);
}

int run(const MountRequest& request, bool foreground, const std::vector<std::string>& command) {
  if (!command.empty()) {
    const Result<int> status =
        request.mountpoint.empty() ? run_at_prefix(request, command) : run_in_mount(request, command);
    return status ? *status : report(status.error(), kFailed);
  }
  if (foreground) {
    const Status served = xaas::serve_in_foreground(request);
    return served ? kDone : report(served.error(), kFailed);
  }
  const Result<pid_t> server = xaas::start_server(request, Lifetime::detached);
  return server ? kDone : report(server.error(), kFailed);
}

// Splits at the `--` that comes after an operand: what follows is the command. One before all operands ends the
// options.
std::vector<std::string> take_command(std::vector<std::string>& arguments) {
  const auto first = std::ranges::find(arguments, "--");
  if (first == arguments.end() || std::next(first) == arguments.end()) return {};
  auto split = first;
  if (first == arguments.begin()) split = std::find(std::next(first), arguments.end(), "--");
  if (split == arguments.end()) return {};
  std::vector<std::string> command(std::next(split), arguments.end());
  arguments.erase(split, arguments.end());
  return command;
}

int real_main(std::vector<std::string> arguments) {
  const std::vector<std::string> command = take_command(arguments);
  CLI::App app;
  MountRequest request;
  bool foreground = false;
  bool help = false;
  bool version = false;
  std::vector<std::string> option_lists;
  std::string status_of;
  app.set_help_flag();
  app.add_flag("-h,--help", help);
  app.add_flag("--version", version);
  app.add_flag("-f,--foreground", foreground);
  app.add_option("-o,--options", option_lists)->allow_extra_args(false);
  app.add_option("--status", status_of);
  app.add_option("IMAGE", request.image);
  app.add_option("MOUNTPOINT", request.mountpoint);
  std::ranges::reverse(arguments);  // as CLI11 wants them
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  }

  if (help) return print(kHelp);
  if (version) return print(fmt::format("xaas-mount {}\n", xaas::kVersion));
  if (!status_of.empty()) return show_status(status_of);
  if (request.image.empty()) return usage_error("IMAGE is missing");
  if (request.mountpoint.empty() && command.empty()) return usage_error("MOUNTPOINT is missing");
  if (foreground && !command.empty()) return usage_error("-f and a command exclude each other");
  for (const std::string& list : option_lists) {
    const Status parsed = xaas::parse_mount_options(list, request.options);
    if (!parsed) return usage_error(parsed.error().message);
  }
  std::error_code error;
  request.image = std::filesystem::absolute(request.image, error);  // a server in the background leaves this directory
  if (error) return report({xaas::Code::failed, error.message()}, kFailed);
  return run(request, foreground, command);
}

}  // namespace

int main(int argc, char** argv) { return real_main({argv + 1, argv + argc}); }
