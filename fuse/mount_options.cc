// See mount_options.h.
#include "fuse/mount_options.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <limits>
#include <system_error>
#include <utility>

#include "format/base/file.h"
#include "format/base/text.h"

namespace xaas {
namespace {

struct Option {
  std::string_view name;
  bool has_value;
  Status (*apply)(std::string_view value, MountOptions& options);  // null: handed on to the kernel
};

template <typename T>
Status parse_number(std::string_view value, T& into) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), into);
  if (error == std::errc() && end == value.data() + value.size()) return {};
  return fail(Code::invalid, "'{}' is not a number from 0 to {}", value, std::numeric_limits<T>::max());
}

template <typename T>
Status parse_number(std::string_view value, std::optional<T>& into) {
  return parse_number(value, into.emplace());
}

Status add_features(std::string_view value, MountOptions& options) {
  std::string& features = options.lowerer.target.features;
  if (!features.empty()) features += ',';
  features += value;
  return {};
}

Status add_gpu(std::string_view value, MountOptions& options) {
  std::string& gpu = options.lowerer.gpu;
  if (!gpu.empty()) gpu += ',';
  gpu += value;
  const auto gpus = parse_gpus(gpu);
  return gpus ? Status() : tl::unexpected(gpus.error());
}

template <auto Member>
Status set_seconds(std::string_view value, MountOptions& options) {
  std::uint32_t seconds = 0;
  XAAS_TRY(parse_number(value, seconds));
  options.*Member = std::chrono::seconds(seconds);
  return {};
}

Status set_idle(std::string_view value, MountOptions& options) {
  XAAS_TRY(set_seconds<&MountOptions::idle>(value, options));
  if (options.idle->count() == 0) return fail(Code::invalid, "0 seconds would unmount at once");
  return {};
}

Status set_when(std::string_view value, MountOptions& options) {
  constexpr std::pair<std::string_view, LowerWhen> kNames[] = {{"auto", LowerWhen::automatic},
                                                               {"wait", LowerWhen::wait},
                                                               {"background", LowerWhen::background},
                                                               {"eager", LowerWhen::eager},
                                                               {"never", LowerWhen::never}};
  const auto* known = std::ranges::find(kNames, value, &std::pair<std::string_view, LowerWhen>::first);
  if (known == std::end(kNames))
    return fail(Code::invalid, "'{}' is not auto, wait, background, eager or never", value);
  options.when = known->second;
  return {};
}

Status set_policy(std::string_view value, MountOptions& options) {
  XAAS_ASSIGN(options.lowerer.policy, find_policy(value));
  return {};
}

Status set_cache(std::string_view value, MountOptions& options) {
  // Absolute, because a mount in the background leaves this directory.
  std::error_code error;
  options.lowerer.cache = std::filesystem::absolute(value, error);
  if (error) return fail(Code::invalid, "'{}': {}", value, error.message());
  return {};
}

Status set_configuration(std::string_view value, MountOptions& options) {
  options.lowerer.configuration = value;
  return {};
}

Status set_cpu(std::string_view value, MountOptions& options) {
  options.lowerer.target.cpu = value;
  return {};
}

Status set_prefix(std::string_view value, MountOptions& options) {
  const std::filesystem::path prefix = std::filesystem::path(value).lexically_normal();
  if (!prefix.is_absolute()) return fail(Code::invalid, "'{}' is no absolute path", value);
  options.prefix = prefix.has_filename() ? prefix.native() : prefix.parent_path().native();
  return {};
}

Status set_jobs(std::string_view value, MountOptions& options) { return parse_number(value, options.lowerer.jobs); }

Status set_memory(std::string_view value, MountOptions& options) {
  const auto bytes = parse_bytes(value);
  if (!bytes) return fail(Code::invalid, "'{}' is no size, such as 4G", value);
  options.lowerer.memory = *bytes;
  return {};
}

template <auto Member>
Status set_number(std::string_view value, MountOptions& options) {
  return parse_number(value, options.*Member);
}

Status set_strict(std::string_view /*value*/, MountOptions& options) {
  options.strict = true;
  return {};
}

Status set_nonempty(std::string_view /*value*/, MountOptions& options) {
  options.nonempty = true;
  return {};
}

Status accept(std::string_view /*value*/, MountOptions& /*options*/) { return {}; }

constexpr auto kHandedOn = nullptr;
constexpr std::string_view kSlotPrefix = "slot.";  // of options that are named after slots

// Sorted by name. nodev, nosuid and ro are always in force; they are accepted because mount(8) and fstab give them.
constexpr Option kOptions[] = {
    {"allow_other", false, kHandedOn},
    {"auto_unmount", false, kHandedOn},
    {"cache", true, set_cache},
    {"config", true, set_configuration},
    {"cpu", true, set_cpu},
    {"features", true, add_features},
    {"gid", true, set_number<&MountOptions::gid>},
    {"gpu", true, add_gpu},
    {"idle", true, set_idle},
    {"jobs", true, set_jobs},
    {"lower", true, set_when},
    {"memory", true, set_memory},
    {"nodev", false, accept},
    {"noexec", false, kHandedOn},
    {"nonempty", false, set_nonempty},
    {"nosuid", false, accept},
    {"offset", true, set_number<&MountOptions::offset>},
    {"policy", true, set_policy},
    {"prefix", true, set_prefix},
    {"ro", false, accept},
    {"strict", false, set_strict},
    {"timeout", true, set_seconds<&MountOptions::timeout>},
    {"uid", true, set_number<&MountOptions::uid>},
};

Status apply_option(std::string_view text, MountOptions& options) {
  if (text.starts_with('+') || text.starts_with('-')) return add_features(text, options);
  if (text.starts_with("sm_")) return add_gpu(text, options);
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  if (name.starts_with(kSlotPrefix)) {
    const std::string_view what = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
    const Status done = add_slot_override(name.substr(kSlotPrefix.size()), what, options.lowerer.slots);
    return done ? done : fail(Code::invalid, "option '{}': {}", name, done.error().message);
  }
  const auto option = std::ranges::lower_bound(kOptions, name, {}, &Option::name);
  if (option == std::end(kOptions) || option->name != name) return fail(Code::invalid, "unknown option '{}'", name);
  const bool has_value = equals != std::string_view::npos;
  if (has_value && !option->has_value) return fail(Code::invalid, "option '{}' takes no value", name);
  const std::string_view value = has_value ? text.substr(equals + 1) : std::string_view();
  if (option->has_value && value.empty()) return fail(Code::invalid, "option '{}' needs a value", name);
  if (option->apply == kHandedOn) {
    options.kernel.emplace_back(name);
    return {};
  }
  const Status done = option->apply(value, options);
  if (!done) return fail(Code::invalid, "option '{}': {}", name, done.error().message);
  return {};
}

unsigned kernel_setting(const char* path) {
  const Result<std::string> text = read_file(path, 64);
  unsigned value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;  // 0 means none; so does a missing setting
}

}  // namespace

Status parse_mount_options(std::string_view list, MountOptions& options) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) XAAS_TRY(apply_option(list.substr(0, comma), options));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return {};
}

std::optional<std::chrono::milliseconds> timeout_from_kernel(unsigned default_timeout, unsigned max_timeout) {
  unsigned seconds = default_timeout;
  if (max_timeout != 0 && (seconds == 0 || seconds > max_timeout)) seconds = max_timeout;
  if (seconds == 0) return std::nullopt;
  // A quarter, 10 s at most, is left for what comes before and after the wait.
  const auto limit = std::chrono::milliseconds(std::chrono::seconds(seconds));
  return limit - std::min<std::chrono::milliseconds>(limit / 4, std::chrono::seconds(10));
}

std::optional<std::chrono::milliseconds> read_timeout(const MountOptions& options,
                                                      std::optional<std::chrono::milliseconds> kernel) {
  if (options.when == LowerWhen::background) return std::chrono::milliseconds(0);
  if (!options.timeout) return kernel;
  return std::min<std::chrono::milliseconds>(*options.timeout, kernel.value_or(std::chrono::milliseconds::max()));
}

std::optional<std::chrono::milliseconds> kernel_timeout() {
  return timeout_from_kernel(kernel_setting("/proc/sys/fs/fuse/default_request_timeout"),
                             kernel_setting("/proc/sys/fs/fuse/max_request_timeout"));
}

}  // namespace xaas
