// See cuda_toolkit.h.
#include "mkimage/capture/cuda_toolkit.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "format/base/file.h"
#include "format/base/process.h"
#include "format/base/split.h"
#include "format/base/text.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kNewVersion = 13000;       // as cuda.h has it, of the first toolkit that needs this
constexpr unsigned kLowestArchitecture = 75;  // for which this toolkit compiles
constexpr std::string_view kFatbinary = "fatbinary";
constexpr const char* kToolkit = "toolkit";  // the link to a toolkit, among what stands in for parts of it
constexpr const char* kOverlay = "headers.yaml";
constexpr const char* kForLinks = "link";  // the directory with the programs for a link
constexpr const char* kNvlink = "nvlink";
// A header that clang includes and newer toolkits lack, and the one that clang includes behind it. A header that is
// read twice has no effect the second time.
constexpr const char* kGoneHeader = "texture_fetch_functions.h";
constexpr const char* kHeaderInstead = "texture_indirect_functions.h";

// The number behind `word`, at its first place in the text.
std::optional<unsigned> number_behind(std::string_view text, std::string_view word) {
  const std::size_t at = text.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + word.size());
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

// The toolkit that clang takes for a command; empty if it finds none.
fs::path toolkit_of(const std::string& clang, const std::vector<std::string>& arguments) {
  constexpr std::string_view kFound = "Found CUDA installation: ";
  constexpr std::string_view kFoundEnd = ", version ";
  constexpr auto kDeciding = std::to_array<std::string_view>({"--cuda-path", "--sysroot=", "-nocuda", "-nogpu"});
  std::vector<std::string> question = {clang, "-v"};
  std::ranges::copy_if(arguments, std::back_inserter(question), [&](const std::string& argument) {
    return std::ranges::any_of(kDeciding, [&](std::string_view start) { return argument.starts_with(start); });
  });
  const auto answer = run_and_read(std::move(question));
  if (!answer || !answer->status.ok()) return {};
  for (std::string_view line : split(answer->error, '\n')) {
    const std::size_t end = line.rfind(kFoundEnd);
    if (line.starts_with(kFound) && end != std::string_view::npos) {
      return line.substr(kFound.size(), end - kFound.size());
    }
  }
  return {};
}

bool is_newer(const fs::path& toolkit) {
  const auto header = read_file(toolkit / "include" / "cuda.h");
  return header && number_behind(*header, "#define CUDA_VERSION ").value_or(0) >= kNewVersion;
}

// The absolute path of the toolkit that clang takes for a command; empty if clang knows it, or finds none.
fs::path newer_toolkit(const std::string& clang, const std::vector<std::string>& arguments) {
  const fs::path toolkit = toolkit_of(clang, arguments);
  return toolkit.empty() || !is_newer(toolkit) ? fs::path() : fs::absolute(toolkit).lexically_normal();
}

// Several processes may do this at once.
Status make_link(const fs::path& target, const fs::path& link) {
  std::error_code error;
  fs::create_symlink(target, link, error);
  if (!error || error == std::errc::file_exists) return {};
  return fail(Code::io, "cannot make {}: {}", link.string(), error.message());
}

std::string quoted_in_yaml(const fs::path& path) {
  std::string result = "'";
  for (const char letter : path.string()) result.append(letter == '\'' ? 2 : 1, letter);
  return result + "'";
}

// Where clang is to find the header that is gone. Rules of make name the file that is there: what mkxaas made would be
// absent when a kept build goes on.
std::string header_overlay(const fs::path& include) {
  return fmt::format("{{version: 0, roots: [{{name: {}, type: file, external-contents: {}}}]}}\n",
                     quoted_in_yaml(include / kGoneHeader), quoted_in_yaml(include / kHeaderInstead));
}

// Makes what clang is to find in place of parts of the toolkit, in a directory that has the toolkit's path in its own,
// because a build may have several.
Result<fs::path> make_stand_ins(const CaptureEnvironment& environment, const fs::path& toolkit) {
  const fs::path root = environment.linkers.parent_path() / "cuda" / toolkit.relative_path();
  std::error_code error;
  if (fs::exists(root / kOverlay, error)) return root;
  XAAS_ASSIGN(const fs::path own, own_executable());
  for (const char* directory : {"bin", kForLinks}) {
    fs::create_directories(root / directory, error);
    if (error) return fail(Code::io, "cannot make {}: {}", (root / directory).string(), error.message());
  }
  XAAS_TRY(make_link(toolkit, root / kToolkit));
  for (const std::string_view program : {kFatbinary, kPtxas}) XAAS_TRY(make_link(own, root / "bin" / program));
  // By a ptxas in PATH, clang finds a toolkit.
  XAAS_TRY(make_link(own, root / kForLinks / kFatbinary));
  XAAS_TRY(make_link(toolkit / "bin" / kNvlink, root / kForLinks / kNvlink));
  XAAS_TRY(write_file(root / kOverlay, header_overlay(toolkit / "include")));
  return root;
}

// "--image=profile=sm_80,file=a.o", as clang calls code for the fatbinary of older toolkits.
struct CodeArgument {
  bool is_ptx = false;
  std::string_view architecture;  // "80", "90a"
  std::string_view file;
};

std::optional<CodeArgument> parse_image(std::string_view argument) {
  constexpr std::string_view kImage = "--image=profile=";
  constexpr std::string_view kCubin = "sm_";
  constexpr std::string_view kPtx = "compute_";
  constexpr std::string_view kFile = ",file=";
  if (!argument.starts_with(kImage)) return std::nullopt;
  argument.remove_prefix(kImage.size());
  const std::size_t end = argument.find(kFile);
  const bool is_ptx = argument.starts_with(kPtx);
  if (end == std::string_view::npos || (!is_ptx && !argument.starts_with(kCubin))) return std::nullopt;
  const std::size_t start = is_ptx ? kPtx.size() : kCubin.size();
  return CodeArgument{is_ptx, argument.substr(start, end - start), argument.substr(end + kFile.size())};
}

// The architecture for which a cubin is made that clang wants for an older one.
unsigned raised(std::string_view architecture) {
  return std::max(number_behind(architecture, "").value_or(kLowestArchitecture), kLowestArchitecture);
}

bool is_too_old(std::string_view architecture) {
  return number_behind(architecture, "").value_or(kLowestArchitecture) < kLowestArchitecture;
}

// Of the cubins that are all of the lowest architecture, that of the newest code is kept.
std::vector<std::string> fatbinary_arguments(const std::vector<std::string>& arguments) {
  unsigned newest = 0;  // code of which there is a cubin of the lowest architecture
  for (const std::string& argument : arguments) {
    const auto image = parse_image(argument);
    if (!image || image->is_ptx || raised(image->architecture) > kLowestArchitecture) continue;
    newest = std::max(newest, number_behind(image->architecture, "").value_or(0));
  }
  std::vector<std::string> result;
  for (const std::string& argument : arguments) {
    const auto image = parse_image(argument);
    if (!image) {
      result.push_back(argument);
    } else if (image->is_ptx || !is_too_old(image->architecture)) {
      result.push_back(fmt::format("--image3=kind={},sm={},file={}", image->is_ptx ? "ptx" : "elf", image->architecture,
                                   image->file));
    } else if (number_behind(image->architecture, "") == newest) {
      result.push_back(fmt::format("--image3=kind=elf,sm={},file={}", kLowestArchitecture, image->file));
    }
  }
  return result;
}

std::vector<std::string> ptxas_arguments(std::vector<std::string> arguments) {
  constexpr std::string_view kName = "sm_";
  const auto option = std::ranges::find(arguments, "--gpu-name");
  if (option == arguments.end() || option + 1 == arguments.end()) return arguments;
  std::string& name = *(option + 1);
  if (name.starts_with(kName) && is_too_old(std::string_view(name).substr(kName.size()))) {
    name = fmt::format("{}{}", kName, kLowestArchitecture);
  }
  return arguments;
}

}  // namespace

Result<std::vector<std::string>> options_for_newer_toolkit(const CaptureEnvironment& environment,
                                                           const std::string& clang,
                                                           const std::vector<std::string>& arguments) {
  const fs::path toolkit = newer_toolkit(clang, arguments);
  if (toolkit.empty()) return std::vector<std::string>();
  XAAS_ASSIGN(const fs::path root, make_stand_ins(environment, toolkit));
  return std::vector<std::string>{"-Wno-unknown-cuda-version",
                                  "-B" + (root / "bin").string(),
                                  "-ivfsoverlay",
                                  (root / kOverlay).string(),
                                  "-idirafter",
                                  (toolkit / "include" / "cccl").string()};
}

bool links_device_code(const std::vector<std::string>& arguments) {
  constexpr auto kLinks = std::to_array<std::string_view>({"--offload-link", "--offload-new-driver"});
  return std::ranges::any_of(arguments, [&](const std::string& argument) { return is_in(kLinks, argument); });
}

Result<std::string> programs_for_newer_toolkit(const CaptureEnvironment& environment, const std::string& clang,
                                               const std::vector<std::string>& arguments) {
  const fs::path toolkit = newer_toolkit(clang, arguments);
  if (toolkit.empty()) return std::string();
  XAAS_ASSIGN(const fs::path root, make_stand_ins(environment, toolkit));
  return (root / kForLinks).string();
}

bool is_toolkit_program(std::string_view name) { return name == kFatbinary || name == kPtxas; }

std::vector<std::string> arguments_for_newer_toolkit(std::string_view program,
                                                     const std::vector<std::string>& arguments) {
  return program == kFatbinary ? fatbinary_arguments(arguments) : ptxas_arguments(arguments);
}

int run_toolkit_program(const std::string& called_as, const std::vector<std::string>& arguments) {
  const fs::path link(called_as);
  const std::string name = link.filename().string();
  std::vector<std::string> command = arguments_for_newer_toolkit(name, arguments);
  command.insert(command.begin(), link.parent_path().parent_path() / kToolkit / "bin" / name);
  fmt::print(stderr, "xaas-cc: {}\n", exec_process(command).message);
  return 1;
}

}  // namespace xaas
