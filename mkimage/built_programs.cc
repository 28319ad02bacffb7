// See built_programs.h.
#include "mkimage/built_programs.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <map>

#include "format/base/elf_file.h"
#include "format/base/mapped_file.h"
#include "format/base/shell_quoted.h"
#include "format/base/text.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// Directories that are not searched: those that build systems keep for themselves, and those with tests.
constexpr std::array<std::string_view, 8> kPassedOver = {".git", ".libs",   "CMakeFiles", "check",
                                                         "test", "testing", "tests",      "unittests"};

enum class Kind { other, program, library };

// The beginnings and ends of names that tests have, and names that configure scripts leave behind.
constexpr std::array<std::string_view, 7> kTestBeginnings = {"Test",  "conftest", "test-", "test.",
                                                             "test_", "tests.",   "tests_"};
constexpr std::array<std::string_view, 6> kTestEndings = {"-test", "-tests", "Test", "Tests", "_test", "_tests"};

bool looks_like_test(std::string_view name) {
  const auto begins = [&](std::string_view text) { return name.starts_with(text); };
  const auto ends = [&](std::string_view text) { return name.ends_with(text); };
  return name == "a.out" || name == "test" || name == "tests" || std::ranges::any_of(kTestBeginnings, begins) ||
         std::ranges::any_of(kTestEndings, ends);
}

Kind kind_of(const fs::path& path) {
  const auto file = MappedFile::open(path);
  if (!file || !ElfFile::is_elf(file->bytes())) return Kind::other;
  const auto elf = ElfFile::parse(file->bytes());
  if (!elf || elf->is_debug_only() || elf->kind() == ElfKind::relocatable) return Kind::other;
  const auto dynamic = elf->dynamic();
  const bool starts = elf->kind() == ElfKind::executable || elf->interpreter() || (dynamic && dynamic->is_pie);
  if (starts) return access(path.c_str(), X_OK) == 0 ? Kind::program : Kind::other;
  const bool is_named = path.filename().string().find(".so") != std::string::npos;
  return elf->kind() == ElfKind::shared && is_named ? Kind::library : Kind::other;
}

// By file name, so that no file would overwrite another.
struct Found {
  std::map<std::string, std::string> programs;
  std::map<std::string, std::string> libraries;
};

// `original` is empty if every file counts as new. `before` stands in front of each name, which is relative to `root`.
void search(const fs::path& root, const fs::path& original, std::string_view before, Found& found) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(root, error); !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (entry->is_directory(ignored) && is_in(kPassedOver, name)) {
      entry.disable_recursion_pending();
    }
    if (!entry->is_regular_file(ignored) || looks_like_test(name)) continue;
    const fs::path relative = entry->path().lexically_relative(root);
    if (!original.empty() && fs::exists(fs::symlink_status(original / relative, ignored))) continue;
    const Kind kind = kind_of(entry->path());
    const std::string word = fmt::format("{}{}", before, shell_quoted(relative.string()));
    if (kind == Kind::program && !entry->is_symlink(ignored)) found.programs.emplace(name, word);
    if (kind == Kind::library) found.libraries.emplace(name, word);
  }
}

std::vector<std::string> values_of(const std::map<std::string, std::string>& map) {
  std::vector<std::string> values;
  for (const auto& [name, value] : map) values.push_back(value);
  return values;
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = std::min(text.find_first_not_of(kBlanks), text.size());
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

// The variable that a line of a makefile sets to /usr/local; empty if it is another line.
std::string variable_for_local(std::string_view line) {
  const std::size_t sign = line.find('=');
  if (sign == std::string_view::npos || line.starts_with('\t')) return {};
  const std::string_view value = without_blanks(line.substr(sign + 1, line.find('#', sign) - sign - 1));
  if (value != "/usr/local" && value != "/usr/local/") return {};
  std::string_view name = line.substr(0, sign);
  while (name.ends_with(':') || name.ends_with('?')) name.remove_suffix(1);
  name = without_blanks(name);
  const bool is_name = std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  return is_name ? std::string(name) : "";
}

std::string copy_command(const std::vector<std::string>& files, std::string_view copy, std::string_view directory) {
  const std::string place = fmt::format(R"("$DESTDIR$PREFIX/{}")", directory);
  return fmt::format("mkdir -p {} && {} {} {}", place, copy, fmt::join(files, " "), place);
}

}  // namespace

BuiltPrograms find_built_programs(const fs::path& source, const fs::path& original, const fs::path& build) {
  Found found;
  search(source, original, "", found);
  search(build, {}, R"("$BUILD"/)", found);
  return {values_of(found.programs), values_of(found.libraries)};
}

std::string install_command(const BuiltPrograms& built) {
  std::vector<std::string> commands;
  if (!built.programs.empty()) commands.push_back(copy_command(built.programs, "cp", "bin"));
  if (!built.libraries.empty()) commands.push_back(copy_command(built.libraries, "cp -P", "lib"));
  return fmt::format("{}", fmt::join(commands, " && "));
}

std::string redirected_install(const fs::path& source, const std::string& command) {
  std::string redirected = command;
  for (const char* name : {"GNUmakefile", "makefile", "Makefile"}) {
    std::ifstream makefile(source / name);
    for (std::string line; std::getline(makefile, line);) {
      const std::string variable = variable_for_local(line);
      const bool is_set = redirected.find(fmt::format(" {}=", variable)) != std::string::npos;
      if (!variable.empty() && !is_set) redirected += fmt::format(R"( {}="$DESTDIR$PREFIX")", variable);
    }
    if (makefile.is_open()) break;  // make reads one of them
  }
  return redirected == command ? "" : redirected;
}

}  // namespace xaas
