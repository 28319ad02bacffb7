// See module_order.h.
#include "format/bitcode/module_order.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace xaas {
namespace {

constexpr auto kConstructorSections =
    std::to_array<std::string_view>({".ctors", ".dtors", ".fini_array", ".init_array", ".preinit_array"});

bool holds_constructors(const llvm::GlobalObject& object) {
  return std::ranges::any_of(kConstructorSections,
                             [&](std::string_view name) { return object.getSection().starts_with(name); });
}

// For a section whose name is a C identifier, a linker defines __start_X and __stop_X.
bool is_walked(const llvm::GlobalObject& object) {
  const llvm::StringRef section = object.getSection();
  return !section.empty() && !llvm::isDigit(section.front()) &&
         llvm::all_of(section, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

}  // namespace

bool has_constructor_data(const llvm::Module& module) {
  return llvm::any_of(module.global_objects(), holds_constructors);
}

bool depends_on_order(const llvm::Module& module) {
  if (module.getNamedGlobal("llvm.global_ctors") != nullptr) return true;
  if (module.getNamedGlobal("llvm.global_dtors") != nullptr) return true;
  return has_constructor_data(module) || llvm::any_of(module.global_objects(), is_walked);
}

}  // namespace xaas
