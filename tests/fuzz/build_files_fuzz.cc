// The readers of build systems. Whatever stands in the files of a project, discovery ends, and its recipe file is one
// that mkxaas takes. The first byte chooses the file.
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "format/base/file.h"
#include "mkimage/discover/discover.h"
#include "mkimage/plan/recipe_file.h"

namespace {

// One directory for all inputs. It is removed when the process ends.
const std::filesystem::path& project_directory() {
  static const xaas::TempDirectory kDirectory = xaas::TempDirectory::create("/tmp").value();
  return kDirectory.path();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<const char*, 6> kFiles = {"CMakeLists.txt", "configure.ac", "meson_options.txt",
                                                 "meson.build",    "Makefile",     "bundle.yml"};
  constexpr std::array<const char*, 6> kSystems = {"cmake", "configure", "meson", "meson", "make", nullptr};
  if (size == 0) return 0;
  const std::size_t which = data[0] % kFiles.size();
  for (const char* file : kFiles) std::filesystem::remove(project_directory() / file);
  if (!xaas::write_file(project_directory() / "meson.build", "project('x')\n")) std::abort();
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (!xaas::write_file(project_directory() / kFiles[which], text)) std::abort();

  xaas::DiscoverOptions options;
  options.source = project_directory();
  if (kSystems[which] != nullptr) options.build_system = kSystems[which];
  options.form = xaas::DiscoveryForm::xaas_schema;
  if (!xaas::run_discover(options)) std::abort();
  options.form = xaas::DiscoveryForm::text;
  // A recipe file needs a configure script to be there, and mkxaas builds no bundles.
  const bool has_recipe = which != 1 && which != 5;
  if (has_recipe) options.recipe = project_directory() / "out.toml";
  options.replaces_recipe = has_recipe;
  if (!xaas::run_discover(options)) std::abort();
  if (has_recipe && !xaas::load_recipe_file(*options.recipe)) std::abort();
  return 0;
}
