// Counts and prints what an image holds; see image_summary.h.
#include "format/image_summary.h"

#include <fmt/ranges.h>
#include <sys/stat.h>

#include <array>
#include <set>

#include "format/base/json_fields.h"
#include "format/base/paths.h"
#include "format/base/split.h"
#include "format/base/text.h"
#include "format/image_walk.h"

namespace xaas {
namespace {

// Adds the regular files below `directory`, which may be absent.
Status count_store(const SquashfsReader& reader, std::string_view directory, std::uint64_t& files,
                   std::uint64_t& bytes) {
  if (const auto found = reader.resolve(directory); !found) {
    if (found.error().code == Code::not_found) return {};
    return tl::unexpected<Error>(found.error());
  }
  return walk(reader, directory, [&](const std::string&, const DirectoryEntry& entry) -> Status {
    if (!S_ISREG(entry.type)) return {};
    XAAS_ASSIGN(const Attributes attributes, reader.stat(entry.ref));
    ++files;
    bytes += attributes.size;
    return {};
  });
}

std::string human(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::string_view kUnits = "KMGTPE";
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}iB", value, kUnits[unit]);
}

std::string list_or_none(const std::vector<std::string>& items) {
  return items.empty() ? "none" : printable(fmt::format("{}", fmt::join(items, " ")));
}

std::string describe(const Configuration& configuration, bool is_default) {
  std::string text = fmt::format("{} ({}, rank {}{})", configuration.name, configuration.triple, configuration.rank,
                                 is_default ? ", default" : "");
  const Requirements& requires_ = configuration.requires_;
  for (const auto* needs : {&requires_.features, &requires_.libraries, &requires_.devices}) {
    for (const std::string& need : *needs) text += ' ' + need;
  }
  for (const std::string& need : requires_.unknown) text += fmt::format(" {}?", need);
  return printable(text);
}

// The levels that can be used; the unusable ones in parentheses.
std::string describe(const std::vector<Level>& levels) {
  std::string text;
  for (const Level& level : levels) {
    if (!text.empty()) text += ' ';
    text += level.problem.empty() ? level.name : fmt::format("({})", level.name);
  }
  return printable(text);
}

void append_line(std::string& text, std::string_view key, std::string_view value) {
  text += fmt::format("{:<16}{}\n", key, value);
}

void append_unknown(std::string& text, std::string_view key, const std::vector<std::string>& flags) {
  if (!flags.empty()) append_line(text, key, list_or_none(flags));
}

// Recipes of a newer version, which cannot be read, do not count.
GpuCode count_gpu_code(const Image& image, const std::set<Digest>& recipes) {
  GpuCodeCounter counter;
  for (const Digest& digest : recipes) {
    if (const auto recipe = image.recipe(digest)) counter.add(*recipe);
  }
  return counter.count();
}

// Whether the path is ".xaas/toolchain/<triple>/lib/<name>", or has "runtime" or "slot/<slot>" in place of "lib".
bool is_bundled_library(std::string_view path) {
  if (!is_below(path, kToolchainDirectory)) return false;
  const auto parts = split(path.substr(kToolchainDirectory.size() + 1), '/');
  constexpr std::size_t kDirectory = 1;  // behind the triple
  if (parts.size() <= kDirectory + 1) return false;
  return is_in(std::array{kBundledLibraries, kRuntimeLibraries, kSlotLibraries}, parts[kDirectory]);
}

std::string describe(const Slot& slot) {
  return printable(fmt::format("{}: {}, {} symbols", slot.name, fmt::join(slot.libraries, " "), slot.symbols.size()));
}

// The CPU in a path as of ready_root(); empty for other paths.
std::string cpu_of_ready_file(std::string_view path) {
  if (!is_below(path, kReadyDirectory)) return {};
  const auto parts = split(path.substr(kReadyDirectory.size() + 1), '/');
  return parts.size() > 3 ? std::string(parts[2]) : std::string();
}

std::string describe(const ReadySummary& ready) {
  return fmt::format("{}, {}{}", ready.files, human(ready.bytes),
                     ready.new_bytes == ready.bytes ? "" : fmt::format(", {} of it new", human(ready.new_bytes)));
}

// A configuration that a host can build.
std::string describe(const std::string& name, const HostBuild& build) {
  std::string text = fmt::format("{} (rank {})", name, build.rank);
  for (const auto* needs :
       {&build.features, &build.devices, &build.libraries, &build.tools, &build.links, &build.headers}) {
    for (const std::string& need : *needs) text += ' ' + need;
  }
  return printable(text);
}

// The whole source, and what it was built with.
void append_source(std::string& text, const SourceRecord& source) {
  append_line(text, "whole source",
              fmt::format("{} files, {}, {}", source.files, human(source.bytes), source.digest.to_string()));
  for (const auto& [key, command] :
       {std::pair("  configure", &source.configure), {"  build", &source.build}, {"  install", &source.install}}) {
    if (!command->empty()) append_line(text, key, printable(*command));
  }
  std::string tools;
  for (const auto& [name, version] : source.tools)
    tools += fmt::format("{}{} {}", tools.empty() ? "" : ", ", name, version);
  append_line(text, "  built by", printable(tools));
  for (const SourceConfiguration& one : source.configurations) {
    if (one.on_host) append_line(text, "to be built", describe(one.name, *one.on_host));
  }
}

}  // namespace

Result<ImageSummary> summarise(const Image& image) {
  ImageSummary summary;
  summary.image_bytes = image.squashfs().image_size();
  std::set<Digest> ready_files;
  std::set<Digest> recipes;
  summary.offset = image.squashfs().offset();
  for (std::uint64_t i = 0; i < image.files().count(); ++i) {
    XAAS_ASSIGN(const FileRecord record, image.files().at(i));
    if (is_below(record.path, kSourceDirectory)) ++summary.sources;
    if (is_bundled_library(record.path)) summary.bundled.push_back(record.path.substr(record.path.rfind('/') + 1));
    if (const std::string cpu = cpu_of_ready_file(record.path); !cpu.empty()) {
      ReadySummary& ready = summary.ready[cpu];
      ++ready.files;
      ready.bytes += record.size;
      if (ready_files.insert(record.sha256).second) ready.new_bytes += record.size;
    }
    if (is_below(record.path, kPrivateDirectory)) continue;
    ++summary.files;
    if (record.recipe.is_none()) continue;
    ++summary.lowered_files;
    recipes.insert(record.recipe);
  }
  std::uint64_t recipe_bytes = 0;
  XAAS_TRY(count_store(image.squashfs(), kIrDirectory, summary.ir_modules, summary.ir_bytes));
  XAAS_TRY(count_store(image.squashfs(), kObjectDirectory, summary.objects, summary.object_bytes));
  XAAS_TRY(count_store(image.squashfs(), kRecipeDirectory, summary.recipes, recipe_bytes));
  summary.gpu_code = count_gpu_code(image, recipes);
  return summary;
}

std::string to_text(const Manifest& manifest, const ImageSummary& summary) {
  std::string text;
  append_line(text, "name", printable(manifest.name));
  if (!manifest.version.empty()) append_line(text, "version", printable(manifest.version));
  append_line(text, "prefix", is_movable(manifest) ? "wherever it is mounted" : printable(manifest.prefix));
  if (!manifest.main.empty()) append_line(text, "main", printable(manifest.main));
  append_line(text, "format", fmt::format("{}", manifest.format));
  append_unknown(text, "lower_incompat", manifest.features.lower_incompat);
  append_unknown(text, "compat", manifest.features.compat);
  append_line(text, "triples", list_or_none(manifest.triples));
  for (const Configuration& configuration : manifest.configurations) {
    append_line(text, "configuration", describe(configuration, configuration.name == manifest.default_configuration));
    if (!configuration.levels.empty()) append_line(text, "levels", describe(configuration.levels));
    append_line(text, "libc floor", configuration.libc_floor.empty() ? "none" : printable(configuration.libc_floor));
    append_line(text, "host libraries", list_or_none(configuration.host_libraries));
    for (const Slot& slot : configuration.slots) append_line(text, "slot", describe(slot));
  }
  append_line(text, "bundled", list_or_none(summary.bundled));
  for (const Toolchain& toolchain : manifest.toolchains) {
    append_line(text, "toolchain",
                printable(fmt::format("LLVM {} on {}, for {}", toolchain.llvm, toolchain.host,
                                      fmt::join(toolchain.targets, " "))));
  }
  append_line(text, "files", fmt::format("{}, {} to be lowered", summary.files, summary.lowered_files));
  append_line(text, "IR modules", fmt::format("{}, {}", summary.ir_modules, human(summary.ir_bytes)));
  append_line(text, "native objects", fmt::format("{}, {}", summary.objects, human(summary.object_bytes)));
  append_line(text, "link recipes", fmt::format("{}", summary.recipes));
  if (!summary.gpu_code.forms.empty()) append_line(text, "code for GPUs", printable(describe(summary.gpu_code)));
  for (const auto& [cpu, ready] : summary.ready)
    append_line(text, "ready for", printable(cpu) + ": " + describe(ready));
  append_line(text, "sources", fmt::format("{}", summary.sources));
  if (manifest.source) append_source(text, *manifest.source);
  append_line(text, "image", human(summary.image_bytes));
  if (summary.offset != 0) append_line(text, "offset", fmt::format("{}", summary.offset));
  return text;
}

std::string to_json(const Manifest& manifest, const ImageSummary& summary) {
  OrderedJson ready = OrderedJson::object();
  for (const auto& [cpu, files] : summary.ready) {
    ready[cpu] = {{"files", files.files}, {"bytes", files.bytes}, {"new_bytes", files.new_bytes}};
  }
  const OrderedJson json = {{"manifest", OrderedJson::parse(to_json(manifest))},
                            {"files", summary.files},
                            {"lowered_files", summary.lowered_files},
                            {"ir_modules", summary.ir_modules},
                            {"ir_bytes", summary.ir_bytes},
                            {"objects", summary.objects},
                            {"object_bytes", summary.object_bytes},
                            {"recipes", summary.recipes},
                            {"gpu_code", to_ordered_json(summary.gpu_code)},
                            {"sources", summary.sources},
                            {"ready", ready},
                            {"bundled", summary.bundled},
                            {"image_bytes", summary.image_bytes},
                            {"offset", summary.offset}};
  return dump_json(json, 2) + '\n';
}

}  // namespace xaas
