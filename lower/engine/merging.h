// What decides whether modules of a link can become one, in which LLVM sees the whole program. Implements
// spec/lowering.md, "Merging".
#pragma once

#include <llvm/IR/Module.h>

#include <map>
#include <mutex>
#include <string>

namespace xaas {

// Whether the module must stay one of its own: its inline assembly defines a symbol, or names one that only the module
// has, and in one module with others that symbol could clash or have another name.
bool is_kept_apart(const llvm::Module& module);

// The flags that the modules of a link carry (the size of wchar_t, the code model, …), of which LLVM lets only some
// differ in modules that become one. Thread-safe.
class ModuleFlags {
 public:
  void add(const llvm::Module& module);
  bool agree() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> flags_;  // what must be the same, as text
  bool agree_ = true;
};

}  // namespace xaas
