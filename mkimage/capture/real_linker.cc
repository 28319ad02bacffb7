// Names of linkers and the search in PATH; see real_linker.h.
#include "mkimage/capture/real_linker.h"

#include "format/base/process.h"
#include "mkimage/compiler/real_compiler.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

}  // namespace

bool is_linker_name(std::string_view name) {
  const std::string_view plain = without_triple(name);
  // "ld.so" is the loader.
  return plain == "ld" || (plain.starts_with("ld.") && plain.size() > 3 && plain != "ld.so");
}

bool is_lld_name(std::string_view name) { return without_triple(name).starts_with(kLldName); }

bool writes_maps(std::string_view name) {
  const std::string_view plain = without_triple(name);
  return plain == "ld" || plain == "ld.bfd" || plain == "ld.gold";
}

std::set<std::string> linker_names_in_path() { return programs_in_path(is_linker_name); }

Result<fs::path> find_real_linker(const std::string& name, const fs::path& lld) {
  if (is_lld_name(name) && is_program(lld)) return lld;
  return find_program(name);
}

}  // namespace xaas
