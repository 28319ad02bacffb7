// Decides whether modules of a link can become one, in which LLVM sees the whole program. Implements spec/lowering.md,
// "Merging".
#pragma once

#include <llvm/IR/Module.h>

#include <map>
#include <mutex>
#include <string>

namespace xaas {

// Whether the module must stay a module of its own. It must if it has a function that must not be copied (is_odd()), or
// if its inline assembly may define a symbol or may name a local symbol. In one module with others, such a symbol could
// clash or have another name.
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

}  // namespace xaas
