// See fortran_unit.h.
#include "mkimage/capture/fortran_unit.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "format/base/file.h"
#include "format/base/split.h"
#include "mkimage/capture/fortran_command.h"
#include "mkimage/compiler/compiler_options.h"
#include "mkimage/reuse/key_hash.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKeyVersion = "xaas capture cache of Fortran 2";
constexpr std::string_view kLineMarker = "#line ";
constexpr std::string_view kModuleFile = ".mod";
using Words = std::set<std::string, std::less<>>;

// Adds every word that can be a name, in lower case, since names of module files are in lower case.
void add_words(std::string_view text, Words& words) {
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) words.insert(std::move(word));
    word.clear();
  };
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else {
      finish();
    }
  }
  finish();
}

// "parent-child.mod" is the file of a submodule.
bool is_mentioned(const fs::path& file, const Words& words) {
  const std::string stem = file.stem().string();
  return std::ranges::all_of(split(stem, '-'), [&](std::string_view part) { return words.contains(part); });
}

// Name -> path. If several directories have a file of one name, the first one counts.
std::map<std::string, fs::path> module_files(const std::vector<fs::path>& directories) {
  std::map<std::string, fs::path> files;
  for (const fs::path& directory : directories) {
    std::error_code error;
    for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      if (entry->path().extension() == kModuleFile) files.try_emplace(entry->path().filename().string(), entry->path());
    }
  }
  return files;
}

// flang looks in the working directory, then in the directories that it is given.
std::vector<fs::path> search_directories(const Compilation& compilation) {
  std::vector<fs::path> directories = {".", module_directory(compilation)};
  for (const CommandPart& part : command_parts(compilation.arguments)) {
    if (part.option != nullptr && part.option->name == "-I") directories.emplace_back(part.value);
  }
  return directories;
}

bool tells_all(const Compilation& compilation) {
  const CompilerCommand& command = compilation.command;
  if (command.inputs.size() != 1 || command.inputs.front().kind != InputKind::source) return false;
  return std::ranges::none_of(command_parts(compilation.arguments), [&](const CommandPart& part) {
    if (part.is_input) return part.value.starts_with('@');  // a response file, with options in it
    return part.has(option_flags::other_files);
  });
}

}  // namespace

std::vector<std::string> included_files(std::string_view text, const std::string& source) {
  std::vector<std::string> files;
  const fs::path own = fs::path(source).lexically_normal();
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with(kLineMarker)) continue;
    const std::size_t first = line.find('"');
    const std::size_t last = line.rfind('"');
    if (first == last) continue;
    const std::string file = fs::path(line.substr(first + 1, last - first - 1)).lexically_normal().string();
    if (file != own && std::ranges::find(files, file) == files.end()) files.push_back(file);
  }
  return files;
}

std::vector<fs::path> mentioned_modules(std::string_view text, const std::vector<fs::path>& directories) {
  const std::map<std::string, fs::path> files = module_files(directories);
  Words words;
  add_words(text, words);
  std::set<fs::path> found;
  for (bool grows = true; grows;) {
    grows = false;
    for (const auto& [name, file] : files) {
      if (found.contains(file) || !is_mentioned(name, words)) continue;
      found.insert(file);
      grows = true;
      if (const auto content = read_file(file)) add_words(*content, words);
    }
  }
  return {found.begin(), found.end()};
}

fs::path module_directory(const Compilation& compilation) {
  fs::path directory = ".";
  for (const CommandPart& part : command_parts(compilation.arguments)) {
    if (part.option == nullptr) continue;
    if (part.option->name == "-J" || part.option->name == "-module-dir") directory = part.value;
  }
  return directory;
}

std::optional<Digest> fortran_key(const CaptureEnvironment& environment, const Compilation& compilation,
                                  std::string_view text) {
  if (!tells_all(compilation)) return std::nullopt;
  const std::string& source = compilation.command.inputs.front().path;
  KeyHash hash;
  hash.add(kKeyVersion);
  hash.add_program(compilation.compiler);
  hash.add_program(environment.prefix_pass);
  hash.add(environment.prefix.string());
  hash.add(environment.movable ? "movable" : "");
  std::error_code error;
  hash.add(fs::current_path(error).string());
  hash.add_all(fortran_arguments(environment, compilation));
  hash.add(text);
  hash.add_file(source);
  for (const std::string& file : included_files(text, source)) hash.add_file(file);
  for (const fs::path& file : mentioned_modules(text, search_directories(compilation))) hash.add_file(file);
  return hash.finish();
}

}  // namespace xaas
