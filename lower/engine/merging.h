// Decides whether modules of a link can become one, in which LLVM sees the whole program. Implements spec/lowering.md,
// "Merging".
#pragma once

#include <llvm/IR/Module.h>

#include <map>
#include <mutex>
#include <set>
#include <string>

namespace xaas {

// Whether the module must stay a module of its own. It must if it has a function that must not be copied (is_odd()), a
// function for other units that is bound to a thread (is_bound_to_thread()), or if its inline assembly may define a
// symbol or may name a local symbol. In one module with others, such a symbol could clash or have another name.
bool is_kept_apart(const llvm::Module& module);

// The module flags of a link (the size of wchar_t, the code model, …). LLVM lets only some of them differ in modules
// that become one. Thread-safe.
class ModuleFlags {
 public:
  void add(const llvm::Module& module);
  bool agree() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> flags_;  // flag -> what must be the same, as text
  bool agree_ = true;
};

// What becomes of a unit of a link that is merged. In the link, objects stand in the units' places, and the merged
// module and the units that are kept apart stand behind them.
enum class MergePlace { object, merged, apart };

// What merging would do to the order of a link's units. Thread-safe.
class MergedOrder {
 public:
  void add(const llvm::Module& module, MergePlace place);
  // Whether all that depends on order stays in the order of the units.
  bool is_kept() const;

 private:
  mutable std::mutex mutex_;
  std::set<MergePlace> places_;  // of units that depend on order
  int ordered_ = 0;              // how many these are
  // Whether one of them has data in a section of constructors. In the merged module, constructors in the usual form
  // stand behind such data.
  bool has_data_ = false;
};

}  // namespace xaas
