// Bundles libraries with patchelf, and decides what is left to the host; see bundled_libraries.h.
#include "mkimage/contents/bundled_libraries.h"

#include <algorithm>
#include <array>
#include <set>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/libc_version.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/base/search_path.h"
#include "format/base/text.h"
#include "format/image.h"
#include "format/slots.h"
#include "mkimage/compiler/real_compiler.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// The beginnings of sonames.
constexpr auto kLeftToHost = std::to_array<std::string_view>(
    {// libc, of which a process can have only one
     "ld-linux", "libBrokenLocale.so", "libanl.so", "libc.so", "libc_malloc_debug.so", "libdl.so", "libm.so",
     "libmvec.so", "libnsl.so", "libnss_", "libpthread.so", "libresolv.so", "librt.so", "libthread_db.so", "libutil.so",
     // libraries that must fit the kernel's drivers
     "libEGL", "libGL.so", "libGLESv", "libGLX", "libGLdispatch", "libOpenCL.so", "libOpenGL", "libcuda.so",
     "libcudadebugger", "libdrm", "libgbm.so", "libnvcuvid", "libnvidia-", "libvulkan.so",
     // libraries that must fit the fabric and the resource manager
     "libibverbs.so", "libmlx", "libpmi", "librdmacm.so", "libslurm"});
// Runtime libraries. The host's may be newer, and other libraries of the host may need it. A mount shows one of the
// two.
constexpr std::array<std::string_view, 2> kRuntime = {"libgcc_s.so", "libstdc++.so"};

// A file with packed relative relocations (DT_RELR) needs this version, which tells loaders that know them.
constexpr const char* kRelativeRelocations = "GLIBC_ABI_DT_RELR";
constexpr const char* kRelativeRelocationsSince = "GLIBC_2.36";

constexpr std::string_view kDynamicStrings = ".dynstr";

bool is_runtime(std::string_view soname) {
  return std::ranges::any_of(kRuntime, [&](std::string_view name) { return soname.starts_with(name); });
}

// The dynamic section of a file, or nullopt if it has none.
Result<std::optional<ElfDynamic>> dynamic_of(const fs::path& path) {
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(path));
  if (!ElfFile::is_elf(file.bytes())) return std::nullopt;
  const auto elf = ElfFile::parse(file.bytes());
  if (!elf || !elf->is_dynamic() || elf->is_debug_only()) return std::nullopt;
  auto dynamic = elf->dynamic();
  if (!dynamic) return fail(dynamic.error().code, "{}: {}", path.string(), dynamic.error().message);
  return std::move(*dynamic);
}

// The first symbol of the file that needs `version`; empty if there is none.
Result<std::string> symbol_with(const fs::path& path, std::string_view version) {
  if (version.empty()) return std::string();
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(path));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(file.bytes()));
  XAAS_ASSIGN(const std::vector<ElfSymbol> symbols, elf.dynamic_symbols());
  const auto found = std::ranges::find(symbols, version, &ElfSymbol::version);
  return found == symbols.end() ? std::string() : std::string(found->name);
}

// Every name by which the tree provides a library.
std::set<std::string> provided_names(const InstalledTree& tree) {
  std::set<std::string> names;
  for (const TreeEntry& entry : tree.entries) names.insert(fs::path(entry.path).filename().string());
  return names;
}

std::optional<fs::path> recorded_path(const std::string& soname, const std::vector<LinkRecord>& links) {
  for (const LinkRecord& link : links) {
    for (const RecordedArgument& argument : link.arguments) {
      const auto* library = std::get_if<RecordedLibrary>(&argument);
      if (library != nullptr && library->soname == soname && fs::path(library->path).is_absolute() &&
          fs::exists(library->path)) {
        return fs::path(library->path);
      }
    }
  }
  return std::nullopt;
}

// DT_RPATH also applies to what the libraries need in turn, but comes before LD_LIBRARY_PATH. DT_RUNPATH is the reverse
// in both.
enum class SearchPath { rpath, runpath };

// The strings of the file's dynamic section.
Result<std::string> dynamic_strings(const fs::path& path) {
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(path));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(file.bytes()));
  const ElfSection* section = elf.find_section(kDynamicStrings);
  return section == nullptr ? std::string() : std::string(section->data);
}

// `before` with the rpath of `now` where it stands there. patchelf puts an rpath that is no longer than the former one
// in its place, and fills up with "X".
std::string with_shorter_rpath(std::string_view now, std::string_view before, const ElfDynamic& dynamic) {
  const std::string rpath = dynamic.runpath.value_or(dynamic.rpath.value_or("")) + '\0';
  std::string strings(before);
  const std::size_t place = now.find(rpath);
  if (place != std::string_view::npos) strings.replace(place, rpath.size(), rpath);
  return strings;
}

// Writes the strings that a file had before patchelf changed it over those that it has now. patchelf overwrites a
// former rpath with "X", and adds the new one at the end if it is longer. Names of symbols may be the end of that
// string, because linkers merge strings: "lib" is the end of "/opt/heat/lib".
Status restore_strings(const fs::path& path, std::string_view before) {
  XAAS_ASSIGN(std::string bytes, read_file(path));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(bytes));
  const ElfSection* section = elf.find_section(kDynamicStrings);
  if (section == nullptr || section->data.size() < before.size() || section->data.starts_with(before)) return {};
  std::string strings(before);
  if (section->data.size() == before.size()) {
    XAAS_ASSIGN(const ElfDynamic dynamic, elf.dynamic());
    strings = with_shorter_rpath(section->data, before, dynamic);
  }
  const auto offset = static_cast<std::size_t>(section->data.data() - bytes.data());
  bytes.replace(offset, strings.size(), strings);
  return overwrite(path, bytes);
}

Status append_search_path(const fs::path& path, const ElfDynamic& dynamic, SearchPath kind,
                          const std::string& directories) {
  const std::string before = dynamic.runpath.value_or(dynamic.rpath.value_or(""));
  XAAS_ASSIGN(const std::string strings, dynamic_strings(path));
  XAAS_ASSIGN(const WritableFile writable, WritableFile::make(path));
  std::vector<std::string> command = {"patchelf"};
  if (kind == SearchPath::rpath) command.emplace_back("--force-rpath");
  command.insert(
      command.end(),
      {"--set-rpath", before.empty() ? directories : fmt::format("{}:{}", before, directories), path.string()});
  XAAS_ASSIGN(const ProcessOutput result, run_and_read(std::move(command)));
  if (result.status.ok()) return restore_strings(path, strings);
  return fail(Code::failed, "patchelf cannot set the rpath of {}: {}", path.string(),
              result.error.substr(0, result.error.find('\n')));
}

}  // namespace

bool is_left_to_host(std::string_view soname) {
  return std::ranges::any_of(kLeftToHost, [&](std::string_view name) { return soname.starts_with(name); });
}

namespace {

// Bundles libraries in two passes. The first finds which of them files need otherwise than through a library of a slot.
// These are in `lib`. What only libraries of a slot need is in the slot's directory, where a host's library does not
// see it: it must find its own.
class Bundler {
 public:
  Bundler(const InstalledTree& tree, const BundleTask& task, fs::path directory)
      : provided_(provided_names(tree)),
        task_(task),
        toolchain_(fs::path(kToolchainDirectory) / task.triple),
        directory_(std::move(directory)) {}

  // Finds what a file of the tree needs. REQUIRES: this comes for all files before add_user().
  Status find_for(const fs::path& path) {
    if (task_.slots.empty()) return {};
    XAAS_ASSIGN(const auto dynamic, dynamic_of(path));
    return dynamic ? find_shared(*dynamic, path.parent_path()) : Status();
  }

  // Bundles what a file of the tree needs, and adds the place to the file's rpath. `names` are the file's paths in the
  // image.
  Status add_user(const fs::path& path, const std::vector<fs::path>& names) {
    XAAS_ASSIGN(const auto dynamic, dynamic_of(path));
    if (!dynamic) return {};
    XAAS_ASSIGN(const auto needed, add_needed({path, path.parent_path(), ""}, *dynamic));
    return point_to(needed, path, *dynamic, names);
  }

  // Bundles the additions of which a lowered file may need another one than its baseline does. What calls the resolver
  // is the same in both.
  Status add_additions() {
    for (const std::string_view soname : {kStartAddition, kLibcAddition}) {
      const std::string name(soname);
      const fs::path place = place_of(name, "");
      if (task_.floor.has(name) && !bundled_.contains(place)) XAAS_TRY(bundle(name, place, {}, {}));
    }
    return {};
  }

  BundledLibraries take() { return std::move(bundled_); }

 private:
  // A file that needs libraries.
  struct User {
    fs::path file;
    fs::path origin;   // the directory where it was linked or installed
    std::string slot;  // the slot to whose directory it belongs; empty: none
  };
  using Places = std::map<std::string, fs::path>;  // soname -> path in the image

  bool is_found_elsewhere(const std::string& soname) const {
    return provided_.contains(soname) || is_left_to_host(soname) || soname.find('/') != std::string::npos ||
           (matches_any(task_.left_out, soname) && !LibcFloor::is_addition(soname));
  }

  // Adds to shared_ what is needed, directly or through other libraries than those of slots.
  Status find_shared(const ElfDynamic& user, const fs::path& origin) {
    for (const std::string& soname : user.needed) {
      if (is_found_elsewhere(soname) || !slot_of(soname, task_.slots).empty()) continue;
      if (!shared_.insert(soname).second) continue;
      XAAS_ASSIGN(const auto found, find(soname, user, origin));
      if (!found) continue;
      std::error_code error;
      const fs::path original = fs::canonical(*found, error);
      XAAS_ASSIGN(const auto dynamic, dynamic_of(error ? *found : original));
      if (dynamic) XAAS_TRY(find_shared(*dynamic, original.parent_path()));
    }
    return {};
  }

  // Bundles what the user needs, and returns where that is.
  Result<Places> add_needed(const User& user, const ElfDynamic& dynamic) {
    XAAS_ASSIGN(std::set<std::string> sonames, task_.floor.additions_for(user.file));
    sonames.insert(dynamic.needed.begin(), dynamic.needed.end());
    Places bundled;
    for (const std::string& soname : sonames) {
      if (is_found_elsewhere(soname)) continue;
      const fs::path place = place_of(soname, user.slot);
      if (!bundled_.contains(place)) XAAS_TRY(bundle(soname, place, dynamic, user.origin));
      if (bundled_.contains(place)) bundled.emplace(soname, place);
    }
    return bundled;
  }

  // Makes the file, which will have these names in the image, look for these libraries where they are.
  Status point_to(const Places& needed, const fs::path& file, const ElfDynamic& dynamic,
                  const std::vector<fs::path>& names) const {
    // For libraries to which each file of the image is pointed, a file keeps the kind of path that it has.
    const bool are_everywhere = std::ranges::all_of(
        needed, [](const auto& one) { return is_runtime(one.first) || LibcFloor::is_addition(one.first); });
    const bool has_rpath = dynamic.rpath && !dynamic.runpath;
    const SearchPath kind = are_everywhere && !has_rpath ? SearchPath::runpath : SearchPath::rpath;
    std::set<fs::path> directories;
    for (const auto& [soname, place] : needed) directories.insert(place.parent_path());
    std::string rpath;
    std::set<std::string> entries;
    for (const fs::path& name : names) {
      const fs::path from = name.parent_path();
      for (const fs::path& directory : directories) {
        const fs::path relative = from.empty() ? directory : directory.lexically_relative(from);
        const std::string entry = relative == "." ? "$ORIGIN" : "$ORIGIN/" + relative.string();
        if (entries.insert(entry).second) rpath += (rpath.empty() ? "" : ":") + entry;
      }
    }
    return rpath.empty() ? Status() : append_search_path(file, dynamic, kind, rpath);
  }

  Status bundle(const std::string& soname, const fs::path& place, const ElfDynamic& user, const fs::path& origin) {
    XAAS_ASSIGN(const auto found, find(soname, user, origin));
    if (!found) return {};
    std::error_code error;
    const fs::path original = fs::canonical(*found, error);
    XAAS_ASSIGN(const auto dynamic, dynamic_of(error ? *found : original));
    if (!dynamic) return {};
    const fs::path copy = directory_ / place.lexically_relative(toolchain_);
    fs::create_directories(copy.parent_path(), error);
    fs::copy_file(original, copy, fs::copy_options::overwrite_existing, error);
    if (error) return fail(Code::io, "cannot copy {}: {}", original.string(), error.message());
    // The library is entered before its own needs are looked for, because libraries may need each other.
    bundled_.emplace(place.string(), copy);
    XAAS_ASSIGN(const auto needed, add_needed({copy, original.parent_path(), slot_of_place(place)}, *dynamic));
    XAAS_TRY(point_to(needed, copy, {}, {place}));
    return task_.floor.lower(copy);
  }

  Result<std::optional<fs::path>> find(const std::string& soname, const ElfDynamic& user,
                                       const fs::path& origin) const {
    if (LibcFloor::is_addition(soname)) return task_.floor.addition(soname);
    if (auto recorded = recorded_path(soname, task_.links)) return recorded;
    std::vector<fs::path> directories = search_path(user.runpath.value_or(user.rpath.value_or("")), origin);
    directories.push_back(origin);
    for (const fs::path& directory : directories) {
      std::error_code error;
      if (fs::is_regular_file(directory / soname, error)) return directory / soname;
    }
    return library_of_compiler(task_.compiler, soname);
  }

  // Where a library is in the image for a user in the directory of `slot`; empty: elsewhere.
  fs::path place_of(const std::string& soname, const std::string& slot) const {
    if (is_runtime(soname)) return toolchain_ / kRuntimeLibraries / soname;
    std::string own(slot_of(soname, task_.slots));
    if (own.empty() && !shared_.contains(soname) && !LibcFloor::is_addition(soname)) own = slot;
    if (!own.empty()) return fs::path(slot_directory(task_.triple, own)) / soname;
    return toolchain_ / kBundledLibraries / soname;
  }

  std::string slot_of_place(const fs::path& place) const {
    const fs::path directory = place.parent_path();
    return directory.parent_path() == toolchain_ / kSlotLibraries ? directory.filename().string() : std::string();
  }

  const std::set<std::string> provided_;
  const BundleTask& task_;
  const fs::path toolchain_;  // directory of the toolchain in the image
  const fs::path directory_;
  std::set<std::string> shared_;  // sonames that are needed otherwise than through a slot; empty without slots
  BundledLibraries bundled_;
};

}  // namespace

Result<BundledLibraries> bundle_libraries(const InstalledTree& tree, const BundleTask& task,
                                          const fs::path& directory) {
  Bundler bundler(tree, task, directory);
  for (const TreeEntry& entry : tree.entries) {
    if (entry.is_first_file()) XAAS_TRY(bundler.find_for(tree.path_of(entry)));
  }
  std::map<std::string, std::vector<fs::path>> names;  // of each first file
  for (const TreeEntry& entry : tree.entries)
    names[entry.same_as.empty() ? entry.path : entry.same_as].push_back(entry.path);
  for (const TreeEntry& entry : tree.entries) {
    if (entry.is_first_file()) XAAS_TRY(bundler.add_user(tree.path_of(entry), names[entry.path]));
  }
  XAAS_TRY(bundler.add_additions());
  return bundler.take();
}

Result<std::vector<RuntimeLibrary>> describe_runtime(const BundledLibraries& bundled, const std::string& triple) {
  std::vector<RuntimeLibrary> libraries;
  for (const auto& [path, file] : bundled) {
    const std::string soname = fs::path(path).filename();
    if (!is_runtime(soname)) continue;
    XAAS_ASSIGN(const auto dynamic, dynamic_of(file));
    if (!dynamic) continue;
    RuntimeLibrary library{triple, soname, {}, dynamic->defined_versions};
    std::ranges::copy_if(dynamic->needed_versions, std::back_inserter(library.libc_versions), is_libc_version);
    libraries.push_back(std::move(library));
  }
  return libraries;
}

bool is_high(std::string_view libc_floor) {
  constexpr std::string_view kUsual = "GLIBC_2.28";  // RHEL 8's
  return libc_version_numbers(libc_floor) > libc_version_numbers(kUsual);
}

Result<HostNeeds> host_needs(const InstalledTree& tree, const BundledLibraries& bundled) {
  std::set<std::string> provided = provided_names(tree);
  for (const auto& [path, file] : bundled) provided.insert(fs::path(path).filename().string());
  std::vector<std::pair<std::string, fs::path>> files;  // path in the image, and where it is now
  for (const TreeEntry& entry : tree.entries) {
    if (entry.is_first_file()) files.emplace_back(entry.path, tree.path_of(entry));
  }
  for (const auto& [path, file] : bundled) {
    if (!is_runtime(fs::path(path).filename().string())) files.emplace_back(path, file);
  }

  HostNeeds needs;
  std::set<std::string> libraries;
  std::pair<std::string, fs::path> highest;
  for (const auto& [path, file] : files) {
    XAAS_ASSIGN(const auto dynamic, dynamic_of(file));
    if (!dynamic) continue;
    libraries.insert(dynamic->needed.begin(), dynamic->needed.end());
    for (const std::string& needed : dynamic->needed_versions) {
      const std::string version = needed == kRelativeRelocations ? kRelativeRelocationsSince : needed;
      if (libc_version_numbers(version) <= libc_version_numbers(needs.libc_floor)) continue;
      needs.libc_floor = version;
      highest = {path, file};
    }
  }
  XAAS_ASSIGN(const std::string symbol, symbol_with(highest.second, needs.libc_floor));
  needs.libc_floor_cause = symbol.empty() ? fmt::format("{} has packed relocations (DT_RELR)", highest.first)
                                          : fmt::format("{} needs {}", highest.first, symbol);
  std::ranges::set_difference(libraries, provided, std::back_inserter(needs.libraries));
  return needs;
}

}  // namespace xaas
