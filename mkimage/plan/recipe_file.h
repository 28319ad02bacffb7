// xaas.toml: what a project says of itself, of how it is built, and of the choices it is built with. Implements
// spec/recipe.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "format/manifest.h"

namespace xaas {

// Build systems that are known, sorted.
inline constexpr std::string_view kBuildSystems[] = {"cmake", "configure", "make", "meson"};

// Fortran compilers that are known, sorted.
inline constexpr std::string_view kFortranCompilers[] = {"flang", "gfortran"};

// One value of a specialization point.
struct PointValue {
  std::string name;
  std::string substitute;  // what the point's variable holds in commands; may name variables of other points
  std::int64_t rank = 0;
  Requirements requires_;  // of the host
  std::string place;       // in the recipe file: "xaas.toml:3:9"
};

// Something that the project can be built with one way or another.
struct SpecializationPoint {
  std::string name;
  std::string default_value;
  std::vector<PointValue> values;  // in the order of the file, at least one
  std::string place;

  std::string variable() const;  // the name in capital letters, with `_` for what a variable cannot hold
};

// Values of some points that do not go together.
struct LeftOutCombination {
  std::map<std::string, std::string> points;
  std::string place;
};

struct InstalledAsIs {
  std::string from;  // relative to the source, or absolute
  std::string to;    // relative to the prefix
  std::string place;
};

struct BuildRecipe {
  std::optional<std::string> name;
  std::optional<std::string> version;
  std::optional<std::string> prefix;        // absolute
  std::optional<std::string> source;        // relative to the recipe file
  std::optional<std::string> build_system;  // one of kBuildSystems
  std::optional<std::string> configure;     // shell commands; an empty one does nothing
  std::optional<std::string> build;
  std::optional<std::string> install;
  std::optional<std::string> fortran;  // one of kFortranCompilers
  std::optional<std::string> policy;   // one of kPolicies
  std::vector<SpecializationPoint> points;
  std::vector<LeftOutCombination> left_out;
  std::vector<std::string> sources_left_out;  // patterns of paths in the source
  std::vector<InstalledAsIs> files;
};

// Code::invalid with file:line:column for what is no TOML, an unknown key, a wrong type, a name that is none or that
// stands twice, and a combination or default that names what there is not.
Result<BuildRecipe> load_recipe_file(const std::filesystem::path& path);

}  // namespace xaas
