// Plans and makes the changes of a file; see libc_floor.h.
#include "mkimage/contents/libc_floor.h"

#include <array>
#include <optional>
#include <utility>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/libc_version.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/base/text.h"
#include "format/image.h"
#include "mkimage/compiler/real_compiler.h"
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

// An addition has this in front of the name of a function whose results differ between versions of libc, because a
// newer libc has the older function too, and the loader would find that.
constexpr const char* kOwnName = "xaas_";

std::string key_of(const DynamicSymbol& symbol) { return symbol.name + "@" + symbol.version; }

std::optional<std::string> value_at(const std::map<std::string, std::string>& values, const std::string& key) {
  const auto found = values.find(key);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

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

std::set<std::string> LibcFloor::Plan::new_texts() const {
  std::set<std::string> texts = new_versions;
  for (const auto& [symbol, name] : new_names) texts.insert(name);
  return texts;
}

// What our additions define is needed without a version, because libc has it under another one. A symbol that cannot
// get another name keeps its version, too, because without one it would be libc's function with the older results.
bool LibcFloor::plan_addition(const DynamicSymbol& symbol, Plan& plan) const {
  for (const auto& [soname, addition] : additions_) {
    const std::string own_name = kOwnName + symbol.name;
    const bool has_own_name = addition.exports.contains(own_name);
    if (!has_own_name && !addition.exports.contains(symbol.name)) continue;
    if (has_own_name && symbol.is_hashed()) return false;
    plan.versions.emplace(key_of(symbol), "");
    if (has_own_name) plan.new_names.emplace(key_of(symbol), own_name);
    plan.additions.insert(soname);
    return true;
  }
  return false;
}

// A program that refers weakly to a function looks whether libc has it, so it needs no version of libc for that.
void LibcFloor::plan_symbol(const DynamicSymbol& symbol, const std::vector<std::string>& needed, Plan& plan) const {
  if (!plan_addition(symbol, plan)) {
    std::string chosen = symbols_.oldest_same(symbol.name, symbol.version);
    const bool may_be_missing = symbol.is_weak && is_newer(chosen);
    if ((may_be_missing || !is_in(needed, chosen)) && symbols_.can_lose_version(symbol.name, symbol.version)) {
      chosen.clear();
    }
    if (chosen == symbol.version) return;
    if (!chosen.empty() && !is_in(needed, chosen)) plan.new_versions.insert(chosen);
    plan.versions.emplace(key_of(symbol), chosen);
  }
  const std::string former(former_library(symbol.name));
  if (!former.empty()) plan.libraries.insert(former);
}

Result<LibcFloor::Plan> LibcFloor::plan(std::string_view bytes) const {
  Plan plan;
  XAAS_ASSIGN(const DynamicSymbols symbols, DynamicSymbols::read(bytes));
  const std::vector<std::string> needed = symbols.needed_versions();
  for (const DynamicSymbol& symbol : symbols.symbols()) {
    if (is_in(needed, symbol.version) && is_newer(symbol.version)) {
      plan_symbol(symbol, needed, plan);
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
      auto chosen = value_at(plan.versions, key_of(symbol));
      return chosen && !with_new && plan.new_versions.contains(*chosen) ? std::nullopt : chosen;
    });
  };
  auto changed = change(true);
  if (!changed) changed = change(false);  // there is no room for new versions
  if (changed) {
    const auto new_name = [&](const DynamicSymbol& symbol) { return value_at(plan.new_names, key_of(symbol)); };
    changed = symbols.with_names(std::move(*changed), new_name);
  }
  return overwrite(file, symbols.with_needed_libraries(changed.value_or(bytes), kLastAdditions, plan.new_texts()));
}

// Makes the file need the libraries of the plan. New names and versions get into its table of strings as those of
// libraries, and are not needed afterwards. False if patchelf cannot change the file; it is whole then.
Result<bool> LibcFloor::add_needed(const fs::path& file, const Plan& plan) {
  std::vector<std::string> command = {"patchelf"};
  const std::set<std::string> texts = plan.new_texts();
  for (const auto* names : {&plan.additions, &plan.libraries, &texts}) {
    for (const std::string& name : *names) command.insert(command.end(), {"--add-needed", name});
  }
  if (command.size() == 1) return true;
  command.push_back(file.string());
  XAAS_ASSIGN(const ProcessOutput result, run_and_read(std::move(command)));
  return result.status.ok();
}

}  // namespace xaas
