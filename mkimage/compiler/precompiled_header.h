// Precompiled headers. A unit that begins with one asks the CPU in it, where the unit's own compile does not see that.
// A compile for another CPU cannot use it, and must read the header itself.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mkimage/compiler/compilation.h"
#include "mkimage/compiler/compiler_run.h"

namespace xaas {

// Notes in the capture what the command precompiles, and what that asked. REQUIRES: the command has succeeded.
void record_precompiled(const CaptureEnvironment& environment, const Compilation& compilation,
                        const std::vector<Ask>& asks);

// The precompiled headers that the command reads: those of -include-pch, and those that clang finds beside the header
// of -include. `arguments` have no response files.
std::vector<std::filesystem::path> precompiled_headers(const std::vector<std::string>& arguments);

// What the headers asked. Nullopt if one of them is not in the capture.
std::optional<std::vector<Ask>> asks_of_precompiled(const CaptureEnvironment& environment,
                                                    const std::vector<std::filesystem::path>& headers);

// A command that reads the headers themselves in place of what was precompiled of them. Keeps the files that the
// command names for that.
class TextualHeaders {
 public:
  explicit TextualHeaders(const CaptureEnvironment& environment) : environment_(environment) {}
  // Code::unsupported if the command does not tell the header, and the capture does not know it.
  Result<std::vector<std::string>> rewrite(const std::vector<std::string>& arguments);
  // Whether `header` is one of the files of this object, and not of the project.
  bool is_wrapper(const std::string& header) const;

 private:
  Result<std::string> wrapper_for(const std::filesystem::path& header);

  const CaptureEnvironment& environment_;
  std::vector<std::unique_ptr<StoreFile>> wrappers_;
};

}  // namespace xaas
