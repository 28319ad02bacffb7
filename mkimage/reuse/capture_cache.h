// The capture cache: keeps in the work directory what was compiled for other configurations and in earlier runs, under
// the keys of PreprocessedUnit or fortran_key().
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

// The result of a compile.
struct CompileResult {
  std::string object;  // bytes of the object file
  std::string output;  // what the compiler printed
  std::string messages;
  bool is_refusal = false;                          // the compiler refused the unit and made nothing
  std::string bitcode = {};                         // empty if the object carries its bitcode
  std::map<std::string, std::string> modules = {};  // module file of Fortran -> content
  std::vector<std::string> asks = {};               // Ask::line() of each
  UnitVariants variants = {};
  std::vector<std::string> variant_bitcode = {};  // of variants.list, in its order
  std::vector<std::string> variant_headers = {};  // headers that only variants read
};

// Several processes may use one cache at once. An entry appears whole or not at all.
class CaptureCache {
 public:
  explicit CaptureCache(std::filesystem::path root) : root_(std::move(root)) {}

  // Call it when a run of mkxaas begins. All entries then count as those of earlier runs.
  Status begin() const;
  // Call it when the run has succeeded. Removes the entries that the run did not use.
  void end() const;

  std::optional<CompileResult> find(const Digest& key) const;
  Status add(const Digest& key, const CompileResult& result) const;

 private:
  std::filesystem::path current() const { return root_ / "current"; }
  std::filesystem::path earlier() const { return root_ / "earlier"; }
  std::filesystem::path root_;
};

}  // namespace xaas
