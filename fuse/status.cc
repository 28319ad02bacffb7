// See status.h.
#include "fuse/status.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <thread>

#include "format/base/file.h"
#include "format/base/tool_main.h"
#include "format/image.h"

namespace xaas {
namespace {

std::string counts(const std::vector<LazyReport>& files) {
  std::string text;
  for (const LazyState state :
       {LazyState::cold, LazyState::lowering, LazyState::interim, LazyState::ready, LazyState::baseline}) {
    const auto count = std::ranges::count(files, state, &LazyReport::state);
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", count, state_name(state));
  }
  return text;
}

// ", 12 of 42 modules, 3 s"
std::string progress_text(const ModuleCount& modules, double seconds) {
  const std::string count = modules.all > 0 ? ", " + to_text(modules) : "";
  return count + fmt::format(", {:.0f} s", std::floor(seconds));
}

std::string ahead_text(const Ahead& ahead) {
  if (ahead.files == 0) return {};
  std::string text = fmt::format("{} of {} files", ahead.done, ahead.files);
  if (ahead.modules.all > 0) text += fmt::format(", {} of {}", to_text(ahead.modules), ahead.path);
  return text;
}

std::string file_line(const LazyReport& file) {
  std::string line = fmt::format("{:<9} {}", state_name(file.state), file.path);
  if (file.state == LazyState::ready) {
    line += file.from_cache   ? ", from the cache"
            : file.from_image ? ", from the image"
                              : fmt::format(", {:.2f} s", file.seconds);
  }
  if (!file.cpu.empty()) line += fmt::format(", the ready file for {} is served", file.cpu);
  if (file.late && file.state != LazyState::baseline) line += ", the baseline was served meanwhile";
  if (file.large) line += ", larger than promised";
  if (is_being_lowered(file)) line += progress_text(file.modules, file.working);
  if (file.waiting > 0) line += fmt::format(", {} waiting", file.waiting);
  if (!file.error.empty()) line += ": " + file.error;
  return line;
}

void add_field(std::string& text, std::string_view name, const std::string& value) {
  if (!value.empty()) text += fmt::format("{:<14} {}\n", name, value);
}

}  // namespace

std::string status_text(const StatusInput& input) {
  std::string text;
  add_field(text, "image", input.image);
  add_field(text, "name", input.name);
  add_field(text, "target", input.target.empty() ? "none, the baseline is served" : input.target);
  add_field(text, "configuration", input.configuration);
  add_field(text, "level", input.level);
  for (const auto& [slot, libraries] : input.slots) add_field(text, "slot " + slot, libraries);
  add_field(text, "policy", input.policy);
  add_field(text, "cache", input.cache);
  add_field(text, "timeout", input.timeout);
  if (!input.target.empty()) add_field(text, "files", counts(input.files));
  add_field(text, "ahead", ahead_text(input.ahead));
  const bool any = std::ranges::any_of(input.files, [](const LazyReport& f) { return f.state != LazyState::cold; });
  if (any) text += "\n";
  for (const LazyReport& file : input.files) {
    if (file.state != LazyState::cold) text += file_line(file) + "\n";
  }
  if (!input.log.empty()) text += "\nlog\n";
  for (const std::string& line : input.log) text += line + "\n";
  return text;
}

Result<std::string> read_status(const std::filesystem::path& mountpoint) {
  Result<std::string> text = read_file(mountpoint / kPrivateDirectory / kStatusName);
  if (text) return text;
  return fail(Code::failed, "{}: no image is mounted here by xaas-mount ({})", mountpoint.string(),
              text.error().message);
}

Status watch_status(const std::filesystem::path& mountpoint) {
  constexpr std::chrono::milliseconds kInterval(250);  // nothing announces a change
  constexpr std::string_view kFromTheTop = "\033[H\033[J";
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  std::string shown;
  while (true) {
    const Result<std::string> text = read_status(mountpoint);
    if (!text && !shown.empty()) return {};
    if (!text) return tl::unexpected<Error>(text.error());
    if (*text != shown) {
      const std::string_view before = is_terminal ? kFromTheTop : std::string_view(shown.empty() ? "" : "\n");
      XAAS_TRY(print(std::string(before) + *text));
      std::fflush(stdout);
      shown = *text;
    }
    std::this_thread::sleep_for(kInterval);
  }
}

}  // namespace xaas
