// What to run to build a source tree, from what the user said, what xaas.toml says, and what the tree looks like.
#pragma once

#include <filesystem>
#include <string>

#include "format/error.h"
#include "mkimage/recipe_file.h"

namespace xaas {

struct BuildPlan {
  std::string name;
  std::string version;
  std::string prefix;  // absolute, normal, not "/"
  std::string
      configure;  // shell commands that see $SRC, $BUILD, $DESTDIR, $PREFIX, $JOBS, $CC, $CXX; empty: nothing to do
  std::string build;
  std::string install;
};

// `options` win over `file`, which wins over what the tree suggests: CMake or Make commands, name and version from the
// directory's name, the prefix /opt/<name>. Code::unsupported when no command is known, saying which options to give.
Result<BuildPlan> make_build_plan(const std::filesystem::path& source, const BuildRecipe& file,
                                  const BuildRecipe& options);

}  // namespace xaas
