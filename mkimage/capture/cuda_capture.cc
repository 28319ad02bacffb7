// See cuda_capture.h.
#include "mkimage/capture/cuda_capture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/base/split.h"
#include "format/base/text.h"
#include "mkimage/capture/cuda_toolkit.h"
#include "mkimage/capture/region_capture.h"
#include "mkimage/compiler/compiler_options.h"
#include "mkimage/compiler/compiler_run.h"
#include "mkimage/compiler/response_file.h"

namespace xaas {
namespace {

// Empty if the object has none.
std::string fatbin_of(const std::filesystem::path& object) {
  const auto file = MappedFile::open(object);
  const auto elf = file ? ElfFile::parse(file->bytes()) : tl::unexpected(file.error());
  const ElfSection* section = elf ? elf->find_section(kFatbinSection) : nullptr;
  return section == nullptr ? std::string() : std::string(section->data);
}

// The command for PTX of its only source, for one architecture.
std::vector<std::string> ptx_arguments(const CaptureEnvironment& environment, const Compilation& compilation,
                                       unsigned architecture, const std::filesystem::path& ptx) {
  const std::vector<std::string> expanded = expand_response_files(compilation.arguments);
  std::vector<std::string> arguments = filter_parts(
      expanded, [](const CommandPart& part, std::string_view) { return !part.has(option_flags::names_output); });
  refuse_unknown_attributes(arguments);
  const auto ours = {std::string("--offload-device-only"),
                     std::string("--no-offload-arch=all"),
                     fmt::format("--offload-arch=sm_{}", architecture),
                     std::string("-S"),
                     std::string("-o"),
                     ptx.string()};
  arguments.insert(std::ranges::find(arguments, "--"), ours);
  return with_fixed_names(environment, std::move(arguments));
}

// Where clang or the toolkit does not know an architecture, the message names it, and all sources have the same line.
tl::unexpected<Error> refusal_of(const TentativeRun& run, const Compilation& compilation, unsigned architecture) {
  const std::string name = fmt::format("sm_{}", architecture);
  const std::string message = run.first_message();
  const bool is_for_all = message.find(name) != std::string::npos;
  return fail(Code::unsupported, "clang does not compile {} for {}, so there is no PTX of that: {}",
              is_for_all ? "CUDA" : compilation.command.inputs.front().path, name, message);
}

// The words of a command as `clang -###` prints it: each in quotation marks, some characters behind a backslash.
std::vector<std::string> quoted_words(std::string_view line) {
  std::vector<std::string> words;
  bool is_inside = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '"') {
      is_inside = !is_inside;
      if (is_inside) words.emplace_back();
    } else if (is_inside) {
      if (line[at] == '\\' && at + 1 < line.size()) ++at;
      words.back() += line[at];
    }
  }
  return words;
}

std::string options_of(const Compilation& compilation) {
  std::vector<std::string> arguments = compilation.arguments;
  arguments.insert(arguments.begin(), "-###");
  const auto commands = run_and_read(command_line(compilation, std::move(arguments)));
  return commands ? options_for_ptxas(commands->error) : std::string();
}

Result<FatbinEntry> compile_ptx(const CaptureEnvironment& environment, const Compilation& compilation,
                                unsigned architecture, std::uint64_t flags) {
  const StoreFile file(environment.store(), ".ptx");
  const TentativeRun run(compilation, ptx_arguments(environment, compilation, architecture, file.path()), {});
  if (!run.ok()) return refusal_of(run, compilation, architecture);
  XAAS_ASSIGN(std::string text, read_file(file.path()));
  return ptx_entry(architecture, std::move(text), flags);
}

}  // namespace

void refuse_unknown_attributes(std::vector<std::string>& arguments) {
  std::erase(arguments, "-w");  // which outweighs all other options of warnings
  const auto ours = {std::string("-Wno-everything"), std::string("-Werror=unknown-attributes")};
  arguments.insert(std::ranges::find(arguments, "--"), ours);
}

std::vector<unsigned> architectures_without_ptx(const std::vector<FatbinEntry>& entries,
                                                const std::vector<unsigned>& families) {
  std::set<unsigned> wanted;
  for (const FatbinEntry& entry : entries) {
    if (!entry.is_specific()) wanted.insert(entry.architecture);
  }
  if (wanted.empty()) return {};
  const unsigned lowest = *wanted.begin();
  std::ranges::copy_if(families, std::inserter(wanted, wanted.end()),
                       [&](unsigned family) { return family >= lowest; });
  for (const FatbinEntry& entry : entries) {
    if (entry.kind == DeviceCodeKind::ptx && !entry.is_specific()) wanted.erase(entry.architecture);
  }
  return {wanted.begin(), wanted.end()};
}

std::string options_for_ptxas(std::string_view commands) {
  constexpr auto kWithValue = std::to_array<std::string_view>({"--gpu-name", "--output-file"});
  for (const std::string_view line : split(commands, '\n')) {
    const std::vector<std::string> words = quoted_words(line);
    if (words.empty() || std::filesystem::path(words.front()).filename().string() != kPtxas) continue;
    std::string options;
    for (std::size_t at = 1; at < words.size(); ++at) {
      if (is_in(kWithValue, words[at])) {
        ++at;
      } else if (words[at].starts_with('-') && words[at] != "-m64") {
        options += (options.empty() ? "" : " ") + words[at];
      }
    }
    return options;
  }
  return {};
}

std::string fatbin_with_families(const CaptureEnvironment& environment, const Compilation& compilation) {
  const std::filesystem::path source = compilation.command.inputs.front().path;
  std::string fatbin = fatbin_of(object_of(compilation, compilation.command.inputs.front()));
  auto entries = parse_fatbin(fatbin);
  if (!entries || entries->empty() || is_probe(source)) return fatbin;
  const std::uint64_t flags = entries->front().flags & kFatbinDebug;
  for (const unsigned architecture : architectures_without_ptx(*entries, environment.cuda_families)) {
    auto entry = compile_ptx(environment, compilation, architecture, flags);
    if (!entry) {
      environment.store().note(entry.error().message);
      continue;
    }
    entries->push_back(std::move(*entry));
  }
  // nvcc notes them in PTX, and clang does not.
  const std::string options = options_of(compilation);
  for (FatbinEntry& entry : *entries) {
    if (entry.kind == DeviceCodeKind::ptx && entry.options.value_or("").empty()) entry.options = options;
  }
  return write_fatbin(*entries);
}

}  // namespace xaas
