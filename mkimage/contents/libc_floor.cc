// Plans and makes the changes of a file; see libc_floor.h.
#include "mkimage/contents/libc_floor.h"

#include <array>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/libc_version.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/base/text.h"
#include "format/image.h"
#include "mkimage/compiler/real_compiler.h"
#include "mkimage/contents/dynamic_symbols.h"
#include "mkimage/contents/installed_tree.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFileLimit = 4ULL << 30;
constexpr auto kAdditions = std::to_array<std::string_view>({kStartAddition, kResolverAddition, kLibcAddition});
// Files need these behind all other libraries.
constexpr auto kLastAdditions = std::to_array<std::string_view>({kResolverAddition, kLibcAddition});
constexpr auto kLibcParts = std::to_array<const char*>({"libc.so.6", "libm.so.6", "libresolv.so.2"});
// Every host has this one: RHEL 7's, of 2012.
constexpr const char* kOldestHost = "GLIBC_2.17";

std::string key_of(const std::string& name, const std::string& version) { return name + "@" + version; }

}  // namespace

Result<LibcFloor> LibcFloor::create(const std::string& compiler) {
  LibcFloor floor;
  for (const char* soname : kLibcParts) {
    XAAS_ASSIGN(const auto path, library_of_compiler(compiler, soname));
    if (path) XAAS_TRY(floor.symbols_.add(*path));
  }
  if (floor.symbols_.empty()) return floor;
  XAAS_ASSIGN(const fs::path own, own_executable());
  for (const std::string_view soname : kAdditions) {
    const fs::path path = own.parent_path().parent_path() / XAAS_LIBRARIES / soname;
    if (!fs::exists(path)) {
      return fail(Code::not_found, "there is no {}, which belongs to mkxaas; install it", path.string());
    }
    XAAS_ASSIGN(auto exports, exported_names(path));
    floor.additions_.emplace(soname, Addition{path, std::move(exports)});
  }
  return floor;
}

bool LibcFloor::is_addition(std::string_view soname) { return is_in(kAdditions, soname); }

bool LibcFloor::is_newer(std::string_view version) {
  return libc_version_numbers(version) > libc_version_numbers(kOldestHost);
}

// What our additions define is needed without a version, because libc has it under another one.
void LibcFloor::plan_symbol(const std::string& name, const std::string& version, const std::vector<std::string>& needed,
                            Plan& plan) const {
  const std::string former(former_library(name));
  for (const auto& [soname, addition] : additions_) {
    if (!addition.exports.contains(name)) continue;
    plan.versions.emplace(key_of(name, version), "");
    plan.additions.insert(soname);
    if (!former.empty()) plan.libraries.insert(former);
    return;
  }
  std::string oldest = symbols_.oldest_same(name, version);
  if (oldest == version) return;
  if (!is_in(needed, oldest)) {
    if (symbols_.can_lose_version(name, version)) {
      oldest.clear();
    } else {
      plan.new_versions.insert(oldest);
    }
  }
  plan.versions.emplace(key_of(name, version), oldest);
  if (!former.empty()) plan.libraries.insert(former);
}

Result<LibcFloor::Plan> LibcFloor::plan(std::string_view bytes) const {
  Plan plan;
  XAAS_ASSIGN(const DynamicSymbols symbols, DynamicSymbols::read(bytes));
  const std::vector<std::string> needed = symbols.needed_versions();
  for (const DynamicSymbol& symbol : symbols.symbols()) {
    if (is_in(needed, symbol.version) && is_newer(symbol.version)) {
      plan_symbol(symbol.name, symbol.version, needed, plan);
    }
  }
  return plan;
}

// A file that cannot be read or changed stays as the build made it.
Result<LibcFloor::Plan> LibcFloor::plan_file(const fs::path& file) const {
  if (symbols_.empty()) return Plan();
  XAAS_ASSIGN(const MappedFile mapped, MappedFile::open(file));
  if (!ElfFile::is_elf(mapped.bytes())) return Plan();
  const auto elf = ElfFile::parse(mapped.bytes());
  if (!elf || !elf->is_dynamic() || elf->is_debug_only() || elf->has_appended_data()) return Plan();
  return plan(mapped.bytes()).value_or(Plan());
}

Result<std::set<std::string>> LibcFloor::additions_for(const fs::path& file) const {
  XAAS_ASSIGN(const Plan plan, plan_file(file));
  return plan.additions;
}

Status LibcFloor::lower(const fs::path& file) const {
  XAAS_ASSIGN(const Plan plan, plan_file(file));
  if (plan.empty()) return {};
  XAAS_ASSIGN(const WritableFile writable, WritableFile::make(file));
  XAAS_ASSIGN(const bool is_added, add_needed(file, plan));
  if (!is_added) return {};
  XAAS_ASSIGN(const std::string bytes, read_file(file, kFileLimit));
  XAAS_ASSIGN(const DynamicSymbols symbols, DynamicSymbols::read(bytes));
  const auto change = [&](bool with_new) {
    return symbols.with_versions(bytes, [&](const DynamicSymbol& symbol) -> std::optional<std::string> {
      const auto chosen = plan.versions.find(key_of(symbol.name, symbol.version));
      if (chosen == plan.versions.end()) return std::nullopt;
      if (!with_new && plan.new_versions.contains(chosen->second)) return std::nullopt;
      return chosen->second;
    });
  };
  auto changed = change(true);
  if (!changed) changed = change(false);  // there is no room for new versions
  return overwrite(file, symbols.with_needed_libraries(changed.value_or(bytes), kLastAdditions, plan.new_versions));
}

// Makes the file need the libraries of the plan. The names of new versions get into its table of strings as those of
// libraries, and are not needed afterwards. False if patchelf cannot change the file; it is whole then.
Result<bool> LibcFloor::add_needed(const fs::path& file, const Plan& plan) {
  std::vector<std::string> command = {"patchelf"};
  for (const auto* names : {&plan.additions, &plan.libraries, &plan.new_versions}) {
    for (const std::string& name : *names) command.insert(command.end(), {"--add-needed", name});
  }
  if (command.size() == 1) return true;
  command.push_back(file.string());
  XAAS_ASSIGN(const ProcessOutput result, run_and_read(std::move(command)));
  return result.status.ok();
}

}  // namespace xaas
