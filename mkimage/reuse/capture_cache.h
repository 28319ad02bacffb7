// What was compiled for other configurations and in earlier runs, in the work directory, under the keys of
// PreprocessedUnit.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "format/base/digest.h"
#include "format/base/error.h"

namespace xaas {

// What a compile leaves behind.
struct CompileResult {
  std::string object;  // bytes of the object file
  std::string output;  // what the compiler printed
  std::string messages;
  bool is_refusal = false;                          // it made nothing
  std::string bitcode = {};                         // where the object has none in it
  std::map<std::string, std::string> modules = {};  // Fortran's module files, by name
};

// Several processes may use one cache at once. An entry appears whole or not at all.
class CaptureCache {
 public:
  explicit CaptureCache(std::filesystem::path root) : root_(std::move(root)) {}

  // A run of mkxaas begins: what is there is of earlier runs.
  Status begin() const;
  // It has ended well: what it did not use is removed.
  void end() const;

  std::optional<CompileResult> find(const Digest& key) const;
  Status add(const Digest& key, const CompileResult& result) const;

 private:
  std::filesystem::path current() const { return root_ / "current"; }
  std::filesystem::path earlier() const { return root_ / "earlier"; }
  std::filesystem::path root_;
};

}  // namespace xaas
