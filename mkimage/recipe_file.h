// xaas.toml: what a project says of itself and of how it is built. Implements spec/image-format.md's notion of a name,
// version and prefix; the keys are those of BuildRecipe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "format/error.h"

namespace xaas {

struct BuildRecipe {
  std::optional<std::string> name;
  std::optional<std::string> version;
  std::optional<std::string> prefix;     // absolute
  std::optional<std::string> configure;  // shell commands; an empty one does nothing
  std::optional<std::string> build;
  std::optional<std::string> install;
};

// Code::invalid with file:line:column for what is no TOML, an unknown key or a wrong type.
Result<BuildRecipe> load_recipe_file(const std::filesystem::path& path);

}  // namespace xaas
