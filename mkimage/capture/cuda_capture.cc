// See cuda_capture.h.
#include "mkimage/capture/cuda_capture.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/mapped_file.h"
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

std::string fatbin_with_families(const CaptureEnvironment& environment, const Compilation& compilation) {
  const std::filesystem::path source = compilation.command.inputs.front().path;
  std::string fatbin = fatbin_of(object_of(compilation, compilation.command.inputs.front()));
  auto entries = parse_fatbin(fatbin);
  if (!entries || entries->empty() || is_probe(source)) return fatbin;
  const std::uint64_t flags = entries->front().flags & kFatbinDebug;
  const std::size_t own = entries->size();
  for (const unsigned architecture : architectures_without_ptx(*entries, environment.cuda_families)) {
    auto entry = compile_ptx(environment, compilation, architecture, flags);
    if (!entry) {
      environment.store().note(entry.error().message);
      continue;
    }
    entries->push_back(std::move(*entry));
  }
  return entries->size() == own ? fatbin : write_fatbin(*entries);
}

}  // namespace xaas
