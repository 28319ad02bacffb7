// What earlier runs compiled, in the work directory: a unit whose compiler, command line and preprocessed text are
// those of an earlier one is not compiled again.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "format/digest.h"
#include "format/error.h"
#include "mkimage/capture_environment.h"
#include "mkimage/compile_capture.h"

namespace xaas {

// All that a compile leaves behind.
struct CompileResult {
  std::string object;                       // bytes of the object file
  std::optional<std::string> dependencies;  // of the file that -MD asks for
  std::string output;                       // what the compiler printed
  std::string messages;
  std::vector<std::string> headers;  // that it read
};

// Several processes may use one cache at once. An entry appears whole or not at all.
class CaptureCache {
 public:
  explicit CaptureCache(std::filesystem::path root) : root_(std::move(root)) {}

  // A run of mkxaas begins: what is there is of earlier runs.
  Status begin() const;
  // It has ended well: what it did not use is removed.
  void end() const;

  // What decides the result of a captured compile. Nullopt when more does than can be told, or when the text cannot be
  // preprocessed: the compile is then to be run.
  static std::optional<Digest> key(const CaptureEnvironment& environment, const Compilation& compilation);

  std::optional<CompileResult> find(const Digest& key) const;
  Status add(const Digest& key, const CompileResult& result) const;

 private:
  std::filesystem::path current() const { return root_ / "current"; }
  std::filesystem::path earlier() const { return root_ / "earlier"; }
  std::filesystem::path root_;
};

// Where -MD or -MMD among the arguments has the compiler write the dependencies; nullopt without them.
std::optional<std::filesystem::path> dependency_file(const Compilation& compilation);

}  // namespace xaas
