// See discover.h.
#include "mkimage/discover/discover.h"

#include <algorithm>
#include <vector>

#include "format/base/file.h"
#include "format/base/text.h"
#include "mkimage/discover/build_readers.h"
#include "mkimage/discover/discovery_recipe.h"
#include "mkimage/discover/discovery_text.h"
#include "mkimage/discover/source_tree.h"
#include "mkimage/plan/project_name.h"

namespace xaas {
namespace {

struct BuildReader {
  std::string_view build_system;        // one of kBuildSystems; "" for a file beside them
  std::vector<std::string_view> files;  // one of them tells that the source has it
  BuildDescription (*read)(SourceTree& tree, const Knowledge& knowledge);
};

// The first one that has a file is used. The order of the build systems is that in which mkxaas chooses one.
const std::vector<BuildReader>& readers() {
  static const std::vector<BuildReader> kReaders = {
      {"", {"bundle.yml"}, read_bundle},
      {"cmake", {"CMakeLists.txt"}, read_cmake},
      {"meson", {"meson.build"}, read_meson},
      {"configure", {"configure.ac", "configure.in", "configure"}, read_configure},
      {"make", {"GNUmakefile", "makefile", "Makefile"}, read_make},
  };
  return kReaders;
}

Result<const BuildReader*> choose_reader(const SourceTree& tree, const std::optional<std::string>& asked) {
  for (const BuildReader& reader : readers()) {
    const bool is_there =
        std::ranges::any_of(reader.files, [&](std::string_view file) { return tree.has_file(std::string(file)); });
    if (is_there && (!asked || *asked == reader.build_system)) return &reader;
  }
  if (asked) return fail(Code::not_found, "{} has no file for the build system {}", tree.root().string(), *asked);
  return fail(Code::not_found,
              "{} has no CMakeLists.txt, meson.build, configure.ac, configure or Makefile; name the directory that has",
              tree.root().string());
}

// Places in a directory of a source become places of the source. So do those in notes, which begin with a file.
void move_below(const std::string& directory, BuildDescription& build) {
  const auto move = [&](BuildPlace& place) { place.file = directory + "/" + place.file; };
  build.directory = directory;
  for (BuildPoint& point : build.points) std::ranges::for_each(point.places, move);
  for (UsedPackage& package : build.packages) move(package.place);
  for (UsedFlag& flag : build.flags) move(flag.place);
  for (std::string& note : build.notes) note.insert(0, directory + "/");
}

void append_notes(const SourceTree& tree, BuildDescription& build) {
  build.notes.insert(build.notes.end(), tree.notes().begin(), tree.notes().end());
}

// Reads the build files of a directory in which a source often has them, if it has none at its top. CMake's may use
// files beside them.
std::optional<BuildDescription> read_below(SourceTree& tree, const std::optional<std::string>& asked) {
  for (const std::string directory : {"cmake", "build/cmake", "src", "source"}) {
    const bool is_there = tree.has_file(directory + "/CMakeLists.txt");
    if (is_there && asked.value_or("cmake") == "cmake") return read_cmake_in(tree, directory);
  }
  for (const std::string directory : {"src", "source", "main"}) {
    if (!tree.has_directory(directory)) continue;
    auto below = SourceTree::open(tree.root() / directory);
    const auto reader = below ? choose_reader(*below, asked) : tl::unexpected(below.error());
    if (!reader) continue;
    BuildDescription build = (*reader)->read(*below, built_in_knowledge());
    append_notes(*below, build);
    move_below(directory, build);
    return build;
  }
  return std::nullopt;
}

Result<BuildDescription> read_source(SourceTree& tree, const std::optional<std::string>& asked) {
  const auto reader = choose_reader(tree, asked);
  if (reader) return (*reader)->read(tree, built_in_knowledge());
  if (auto build = read_below(tree, asked)) return std::move(*build);
  return tl::unexpected(reader.error());
}

// Makes the commands those for a directory of the source. CMake and Meson take its name, and all others run there.
void move_commands(const std::string& directory, BuildPlan& plan) {
  constexpr std::string_view kTop = "\"$SRC\"";
  const std::string below = "\"$SRC/" + directory + "\"";
  if (const std::size_t top = plan.configure.find(kTop); top != std::string::npos) {
    plan.configure.replace(top, kTop.size(), below);
    return;
  }
  for (std::string* command : {&plan.configure, &plan.build, &plan.install}) {
    if (!command->empty()) command->insert(0, "cd " + below + " && ");
  }
}

// Writes the recipe file. A build that is driven by another program than mkxaas knows is written for what mkxaas runs.
Status write_recipe(const DiscoverOptions& options, const Discovery& discovery) {
  std::error_code ignored;
  if (!options.replaces_recipe && std::filesystem::exists(*options.recipe, ignored)) {
    return fail(Code::invalid, "{} is there already; give another name, or --force to replace it",
                options.recipe->string());
  }
  const bool is_known = is_in(kBuildSystems, discovery.build.build_system);
  if (!is_known) {
    DiscoverOptions own = options;
    own.build_system = "cmake";
    XAAS_ASSIGN(const Discovery of_cmake, discover(own));
    return write_recipe(own, of_cmake);
  }
  BuildRecipe asked;
  asked.build_system = discovery.build.build_system;
  XAAS_ASSIGN(BuildPlan plan, make_build_plan(options.source / discovery.build.directory, {}, asked));
  if (!discovery.build.directory.empty()) move_commands(discovery.build.directory, plan);
  return write_file(*options.recipe, recipe_of(discovery, plan, built_in_knowledge()));
}

}  // namespace

Result<Discovery> discover(const DiscoverOptions& options) {
  XAAS_ASSIGN(SourceTree tree, SourceTree::open(options.source));
  XAAS_ASSIGN(BuildDescription build, read_source(tree, options.build_system));
  if (build.project.empty()) build.project = read_project_name(options.source).name;
  append_notes(tree, build);
  return classify(std::move(build), built_in_knowledge());
}

Result<std::string> run_discover(const DiscoverOptions& options) {
  XAAS_ASSIGN(const Discovery discovery, discover(options));
  if (options.recipe) XAAS_TRY(write_recipe(options, discovery));
  switch (options.form) {
    case DiscoveryForm::text:
      return describe_discovery(discovery);
    case DiscoveryForm::json:
      return dump_json(discovery_json(discovery), 2) + "\n";
    case DiscoveryForm::xaas_schema:
      return dump_json(discovery_in_xaas_schema(discovery, built_in_knowledge()), 2) + "\n";
  }
  return std::string();
}

}  // namespace xaas
