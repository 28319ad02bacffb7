// What a unit is after preprocessing: the text and the options that decide what the compiler makes of it, and with them
// the name of the result in a CaptureCache. Implements spec/recipe.md, "What configurations share".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

class PreprocessedUnit {
 public:
  // Runs the preprocessor. Nullopt when more decides the result than can be told, or when it refuses: the compile is
  // then to be run as it is.
  static std::optional<PreprocessedUnit> run(const CaptureEnvironment& environment, const Compilation& compilation);

  const std::vector<std::string>& headers() const { return headers_; }  // that were read
  // Of the file that -MD asks for, where it does.
  const std::optional<std::string>& dependencies() const { return dependencies_; }

  // The command with less of what it says of the CPU by which the unit is the same text and the compiler decides
  // nothing else: the unit is to be captured by that one, as long as it compiles so. Nullopt where there is none.
  const std::optional<Compilation>& same_with_less_isa() const { return same_with_less_isa_; }

  // Of all that decides the result of compiling the unit with `compilation`'s options: of what the compiler makes when
  // it says nothing, and of what it makes and says.
  struct Keys {
    Digest silent;
    Digest verbose;
  };
  Keys keys(const CaptureEnvironment& environment, const Compilation& compilation) const;

  // What a report compares: the command but for names of directories; the text; the options that are left when those
  // for the preprocessor, for warnings and for the CPU are taken away.
  UnitIdentity identity(const CaptureEnvironment& environment, const Compilation& compilation) const;

 private:
  // With `header` read before all else, unless it is empty; `messages` becomes what the preprocessor says.
  static std::optional<PreprocessedUnit> run_with(const CaptureEnvironment& environment, const Compilation& compilation,
                                                  const std::filesystem::path& header, std::string& messages);

  std::string text_;
  Digest tokens_;       // of the text without its places, or, where those matter, of all of it
  std::string places_;  // where they do not matter
  std::vector<std::string> headers_;
  std::optional<std::string> dependencies_;
  bool is_silent_ = true;  // the preprocessor said nothing
  std::optional<Compilation> same_with_less_isa_;
};

// Where -MD or -MMD among the arguments has the compiler write the dependencies; nullopt without them.
std::optional<std::filesystem::path> dependency_file(const Compilation& compilation);

}  // namespace xaas
