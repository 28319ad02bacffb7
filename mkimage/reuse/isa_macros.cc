// See isa_macros.h.
#include "mkimage/reuse/isa_macros.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "format/base/file.h"
#include "format/base/split.h"
#include "mkimage/compiler/compiler_options.h"
#include "mkimage/reuse/key_hash.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPoison = "#pragma GCC poison ";
// Makes the file a system header. Elsewhere, clang warns when a defined macro is poisoned.
constexpr std::string_view kNoWarnings = "#pragma GCC system_header\n";

using Macros = std::map<std::string, std::string>;  // definitions by name

// The options of a command that may decide the CPU.
std::vector<std::string> cpu_arguments(const CaptureEnvironment& environment, const Compilation& compilation) {
  return filter_parts(capturing_arguments(environment, compilation, {}),
                      [](const CommandPart& part, std::string_view argument) {
                        if (part.is_input) return false;
                        return argument.starts_with("-m") || argument.starts_with("-target") ||
                               argument.starts_with("--target") || argument.starts_with("-Xclang");
                      });
}

std::optional<Macros> predefined_macros(const std::string& compiler, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), compiler);
  arguments.insert(arguments.end(), {"-w", "-dM", "-E", "-x", "c", "/dev/null"});
  const auto answer = run_and_read(std::move(arguments));
  if (!answer || !answer->status.ok()) return std::nullopt;
  Macros macros;
  constexpr std::string_view kDefine = "#define ";
  for (std::string_view line : split(answer->output, '\n')) {
    if (!line.starts_with(kDefine)) continue;
    line.remove_prefix(kDefine.size());
    const std::string_view name = line.substr(0, line.find_first_of(" ("));
    macros.emplace(name, line.substr(name.size()));
  }
  return macros;
}

// The names that `less` defines otherwise or not at all. Nullopt if `less` defines a name that `more` lacks.
std::optional<std::vector<std::string>> differing(const Macros& more, const Macros& less) {
  if (std::ranges::any_of(less, [&](const auto& macro) { return !more.contains(macro.first); })) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& [name, definition] : more) {
    const auto other = less.find(name);
    if (other == less.end() || other->second != definition) names.push_back(name);
  }
  return names;
}

std::vector<std::string> names_in_header(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with(kPoison)) names.emplace_back(line.substr(kPoison.size()));
  }
  return names;
}

Status write_header(const fs::path& path, const std::vector<std::string>& names) {
  std::string text(kNoWarnings);
  for (const std::string& name : names) text += fmt::format("{}{}\n", kPoison, name);
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  XAAS_ASSIGN(TempFile file, TempFile::create(path.parent_path()));
  XAAS_TRY(write_all(file.fd(), text));
  return file.commit(path);
}

}  // namespace

bool IsaMacroGuard::is_evaded_by(const std::vector<std::string>& arguments) const {
  return std::ranges::any_of(arguments, [&](const std::string& argument) {
    return std::ranges::any_of(macros,
                               [&](const std::string& name) { return argument.find(name) != std::string::npos; });
  });
}

bool IsaMacroGuard::stopped_at_other_than(const IsaMacroGuard& other, std::string_view message) const {
  return std::ranges::any_of(macros, [&](const std::string& name) {
    return message.find(name) != std::string_view::npos && !std::ranges::binary_search(other.macros, name);
  });
}

std::optional<IsaMacroGuard> isa_macro_guard(const CaptureEnvironment& environment, const Compilation& compilation,
                                             const Compilation& lesser) {
  const std::vector<std::string> more_arguments = cpu_arguments(environment, compilation);
  const std::vector<std::string> less_arguments = cpu_arguments(environment, lesser);
  KeyHash key;
  key.add_program(compilation.compiler);
  key.add_all(more_arguments);
  key.add("without");
  key.add_all(less_arguments);
  const fs::path header = environment.cache / "macros" / (key.finish().hex() + ".h");
  if (const auto text = read_file(header)) return IsaMacroGuard{header, names_in_header(*text)};

  const auto more = predefined_macros(compilation.compiler, more_arguments);
  const auto less = predefined_macros(compilation.compiler, less_arguments);
  if (!more || !less) return std::nullopt;
  const auto names = differing(*more, *less);
  if (!names || !write_header(header, *names)) return std::nullopt;
  return IsaMacroGuard{header, *names};
}

bool ask_for_cpu_builtins(const std::vector<fs::path>& files) {
  // The two words are looked for separately. They may be in a macro and its argument, far from each other.
  bool asks = false;
  bool names_cpu = false;
  for (const fs::path& file : files) {
    const auto text = read_file(file);
    if (!text) return true;
    asks = asks || text->find("has_builtin") != std::string::npos || text->find("HAS_BUILTIN") != std::string::npos;
    names_cpu = names_cpu || text->find("ia32") != std::string::npos;
  }
  return asks && names_cpu;
}

}  // namespace xaas
