// A unit after preprocessing: its text and the options that decide what the compiler makes of it. They give the key of
// the result in a CaptureCache. Implements spec/recipe.md, "What configurations share".
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
  // Runs the preprocessor. Nullopt if text and options do not show everything that decides the result, or if the
  // preprocessor refuses. Then the compile must run as it is.
  static std::optional<PreprocessedUnit> run(const CaptureEnvironment& environment, const Compilation& compilation);

  const std::vector<std::string>& headers() const { return headers_; }  // the headers that were read
  // The content of the file that -MD asks for; nullopt without -MD.
  const std::optional<std::string>& dependencies() const { return dependencies_; }

  // The command with fewer options for the CPU, by which the unit has the same text and the compiler makes the same
  // decisions. The unit is to be captured with this command if it compiles. Nullopt if there is no such command.
  const std::optional<Compilation>& same_with_less_isa() const { return same_with_less_isa_; }

  // The digests of everything that decides the result of compiling the unit with `compilation`'s options. `silent` is
  // for a compile that prints nothing. `verbose` also covers what decides the messages.
  struct Keys {
    Digest silent;
    Digest verbose;
  };
  Keys keys(const CaptureEnvironment& environment, const Compilation& compilation) const;

  // What a report compares: the command without names of directories, the text, and the options without those for the
  // preprocessor, for warnings and for the CPU.
  UnitIdentity identity(const CaptureEnvironment& environment, const Compilation& compilation) const;

 private:
  // Runs the preprocessor. It reads `header` before all else, unless `header` is empty. `messages` becomes what it
  // prints.
  static std::optional<PreprocessedUnit> run_with(const CaptureEnvironment& environment, const Compilation& compilation,
                                                  const std::filesystem::path& header, std::string& messages);

  std::string text_;
  Digest tokens_;       // digest of the text without its places, or of the whole text if places matter
  std::string places_;  // places_of() the text; empty if places are in `tokens_`
  std::vector<std::string> headers_;
  std::optional<std::string> dependencies_;
  bool is_silent_ = true;  // whether the preprocessor printed no message
  std::optional<Compilation> same_with_less_isa_;
};

// The file into which -MD or -MMD makes the compiler write the dependencies; nullopt without these options.
std::optional<std::filesystem::path> dependency_file(const Compilation& compilation);

}  // namespace xaas
