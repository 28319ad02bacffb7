// See inventory.h.
#include "lower/system/inventory.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "format/base/split.h"
#include "format/base/text.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostModules = 200;

// Vector instructions by the names that projects use, with the target features that code for them may use.
struct Extension {
  std::string_view name;
  std::array<std::string_view, 4> features;
};
constexpr auto kExtensions = std::to_array<Extension>({
    {"SSE2", {"+sse2"}},
    {"SSE4.1", {"+sse4.1"}},
    {"SSE4.2", {"+sse4.2"}},
    {"AVX", {"+avx"}},
    {"AVX_128_FMA", {"+avx", "+fma4"}},  // of AMD's Bulldozer
    {"AVX2", {"+avx2", "+fma"}},
    {"AVX512", {"+avx512f", "+avx512dq", "+avx512vl", "+avx512bw"}},
    {"AVX512_FP16", {"+avx512fp16"}},
    {"AMX", {"+amx-tile"}},
    {"NEON", {"+neon"}},
    {"SVE", {"+sve"}},
    {"SVE2", {"+sve2"}},
});

std::vector<std::string> loaded_modules(const Surroundings& surroundings) {
  std::vector<std::string> modules;
  const std::string loaded = surroundings.variable("LOADEDMODULES");
  for_each_piece(loaded, ':', [&](std::string_view piece) {
    if (!piece.empty()) modules.emplace_back(piece);
  });
  return modules;
}

std::vector<std::string> available_modules(const Surroundings& surroundings) {
  std::vector<std::string> modules;
  for (const fs::path& directory : surroundings.directories("MODULEPATH")) {
    for (std::string& name : names_in(surroundings.at(directory))) {
      if (!name.starts_with('.') && !is_in(modules, name)) modules.push_back(std::move(name));
    }
  }
  std::ranges::sort(modules);
  modules.resize(std::min(modules.size(), kMostModules));
  return modules;
}

std::string or_unknown(std::string_view text, std::string_view what) {
  return text.empty() ? fmt::format("{} unknown", what) : printable(text);
}

std::string problem_of(std::string_view problem) {
  return problem.empty() ? "" : fmt::format("  not usable: {}", printable(problem));
}

void add_gpus_text(const std::vector<Gpu>& gpus, std::string& text) {
  const auto out = std::back_inserter(text);
  if (gpus.empty()) fmt::format_to(out, "gpu       none\n");
  for (const Gpu& gpu : gpus) {
    fmt::format_to(out, "gpu       {}  {}  {}  {}  {}\n", gpu.device, gpu.address,
                   or_unknown(gpu.model.empty() ? gpu.id : gpu.model, "model"),
                   or_unknown(gpu.architecture, "architecture"),
                   gpu.driver.empty() ? "no driver" : printable(fmt::format("{} {}", gpu.driver, gpu.driver_version)));
  }
}

void add_programs_text(const std::vector<FoundProgram>& programs, std::string_view kind, std::string& text) {
  const auto out = std::back_inserter(text);
  for (const FoundProgram& program : programs) {
    if (program.kind != kind) continue;
    const std::string said = program.problem.empty() ? fmt::format("{} {}", program.family, program.version) : "-";
    fmt::format_to(out, "{:<9} {:<16} {:<20} {}{}\n", kind, printable(program.name), printable(said),
                   printable(program.path), problem_of(program.problem));
  }
}

OrderedJson gpus_json(const std::vector<Gpu>& gpus) {
  OrderedJson list = OrderedJson::array();
  for (const Gpu& gpu : gpus) {
    list.push_back({{"device", gpu.device},
                    {"address", gpu.address},
                    {"id", gpu.id},
                    {"model", gpu.model},
                    {"architecture", gpu.architecture},
                    {"driver", gpu.driver},
                    {"driver_version", gpu.driver_version}});
  }
  return list;
}

OrderedJson programs_json(const std::vector<FoundProgram>& programs) {
  OrderedJson list = OrderedJson::array();
  for (const FoundProgram& program : programs) {
    list.push_back({{"name", program.name},
                    {"kind", program.kind},
                    {"family", program.family},
                    {"version", program.version},
                    {"path", program.path},
                    {"usable", program.problem.empty()},
                    {"problem", program.problem}});
  }
  return list;
}

OrderedJson libraries_json(const std::vector<OfferedLibrary>& libraries) {
  OrderedJson list = OrderedJson::array();
  for (const OfferedLibrary& library : libraries) {
    list.push_back({{"interface", library.interface},
                    {"family", library.family},
                    {"soname", library.soname},
                    {"version", library.version},
                    {"version_from", library.source},
                    {"path", library.path},
                    {"usable", library.problem.empty()},
                    {"problem", library.problem}});
  }
  return list;
}

}  // namespace

std::vector<std::string> vector_extensions(const Target& target) {
  std::vector<std::string> names;
  for (const Extension& extension : kExtensions) {
    const bool has_all = std::ranges::all_of(extension.features, [&](std::string_view feature) {
      return feature.empty() || is_in(target.features, feature);
    });
    if (has_all) names.emplace_back(extension.name);
  }
  return names;
}

Inventory take_inventory(const Surroundings& surroundings, const Target& target) {
  Inventory inventory;
  inventory.target = target;
  inventory.simd = vector_extensions(target);
  inventory.gpus = find_gpus(surroundings);
  inventory.programs = find_programs(surroundings);
  inventory.sdks = find_sdks(surroundings);
  inventory.libraries = find_libraries(surroundings, inventory.gpus);
  inventory.loaded_modules = loaded_modules(surroundings);
  inventory.available_modules = available_modules(surroundings);
  return inventory;
}

OrderedJson to_ordered_json(const Inventory& inventory) {
  OrderedJson sdks = OrderedJson::array();
  for (const FoundSdk& sdk : inventory.sdks) {
    sdks.push_back({{"name", sdk.name}, {"version", sdk.version}, {"version_from", sdk.source}, {"path", sdk.path}});
  }
  return {{"processor", {{"triple", inventory.target.triple}, {"cpu", inventory.target.cpu}, {"simd", inventory.simd}}},
          {"gpus", gpus_json(inventory.gpus)},
          {"programs", programs_json(inventory.programs)},
          {"sdks", sdks},
          {"libraries", libraries_json(inventory.libraries)},
          {"modules", {{"loaded", inventory.loaded_modules}, {"available", inventory.available_modules}}}};
}

std::string to_text(const Inventory& inventory) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "processor {} {}\n", inventory.target.triple, inventory.target.cpu);
  fmt::format_to(out, "simd      {}\n", fmt::join(inventory.simd, " "));
  add_gpus_text(inventory.gpus, text);
  for (const std::string_view kind : {"compiler", "mpi"}) add_programs_text(inventory.programs, kind, text);
  for (const FoundSdk& sdk : inventory.sdks) {
    fmt::format_to(out, "sdk       {:<16} {:<20} {}\n", sdk.name, printable(sdk.version), printable(sdk.path));
  }
  for (const OfferedLibrary& library : inventory.libraries) {
    const std::string said = fmt::format("{} {}", library.family, or_unknown(library.version, "version"));
    fmt::format_to(out, "{:<9} {:<16} {:<20} {}{}\n", library.interface, printable(library.soname), said,
                   printable(library.path), problem_of(library.problem));
  }
  if (!inventory.loaded_modules.empty()) {
    fmt::format_to(out, "modules   loaded (hints): {}\n",
                   printable(fmt::format("{}", fmt::join(inventory.loaded_modules, " "))));
  }
  if (!inventory.available_modules.empty()) {
    fmt::format_to(out, "modules   available (hints): {}\n",
                   printable(fmt::format("{}", fmt::join(inventory.available_modules, " "))));
  }
  return text;
}

}  // namespace xaas
