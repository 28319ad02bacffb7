// See self_run.h.
#include "fuse/self_run.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "format/base/file.h"
#include "format/base/process.h"
#include "format/base/text.h"
#include "format/base/tool_main.h"
#include "format/image.h"
#include "format/image_extract.h"
#include "format/image_summary.h"
#include "fuse/command.h"
#include "fuse/mounted_command.h"
#include "fuse/session.h"
#include "lower/configuration.h"
#include "lower/host.h"
#include "lower/job_runner.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReserved = "--xaas-";  // begins all words that are not for the program
constexpr const char* kOwnFile = "/proc/self/exe";
constexpr const char* kBin = "bin";

constexpr const char* kSelfHelp = R"(Usage: {0} [ARGUMENT...]
       {0} --xaas-mount [-o OPTIONS] DIR [-- CMD...]
       {0} --xaas-install [OPTIONS] DIR
       {0} --xaas-extract DIR
       {0} --xaas-info | --xaas-help

This file is a program and an image of programs, which are compiled for this host when they are used for the first time.
It runs the image's main program. By a symbolic link with the name of another program in the image's bin, it runs that
one.

  --xaas-mount DIR    mount the image at DIR; options as for xaas-mount(1)
  --xaas-install DIR  put all files into DIR, compiled for this host, for use without a mount; options as for
                      xaas-lower(1), install
  --xaas-extract DIR  unpack the image into DIR, as it is
  --xaas-info         print what is in the image
  --xaas-help         print this
)";

struct SelfCall {
  std::string command;                 // by which this file was called
  std::string name;                    // the same without directories
  std::vector<std::string> arguments;  // behind the name
  fs::path image;                      // this file
};

// This file by its name, which people read in messages and in the table of mounts, if it still has that name.
fs::path own_image() {
  const auto named = own_executable();
  std::error_code ignored;
  return named && fs::equivalent(*named, kOwnFile, ignored) ? *named : fs::path(kOwnFile);
}

int wrong_usage(const SelfCall& call, std::string_view message) {
  const std::string line = fmt::format("{}: {} (see --xaas-help)\n", printable(call.name), message);
  static_cast<void>(std::fputs(line.c_str(), stderr));
  return kUsage;
}

// The words behind the one that begins with --xaas-.
std::vector<std::string> rest_of(const SelfCall& call) { return {call.arguments.begin() + 1, call.arguments.end()}; }

Result<int> show_info(const SelfCall& call) {
  if (call.arguments.size() != 1) return wrong_usage(call, "--xaas-info takes no arguments");
  XAAS_ASSIGN(const auto image, Image::open(call.image));
  XAAS_ASSIGN(const ImageSummary summary, summarise(*image));
  XAAS_TRY(print(to_text(image->manifest(), summary)));
  return kDone;
}

Result<int> extract_image(const SelfCall& call) {
  if (call.arguments.size() != 2) return wrong_usage(call, "--xaas-extract takes one directory");
  XAAS_ASSIGN(const auto image, Image::open(call.image));
  XAAS_TRY(extract(*image, call.arguments[1]));
  return kDone;
}

// This file's path for a program that takes the place of this process.
Result<std::string> path_for_successor(const fs::path& image) {
  if (image != kOwnFile) return image.string();
  const int file = ::open(kOwnFile, O_RDONLY);  // NOLINT(android-cloexec-open): for the successor
  if (file < 0) return fail_errno(kOwnFile);
  return fmt::format("/proc/self/fd/{}", file);
}

// Becomes the xaas-lower that is in the image.
Result<int> install_image(const SelfCall& call) {
  if (call.arguments.size() < 2) return wrong_usage(call, "--xaas-install takes a directory");
  XAAS_ASSIGN(const auto image, Image::open(call.image));
  const Toolchain* toolchain = find_toolchain(image->manifest());
  if (toolchain == nullptr) {
    return fail(Code::unsupported, "the image has no compiler that runs on {}: use --xaas-extract", host_triple());
  }
  XAAS_ASSIGN(const std::string bytes, JobRunner(image, *toolchain, 0).worker_bytes());
  XAAS_ASSIGN(const auto program, WorkerProgram::from_bytes(bytes));
  XAAS_ASSIGN(const std::string own, path_for_successor(call.image));
  std::vector<std::string> words = {"xaas-lower", "install", own};
  std::ranges::copy(rest_of(call), std::back_inserter(words));
  const std::vector<char*> arguments = argument_pointers(words);
  ::fexecve(program->fd(), arguments.data(), environ);
  return fail_errno("cannot start the compiler in the image");
}

// The programs in a directory by name, sorted.
std::vector<std::string> programs_in(const fs::path& directory) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (is_program(entry->path())) names.insert(entry->path().filename().string());
  }
  return {names.begin(), names.end()};
}

// The only program in `bin` if there are others only as links to it; else an empty path.
fs::path only_program(const fs::path& bin, const std::vector<std::string>& names) {
  std::set<fs::path> files;
  std::error_code ignored;
  for (const std::string& name : names) files.insert(fs::canonical(bin / name, ignored));
  return files.size() == 1 ? *files.begin() : fs::path();
}

// The program to run of an image that is mounted at `mountpoint`. Empty if nothing says which one.
fs::path choose_program(const SelfCall& call, const fs::path& mountpoint, const std::string& main) {
  const fs::path bin = mountpoint / kBin;
  if (fs::path named = bin / call.name; is_program(named)) return named;
  if (!main.empty()) return mountpoint / main;
  return only_program(bin, programs_in(bin));
}

ExitStatus list_programs(const SelfCall& call, const fs::path& mountpoint) {
  const std::vector<std::string> names = programs_in(mountpoint / kBin);
  if (names.empty()) return {.code = wrong_usage(call, "the image has no main program, and none in bin: mount it")};
  std::string text = fmt::format(
      "{}: which program? Call this file by a symbolic link with the name of one of these (see --xaas-help):\n",
      printable(call.name));
  for (const std::string& name : names) text += printable(name) + '\n';
  static_cast<void>(std::fputs(text.c_str(), stderr));
  return {.code = kUsage};
}

// Why the image cannot be mounted for the program, and what to do instead.
tl::unexpected<Error> no_mount(const SelfCall& call, const Manifest& manifest) {
  const auto why = [&]() -> std::string {
    if (!Fd(::open(kFuseDevice, O_RDWR | O_CLOEXEC)).valid()) return fail_errno(kFuseDevice).value().message;
    if (is_movable(manifest)) return "neither user namespaces that may mount nor fusermount3 are to be had";
    return fmt::format("user namespaces that may mount are not to be had, and the image is for {} only",
                       manifest.prefix);
  };
  return fail(Code::unsupported, "the image cannot be mounted: {}: install it with {} --xaas-install DIR", why(),
              call.command);
}

// Runs the program where nobody else sees the image, or if that is not possible, in a directory for temporary files.
Result<ExitStatus> run_program_of_image(const SelfCall& call) {
  Manifest manifest;
  {
    XAAS_ASSIGN(const auto image, Image::open(call.image));
    manifest = image->manifest();
  }
  const auto work = [&](const fs::path& mountpoint) -> Result<ExitStatus> {
    const fs::path program = choose_program(call, mountpoint, manifest.main);
    if (program.empty()) return list_programs(call, mountpoint);
    std::vector<std::string> command = {program.string()};
    std::ranges::copy(call.arguments, std::back_inserter(command));
    return run_command(command);
  };
  MountRequest request;
  request.image = call.image;
  // An image without a compiler is meant to be run as it is, so no warning says that nothing is compiled.
  if (manifest.toolchains.empty()) request.options.when = LowerWhen::never;
  if (can_mount_privately()) return run_at_prefix(request, work);
  if (!is_movable(manifest) || ::access(kFuseDevice, F_OK) != 0 || !has_fusermount()) return no_mount(call, manifest);
  return run_at_temporary_directory(request, work);
}

Result<int> run_reserved(const SelfCall& call, const std::function<Result<int>(std::vector<std::string>)>& mount_tool) {
  const std::string& word = call.arguments.front();
  if (word == "--xaas-info") return show_info(call);
  if (word == "--xaas-extract") return extract_image(call);
  if (word == "--xaas-install") return install_image(call);
  if (word == "--xaas-mount") {
    std::vector<std::string> words = {call.image.string()};
    std::ranges::copy(rest_of(call), std::back_inserter(words));
    return mount_tool(std::move(words));
  }
  if (word != "--xaas-help") return wrong_usage(call, fmt::format("there is no {}", printable(word)));
  XAAS_TRY(print(fmt::format(fmt::runtime(kSelfHelp), call.name)));
  return kDone;
}

// Ends this process as `signal` ends it. The program has left a dump of its memory already, if it had to.
void end_by(int signal) {
  ::prctl(PR_SET_DUMPABLE, 0);
  ::signal(signal, SIG_DFL);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, signal);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  ::raise(signal);
}

}  // namespace

int run_self(const std::vector<std::string>& words,
             const std::function<Result<int>(std::vector<std::string>)>& mount_tool) {
  ::signal(SIGCHLD, SIG_DFL);  // if it is ignored, a child's status is lost
  SelfCall call;
  call.image = own_image();
  call.command = words.empty() ? call.image.string() : words.front();
  call.name = fs::path(call.command).filename();
  if (words.size() > 1) call.arguments.assign(words.begin() + 1, words.end());
  ExitStatus status;
  const int code = tool_main(printable(call.name), [&]() -> Result<int> {
    if (!call.arguments.empty() && call.arguments.front().starts_with(kReserved)) return run_reserved(call, mount_tool);
    XAAS_ASSIGN(status, run_program_of_image(call));
    return status.shell_code();
  });
  if (status.signal != 0) end_by(status.signal);
  return code;
}

}  // namespace xaas
