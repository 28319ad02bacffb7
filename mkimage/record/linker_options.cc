// The table of linker options; see linker_options.h.
#include "mkimage/record/linker_options.h"

#include <algorithm>
#include <array>

#include "format/base/error.h"

namespace xaas {
namespace {

using enum LinkerEffect;

// lld's canonical names. lld writes an alias (-h, -soname) as the option for which it stands.
constexpr std::array kOptions = std::to_array<LinkerOption>({
    {"Bdynamic", prefer_shared},
    {"Bstatic", prefer_static},
    {"L", path},
    {"Map", drop},
    {"build-id", drop, true},
    {"call-graph-ordering-file", file},
    {"chroot", drop},
    {"color-diagnostics", drop, true},
    {"cref", drop},
    {"default-script", script},
    {"dependency-file", drop},
    {"disable-new-dtags", drop},
    {"dynamic-linker", drop},
    {"dynamic-list", file},
    {"enable-new-dtags", drop},
    {"error-limit", drop, true},
    {"exclude-libs", refuse},  // selects by names of archives, and lowering has no archives
    {"export-dynamic-symbol-list", file},
    {"fat-lto-objects", drop},
    {"fatal-warnings", drop},
    {"format", refuse},
    {"in-implib", refuse},
    {"just-symbols", refuse},
    {"l", library},
    {"lto", drop, true},
    {"mllvm", drop, true},
    {"no-color-diagnostics", drop},
    {"no-dynamic-linker", drop},
    {"no-fat-lto-objects", drop},
    {"no-fatal-warnings", drop},
    {"no-lto", drop, true},
    {"no-pie", kind},
    {"no-warnings", drop},
    {"nostdlib", drop},
    {"o", drop},
    {"out-implib", refuse},
    {"pie", kind},
    {"plugin", drop, true},
    {"print-archive-stats", drop, true},
    {"print-gc-sections", drop},
    {"print-icf-sections", drop},
    {"print-map", drop},
    {"print-memory-usage", drop},
    {"print-symbol-order", drop, true},
    {"relocatable", refuse},
    {"remap-inputs", refuse, true},
    {"reproduce", drop, true},
    {"retain-symbols-file", file},
    {"rpath", drop},
    {"rpath-link", drop},
    {"save-temps", drop, true},
    {"script", script},
    {"shared", kind},
    {"soname", drop},
    {"strip-all", drop},
    {"strip-debug", drop},
    {"symbol-ordering-file", file},
    {"sysroot", drop, true},
    {"thinlto", drop, true},
    {"threads", drop, true},
    {"time-trace", drop, true},
    {"trace", drop},
    {"verbose", drop},
    {"version", drop},
    {"version-script", file},
    {"warn-backrefs", drop, true},
    {"why-extract", drop, true},
});

// Splits at blanks outside quotes, and removes the quotes. lld puts quotes around a word with blanks. Nullopt if a
// quote is open at the end.
std::optional<std::vector<std::string>> split_quoted(std::string_view line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  return words;
}

}  // namespace

std::span<const LinkerOption> linker_options() { return kOptions; }

LinkerEffect linker_effect(std::string_view name) {
  for (std::size_t length = name.size(); length > 0; --length) {
    const std::string_view head = name.substr(0, length);
    const auto found = std::ranges::lower_bound(kOptions, head, {}, &LinkerOption::name);
    if (found == kOptions.end() || found->name != head) continue;
    if (length == name.size() || found->is_prefix) return found->effect;
  }
  return keep;
}

std::optional<LinkerArgument> parse_response_line(std::string_view line) {
  const auto words = split_quoted(line);
  if (!words || words->size() > 2 || words->front().empty()) return std::nullopt;
  const std::string& first = words->front();
  if (!first.starts_with('-')) {
    if (words->size() != 1) return std::nullopt;
    return LinkerArgument{"", first};
  }
  LinkerArgument argument;
  argument.name = first.substr(first.starts_with("--") ? 2 : 1);
  if (argument.name.empty()) return std::nullopt;
  if (words->size() == 2) argument.value = words->back();
  return argument;
}

std::string to_argument(const LinkerArgument& argument) {
  const bool is_short = argument.name.size() == 1;
  std::string text = (is_short ? "-" : "--") + argument.name;
  if (argument.value) text += (is_short ? "" : "=") + *argument.value;
  return text;
}

}  // namespace xaas
