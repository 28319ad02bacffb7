// `mkxaas discover`: finds what a project can be built with. Implements spec/discovery.md.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "format/base/error.h"
#include "mkimage/discover/discovery.h"

namespace xaas {

enum class DiscoveryForm { text, json, xaas_schema };

struct DiscoverOptions {
  std::filesystem::path source;
  std::optional<std::string> build_system{};  // one of kBuildSystems; nullopt: the one that mkxaas would choose
  DiscoveryForm form = DiscoveryForm::text;
  std::optional<std::filesystem::path> recipe{};  // where to write a recipe file
  bool replaces_recipe = false;                   // whether that file may exist
};

// Reads the files of the build system. Runs nothing and reads nothing outside of the source. Code::not_found if there
// is no source or no such build system in it.
Result<Discovery> discover(const DiscoverOptions& options);

// Does what the command does: writes the recipe file if one is asked for, and returns what is to be printed.
Result<std::string> run_discover(const DiscoverOptions& options);

}  // namespace xaas
