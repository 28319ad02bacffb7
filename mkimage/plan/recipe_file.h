// xaas.toml: what a project is, how it is built, and which choices its build offers. Implements spec/recipe.md.
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
#include "mkimage/plan/cpu_levels.h"

namespace xaas {

// The known build systems, sorted.
inline constexpr std::string_view kBuildSystems[] = {"cmake", "configure", "make", "meson"};

// The known Fortran compilers, sorted.
inline constexpr std::string_view kFortranCompilers[] = {"flang", "gfortran"};

// One value of a specialization point.
struct PointValue {
  std::string name;
  std::string substitute;  // value of the point's variable in commands; may name variables of other points
  std::int64_t rank = 0;
  Requirements requires_;  // requirements on the host
  bool on_host = false;    // built on the host where it is used, and not in the image
  // Of a value that is built on the host; as in HostBuild.
  std::vector<std::string> tools;
  std::vector<std::string> links;
  std::vector<std::string> headers;
  std::string place;  // in the recipe file: "xaas.toml:3:9"
};

// A choice that the build offers.
struct SpecializationPoint {
  std::string name;
  std::string default_value;
  std::vector<PointValue> values;  // in the order of the file, at least one
  std::string place;

  std::string variable() const;  // the name in capital letters, with `_` in place of '.' and '-'
};

// Whether a recipe file may call a point, or a value of a point, by this name. A point's variable must not be reserved.
bool can_name_point(std::string_view name);
bool can_name_value(std::string_view name);

// Values of some points that cannot be combined.
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
  std::optional<bool> with_source;          // whether the image has the whole source
  std::optional<bool> bundle;               // whether the image brings libraries of others
  std::optional<std::string> build_system;  // one of kBuildSystems
  std::optional<std::string> configure;     // shell commands; an empty one does nothing
  std::optional<std::string> build;
  std::optional<std::string> install;
  std::optional<std::string> main;     // path of a program, relative to the prefix
  std::optional<std::string> fortran;  // one of kFortranCompilers
  std::optional<std::string> policy;   // one of kPolicies
  std::optional<LevelPlan> levels;
  std::optional<LevelPlan> ready;
  std::optional<std::vector<unsigned>> cuda_families;  // architectures of GPUs: 75 for compute_75
  std::vector<SpecializationPoint> points;
  std::vector<LeftOutCombination> left_out;
  std::vector<std::string> slots;               // names of kSlots, each once
  std::vector<std::string> sources_left_out;    // patterns of paths in the source
  std::vector<std::string> libraries_left_out;  // patterns of sonames
  std::vector<InstalledAsIs> files;
};

// Code::invalid, with file:line:column, for a file that is not TOML, an unknown key, a wrong type, a name that is
// malformed or occurs twice, and a combination or default that names an unknown point or value.
Result<BuildRecipe> load_recipe_file(const std::filesystem::path& path);

}  // namespace xaas
