// See host_offer.h.
#include "lower/source_build/host_offer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/base/text.h"
#include "format/base/version_number.h"
#include "format/device_condition.h"
#include "lower/host_view.h"
#include "lower/source_build/mpi_probe.h"
#include "lower/system/libraries.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr auto kMpiWrappers = std::to_array<std::string_view>({"mpicc", "mpicxx", "mpic++"});
// What mkxaas cannot do without. Another compiler can be named by XAAS_REAL_CC.
constexpr auto kBuilders = std::to_array<const char*>({"clang-19", "llvm-objcopy-19", "patchelf"});

class OfferFinder {
 public:
  OfferFinder(const Surroundings& surroundings, const Target& target, const HostBuild& build)
      : surroundings_(surroundings), target_(target), build_(build) {}

  HostOffer find() {
    check_cpu_and_devices();
    for (const char* name : kBuilders) {
      if (surroundings_.variable("XAAS_REAL_CC").empty() || std::string_view(name) != kBuilders.front()) {
        add_tool({name, {}});
      }
    }
    for (const std::string& tool : build_.tools) {
      if (const auto need = parse_tool_need(tool)) add_tool(*need);
    }
    if (uses_mpi()) add_mpi();
    for (const std::string& library : build_.links) {
      if (!is_mpi(library) || !has_mpi_) add_library(library);
    }
    for (const std::string& header : build_.headers) check_header(header);
    return std::move(offer_);
  }

 private:
  template <typename... Parts>
  void problem(fmt::format_string<Parts...> text, Parts&&... parts) {
    offer_.problems.push_back(fmt::format(text, std::forward<Parts>(parts)...));
  }

  void check_cpu_and_devices() {
    const auto features = missing_features(target_, build_.features);
    if (!features.empty()) problem("needs {}, which {} lacks", fmt::join(features, ", "), target_.cpu);
    const auto devices = build_.devices.empty() ? std::vector<std::string>() : this_host()->devices();
    for (const std::string& device : build_.devices) {
      if (!has_device(devices, device)) problem("needs the device {}", device);
    }
    for (const std::string& soname : build_.libraries) {
      if (!this_host()->find_library(soname, surroundings_.triple)) problem("needs the library {}", soname);
    }
  }

  void add_tool(const ToolNeed& need) {
    auto tool = find_tool(surroundings_, need.name);
    if (!tool) return problem("needs {}, which is not in PATH", need.name);
    if (!need.least.empty() && tool->version.empty()) {
      return problem("needs {} {}, and {} does not say its version", need.name, need.least, tool->path);
    }
    if (!need.least.empty() && !is_at_least(tool->version, need.least)) {
      return problem("needs {} {}, and {} is {}", need.name, need.least, tool->path, tool->version);
    }
    offer_.tools.push_back(std::move(*tool));
  }

  static bool is_mpi(std::string_view library) { return link_name(library) == "libmpi.so"; }

  // A wrapper of MPI that is needed, and that is there.
  const FoundProgram* wrapper() const {
    const auto found =
        std::ranges::find_if(offer_.tools, [](const FoundProgram& tool) { return is_in(kMpiWrappers, tool.name); });
    return found == offer_.tools.end() ? nullptr : &*found;
  }

  bool uses_mpi() const { return wrapper() != nullptr && std::ranges::any_of(build_.links, is_mpi); }

  // The wrapper decides which header and library are used, wherever others lie.
  void add_mpi() {
    has_mpi_ = true;
    const std::string path = wrapper()->path;
    const auto probe = probe_mpi(surroundings_, path);
    if (!probe) return problem("{} cannot build a program: {}", path, probe.error().message);
    const std::string family = mpi_family(probe->library);
    const std::string shown = family.starts_with("MPICH") ? "MPICH" : family;
    if (!probe->header_family.empty() && probe->header_family != shown) {
      return problem("{} compiles with the header of {} and links with {} of {}", path, probe->header_family,
                     probe->library.string(), shown);
    }
    for (const std::string& library : build_.links) {
      if (is_mpi(library) && library != link_name(library) && library != probe->soname) {
        return problem("needs {}, and {} links with {}", library, path, probe->soname);
      }
    }
    add_linked(probe->soname, probe->library);
  }

  void add_linked(const std::string& soname, const fs::path& path) {
    auto identity = identify_library(path);
    if (!identity) return problem("cannot read {}: {}", path.string(), identity.error().message);
    offer_.libraries.push_back({soname, path.string(), std::move(*identity)});
  }

  // The soname that a linker takes from the file. A text is a script that names the library.
  std::optional<std::string> soname_behind(const fs::path& file) const {
    const auto mapped = MappedFile::open(file);
    if (!mapped) return std::nullopt;
    if (!ElfFile::is_elf(mapped->bytes())) return named_in_script(mapped->bytes());
    const auto elf = ElfFile::parse(mapped->bytes());
    const auto dynamic = elf ? elf->dynamic() : tl::unexpected(elf.error());
    return dynamic ? dynamic->soname : std::nullopt;
  }

  static std::optional<std::string> named_in_script(std::string_view text) {
    const std::size_t end = text.find(".so.");
    if (end == std::string_view::npos) return std::nullopt;
    const std::size_t begin = text.find_last_of(" \t\n(/", end) + 1;
    return std::string(text.substr(begin, text.find_first_of(" \t\n)", end) - begin));
  }

  std::optional<fs::path> find_in(const std::vector<fs::path>& directories, std::string_view name) const {
    for (const fs::path& directory : directories) {
      std::error_code ignored;
      if (fs::is_regular_file(surroundings_.at(directory / name), ignored)) return surroundings_.at(directory / name);
    }
    return std::nullopt;
  }

  void add_library(const std::string& library) {
    const std::vector<fs::path> directories = link_directories(surroundings_);
    const std::string name(link_name(library));
    const auto file = find_in(directories, name);
    if (!file) return problem("needs {} to link with, which is not there{}", name, where_header());
    const auto soname = soname_behind(*file);
    if (!soname) return problem("{} is no shared library", file->string());
    if (library != name && library != *soname) {
      return problem("needs {}, and {} is {}", library, file->string(), *soname);
    }
    std::vector<fs::path> searched = {file->parent_path()};
    for (const fs::path& directory : directories) searched.push_back(surroundings_.at(directory));
    const auto found = find_host_library(*soname, surroundings_.triple, searched);
    if (!found) return problem("{} stands for {}, which is not there", file->string(), *soname);
    add_linked(*soname, *found);
  }

  // What to add to the message for a library that is missing, if its header is there.
  std::string where_header() const {
    const std::vector<fs::path> directories = header_directories(surroundings_);
    for (const std::string& header : build_.headers) {
      if (const auto found = find_in(directories, header))
        return fmt::format(", but its header {} is", found->string());
    }
    return {};
  }

  void check_header(const std::string& header) {
    if (has_mpi_ && header == "mpi.h") return;
    if (!find_in(header_directories(surroundings_), header)) problem("needs the header {}", header);
  }

  const Surroundings& surroundings_;
  const Target& target_;
  const HostBuild& build_;
  HostOffer offer_;
  bool has_mpi_ = false;
};

}  // namespace

HostOffer find_offer(const Surroundings& surroundings, const Target& target, const HostBuild& build) {
  return OfferFinder(surroundings, target, build).find();
}

}  // namespace xaas
