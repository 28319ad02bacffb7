// See nvcc_source.h.
#include "mkimage/capture/nvcc_source.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNvccFile = "tmpxft_";
constexpr std::string_view kHostCode = ".cudafe1.cpp";
constexpr const char* kHostStem = ".cudafe1";
constexpr std::string_view kFatbinFile = ".fatbin.c";
constexpr std::string_view kFatbinEnd = "\".text\\n\");\n";  // of the assembly that is the fat binary
constexpr std::string_view kArchitecture = ".compute_";
// Options of a unit that nvcc makes at a link. They name files that it includes: -DFATBINFILE="/tmp/tmpxft_…".
constexpr auto kLinkFiles = std::to_array<std::string_view>({"-DFATBINFILE=\"", "-DREGISTERLINKBINARYFILE=\""});

bool is_host_code(const std::string& argument) {
  return argument.ends_with(kHostCode) && fs::path(argument).filename().string().starts_with(kNvccFile);
}

// "tmpxft_0000abcd_00000000-", with which the names of all files of one run of nvcc begin.
std::string run_name(const fs::path& source) {
  const std::string name = source.filename().string();
  return name.substr(0, name.find('-') + 1);
}

// ".compute_80" of "…_a.compute_80.cudafe1.cpp". There is none where nvcc compiles for one architecture.
std::string architecture_in(const fs::path& source) {
  const std::string name = source.filename().string();
  const std::size_t end = name.size() - kHostCode.size();
  const std::size_t start = name.rfind(kArchitecture, end);
  return start == std::string::npos || name.find('.', start + 1) != end ? "" : name.substr(start, end - start);
}

// Removes the first `size` bytes of each `what` in the text.
void remove_starts(std::string& text, const std::string& what, std::size_t size) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) text.erase(at, size);
}

// Removes the numbers of the run in front of the names of its files: "tmpxft_0000abcd_00000000-6_".
std::string without_run(std::string_view text, std::string_view run) {
  std::string result;
  for (std::size_t at = text.find(run); at != std::string_view::npos; at = text.find(run)) {
    const std::size_t end = text.find_first_not_of("0123456789", at + run.size());
    const bool is_name = end != std::string_view::npos && end > at + run.size() && text[end] == '_';
    result += text.substr(0, is_name ? at : at + run.size());
    text.remove_prefix(is_name ? end + 1 : at + run.size());
  }
  return result.append(text);
}

// The files of the run that the host code may include.
std::vector<fs::path> files_of_run(const fs::path& source) {
  const std::string run = run_name(source);
  std::vector<fs::path> files;
  std::error_code error;
  fs::directory_iterator entry(source.parent_path(), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(run) && (name.ends_with(".c") || entry->path() == source)) files.push_back(entry->path());
  }
  return files;
}

// The file of nvcc that an option of a link unit names; empty if it names none.
fs::path link_file(const std::string& argument) {
  for (const std::string_view option : kLinkFiles) {
    if (!argument.starts_with(option) || !argument.ends_with('"')) continue;
    const fs::path file = argument.substr(option.size(), argument.size() - option.size() - 1);
    if (file.filename().string().starts_with(kNvccFile)) return file;
  }
  return {};
}

// Writes a copy of a file of nvcc. Debug information has the digests of files, and the lines at which variables stand.
// That must not tell what is in the fat binary, so the file says that its lines begin behind the fat binary. Then clang
// takes no digest either.
Status write_copy(const fs::path& copy, std::string text) {
  const std::string name = copy.filename().string();
  const std::size_t end = name.ends_with(kFatbinFile) ? text.find(kFatbinEnd) : std::string::npos;
  if (end != std::string::npos) text.insert(end + kFatbinEnd.size(), fmt::format("#line 1 \"{}\"\n", name));
  return write_file(copy, text);
}

void map_directory(const CaptureEnvironment& environment, const fs::path& directory,
                   std::vector<std::string>& arguments) {
  const fs::path shown = environment.prefix / kSourceDirectory / kBuildName;
  arguments.insert(arguments.begin(), fmt::format("-ffile-prefix-map={}={}", directory.string(), shown.string()));
}

}  // namespace

std::string without_nvcc_names(std::string text, const fs::path& source) {
  const std::string run = run_name(source);
  const std::string directory = source.parent_path().string() + "/";
  remove_starts(text, directory + run, directory.size());
  text = without_run(text, run);
  const std::string architecture = architecture_in(source);
  if (!architecture.empty()) remove_starts(text, architecture + kHostStem, architecture.size());
  return text;
}

Result<std::optional<NvccSource>> NvccSource::take(const CaptureEnvironment& environment,
                                                   std::vector<std::string>& arguments) {
  if (std::ranges::find(arguments, "-c") == arguments.end()) return std::nullopt;
  if (std::ranges::any_of(arguments, [](const std::string& one) { return !link_file(one).empty(); })) {
    return take_link(environment, arguments);
  }
  const auto argument = std::ranges::find_if(arguments, is_host_code);
  if (argument == arguments.end()) return std::nullopt;
  const fs::path source = fs::absolute(*argument);
  XAAS_ASSIGN(TempDirectory directory, TempDirectory::create(environment.build));
  for (const fs::path& file : files_of_run(source)) {
    XAAS_ASSIGN(const std::string text, read_file(file));
    XAAS_TRY(write_copy(directory.path() / without_nvcc_names(file.filename().string(), source),
                        without_nvcc_names(text, source)));
  }
  const std::string name = without_nvcc_names(source.filename().string(), source);
  *argument = (directory.path() / name).string();
  map_directory(environment, directory.path(), arguments);
  return NvccSource(std::move(directory), name);
}

Result<std::optional<NvccSource>> NvccSource::take_link(const CaptureEnvironment& environment,
                                                        std::vector<std::string>& arguments) {
  XAAS_ASSIGN(TempDirectory directory, TempDirectory::create(environment.build));
  for (std::string& argument : arguments) {
    const fs::path file = link_file(argument);
    if (file.empty()) continue;
    XAAS_ASSIGN(const std::string text, read_file(file));
    const fs::path copy = directory.path() / without_run(file.filename().string(), run_name(file));
    XAAS_TRY(write_copy(copy, without_run(text, run_name(file))));
    argument = fmt::format("{}\"{}\"", argument.substr(0, argument.find('"')), copy.string());
  }
  map_directory(environment, directory.path(), arguments);
  return NvccSource(std::move(directory), "");
}

}  // namespace xaas
