// mkxaas builds a source tree and makes an image of what it installs.
#include <sched.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>

#include "format/base/interrupts.h"
#include "format/base/tool_main.h"
#include "format/squashfs/writer.h"
#include "format/version.h"
#include "mkimage/contents/capture_report.h"
#include "mkimage/discover/discover.h"
#include "mkimage/install_namespace.h"
#include "mkimage/make_image.h"
#include "mkimage/merge_images.h"

namespace {

constexpr const char* kDescription =
    "Builds SOURCE with its own build system and makes IMAGE: what the build installs, plus what is needed to compile "
    "it\n"
    "again for the host that runs it. CMake, Meson, configure and Make are recognised; anything else is built by the "
    "commands you give.";
constexpr const char* kFooter =
    "Commands are run by sh in a copy of SOURCE, with $SRC, $BUILD, $DESTDIR, $PREFIX, $JOBS and $CONFIGURATION set; "
    "the\n"
    "environment has only $CC, $CXX, $FC and, when installing, $DESTDIR. They must install below $DESTDIR$PREFIX.\n"
    "Words behind -- go to the build system: options of CMake, Meson or configure, variables of Make; a command that "
    "you\n"
    "give finds them in \"$@\".\n"
    "SOURCE/xaas.toml may give name, version, prefix, build_system, configure, build and install, and the "
    "configurations\n"
    "to build; options win over it. See mkxaas(1).\n"
    "Examples: mkxaas --build 'make -j$JOBS' --install 'make install PREFIX=$PREFIX' zstd-1.5.4 zstd.xaas\n"
    "          mkxaas gromacs-2022.5 gromacs.xaas -- -DGMX_MPI=ON";

unsigned available_cpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

struct CommandLine {
  xaas::MakeImageOptions image;
  xaas::DiscoverOptions discovery;
  bool discovers = false;
  bool merges = false;
  std::vector<std::string> images;  // what stands behind the second word of a command line that merges
  std::vector<std::string> restrictions;
  bool prints_configurations = false;
  bool quiet = false;
  bool verbose = false;
};

CLI::Option* add_levels(CLI::App& app, const std::string& name, std::optional<xaas::LevelPlan>& into,
                        const std::string& description) {
  const auto read = [name, &into](const std::string& names) {
    const auto levels = xaas::parse_levels(names);
    if (!levels) throw CLI::ValidationError(name, levels.error().message);
    into = *levels;
  };
  return app.add_option_function<std::string>(name, read, description);
}

// Checks a command line that merges. Most options are about a build.
void check_merge(const CLI::App& app, const CommandLine& line) {
  constexpr auto kAllowed =
      std::to_array<const char*>({"--merge", "--jobs", "--compression", "--executable", "--quiet", "--verbose"});
  for (const CLI::Option* option : app.get_options()) {
    const bool is_allowed = option->count() == 0 || option->get_positional() ||
                            std::ranges::any_of(kAllowed, [&](const char* name) { return option->check_name(name); });
    if (!is_allowed) throw CLI::ExcludesError("--merge", option->get_name());
  }
  if (line.images.empty()) throw CLI::RequiredError("--merge: two images or more, and the image to make,");
  if (!line.image.arguments.empty()) throw CLI::ValidationError("--merge builds nothing that takes words behind --");
}

void define(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", std::string("mkxaas ") + xaas::kVersion);
  app.add_option("-f,--file", line.image.recipe_file, "Read this instead of SOURCE/xaas.toml")->type_name("FILE");
  app.add_option("-D,--define", line.restrictions,
                 "Build only configurations with this value V of the point P, or one of V,V,...")
      ->type_name("P=V")
      ->allow_extra_args(false);
  app.add_flag("--print-configurations", line.prints_configurations,
               "Show the commands and the configurations of the build, and build nothing");
  app.add_option("-j,--jobs", line.image.jobs, "Do this many things at once; default: the CPUs there are")
      ->type_name("N")
      ->check(CLI::Range(1U, 4096U).description(""));
  app.add_option("--prefix", line.image.overrides.prefix,
                 "Where the programs will be; default: wherever the image is mounted")
      ->type_name("DIR");
  app.add_option("--build-system", line.image.overrides.build_system, "Use this one of those that SOURCE has files for")
      ->type_name("cmake|configure|make|meson")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(xaas::kBuildSystems), std::end(xaas::kBuildSystems)))
                  .description(""));
  app.add_option("--configure", line.image.overrides.configure, "Command that configures the build")->type_name("CMD");
  app.add_option("--build", line.image.overrides.build, "Command that builds")->type_name("CMD");
  app.add_option("--install", line.image.overrides.install, "Command that installs")->type_name("CMD");
  app.add_option("--main", line.image.overrides.main, "The program that the image runs when it runs itself")
      ->type_name("PATH");
  app.add_flag("--executable", line.image.executable, "Make an image that runs its main program when it is executed");
  app.add_option_function<std::string>(
         "--toolchain",
         [&](const std::string& choice) {
           line.image.toolchain = choice == "none" ? xaas::ToolchainChoice::none : xaas::ToolchainChoice::full;
         },
         "full (default): the compiler for other hosts goes into the image; none: it does not")
      ->type_name("full|none")
      ->check(CLI::IsMember({"full", "none"}).description(""));
  app.add_option("--compression", line.image.compression,
                 "Level of zstd for the image, 1 to 22; default: 9, and 19 with --merge")
      ->type_name("LEVEL")
      ->check(CLI::Range(xaas::kLeastCompression, xaas::kMostCompression).description(""));
  add_levels(app, "--levels", line.image.overrides.levels,
             "CPU levels for which code that asks for the CPU is compiled as well: auto (default), none, or names such "
             "as x86-64-v3,x86-64-v4")
      ->type_name("LEVEL,...");
  add_levels(
      app, "--ready", line.image.overrides.ready,
      "CPUs for which programs are lowered now, so that a mount can start them at once: auto (default), none, or "
      "names as for --levels")
      ->type_name("CPU,...");
  app.add_flag_callback(
      "--with-source", [&line] { line.image.overrides.with_source = true; },
      "Put the whole source into the image, so that hosts can build it");
  app.add_option("--work", line.image.work, "Build in this directory; default: IMAGE.build")->type_name("DIR");
  app.add_flag("--keep-build", line.image.keep_build,
               "Leave the work directory, so that the next run compiles only what changed");
  app.add_option("--report", line.image.report, "Write what was captured, and what was not and why, as JSON")
      ->type_name("FILE");
  app.add_flag("-q,--quiet", line.quiet, "Say nothing but errors");
  app.add_flag("-v,--verbose", line.verbose, "Show the output of all commands");
  app.add_option("SOURCE", line.image.source, "Directory of the source; may be left out where FILE names it")
      ->type_name("");
  app.add_option("IMAGE", line.image.image, "The image to make")->type_name("");
  app.add_option("IMAGES", line.images, "More images to merge, and the image to make")->type_name("")->group("");
  app.add_flag("--merge", line.merges,
               "Make the last IMAGE of those before it, of one program for several architectures: --merge A B IMAGE");
  app.final_callback([&] {
    if (line.discovers) return;
    if (line.quiet && line.verbose) throw CLI::ValidationError("--quiet and --verbose contradict each other");
    if (line.merges) return check_merge(app, line);
    if (!line.images.empty()) throw CLI::ExtrasError(line.images);
    xaas::MakeImageOptions& image = line.image;
    if (!line.prints_configurations && image.image.empty() && image.recipe_file) image.image.swap(image.source);
    if (!line.prints_configurations && image.image.empty()) throw CLI::RequiredError("IMAGE");
    if (image.source.empty() && !image.recipe_file) throw CLI::RequiredError("SOURCE");
  });
}

constexpr const char* kDiscoverFooter =
    "Reads the project's build files and runs nothing. --write makes a recipe file:\n"
    "  mkxaas discover --write demo.toml demo-1.0\n"
    "  mkxaas --print-configurations -f demo.toml demo-1.0\n"
    "A file named like a command is written ./discover.";

void define_discover(CLI::App& app, CommandLine& line) {
  xaas::DiscoverOptions& options = line.discovery;
  CLI::App* command = app.add_subcommand("discover", "Find what a project can be built with, without building it");
  command->footer(kDiscoverFooter);
  const CLI::Option* json = command->add_flag_callback(
      "--json", [&] { options.form = xaas::DiscoveryForm::json; }, "Print everything that is found, as JSON");
  const CLI::Option* schema =
      command
          ->add_option_function<std::string>(
              "--schema", [&](const std::string&) { options.form = xaas::DiscoveryForm::xaas_schema; },
              "Print JSON in this schema, which is that of spcl/xaas-containers")
          ->type_name("{xaas}")
          ->check(CLI::IsMember({"xaas"}).description(""));
  command->add_option("--write", options.recipe, "Also write a recipe file, which must not exist yet")
      ->type_name("FILE");
  command->add_flag("--force", options.replaces_recipe, "Replace the file that --write names");
  command->add_option("--build-system", options.build_system, "Read the files of this one")
      ->type_name("cmake|configure|make|meson")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(xaas::kBuildSystems), std::end(xaas::kBuildSystems)))
                  .description(""));
  command->add_option("SOURCE", options.source, "Directory of the source")->required()->type_name("");
  command->parse_complete_callback([&options, &line, json, schema] {
    line.discovers = true;
    if (*json && *schema) throw CLI::ValidationError("--json and --schema contradict each other");
    if (options.replaces_recipe && !options.recipe) throw CLI::ValidationError("--force needs --write");
  });
}

xaas::Status make(const xaas::MakeImageOptions& options, const CommandLine& line, xaas::Progress& progress) {
  if (!line.prints_configurations) return xaas::make_image(options, progress);
  XAAS_ASSIGN(const std::string plan, xaas::describe_configurations(options));
  return xaas::print(plan);
}

xaas::MergeOptions merge_options(const CommandLine& line) {
  xaas::MergeOptions options{.images = {line.image.source, line.image.image},
                             .output = line.images.back(),
                             .jobs = line.image.jobs,
                             .compression = line.image.compression,
                             .executable = line.image.executable};
  options.images.insert(options.images.end(), line.images.begin(), line.images.end() - 1);
  return options;
}

xaas::Result<int> build(CommandLine& line) {
  using xaas::Verbosity;
  xaas::Progress progress("mkxaas", line.quiet     ? Verbosity::quiet
                                    : line.verbose ? Verbosity::verbose
                                                   : Verbosity::normal);
  XAAS_TRY(xaas::watch_interrupts("mkxaas"));
  if (line.merges) {
    XAAS_TRY(xaas::merge_images(merge_options(line), progress));
    return xaas::kDone;
  }
  if (line.image.report) XAAS_TRY(xaas::check_report(*line.image.report));
  XAAS_ASSIGN(line.image.restrictions, xaas::parse_restrictions(line.restrictions));
  if (const auto usage = xaas::check_arguments(line.image); !usage) {
    xaas::report("mkxaas", usage.error());
    return xaas::kUsage;
  }
  XAAS_TRY(make(line.image, line, progress));
  return xaas::kDone;
}

// Stores the words behind `--` in `arguments`. Returns the number of words in front of it.
int split_off_arguments(int argc, char** argv, std::vector<std::string>& arguments) {
  char** const end = argv + argc;
  char** const dashes = std::find(argv, end, std::string_view("--"));
  if (dashes != end) arguments.assign(dashes + 1, end);
  return static_cast<int>(dashes - argv);
}

xaas::Result<int> run(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == xaas::kWithPrefix) {
    return tl::unexpected(xaas::exec_with_prefix({argv + 2, argv + argc}));
  }
  CLI::App app(kDescription, "mkxaas");
  app.footer(kFooter);
  CommandLine line;
  line.image.jobs = available_cpus();
  try {
    define(app, line);
    define_discover(app, line);
    app.parse(split_off_arguments(argc, argv, line.image.arguments), argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? xaas::kDone : xaas::kUsage;
  }
  if (line.discovers) {
    XAAS_ASSIGN(const std::string text, xaas::run_discover(line.discovery));
    XAAS_TRY(xaas::print(text));
    return xaas::kDone;
  }
  try {
    return build(line).map_error([](xaas::Error error) {
      xaas::yield_to_interrupt();
      return error;
    });
  } catch (const std::exception&) {
    xaas::yield_to_interrupt();
    throw;
  }
}

}  // namespace

int main(int argc, char** argv) {
  return xaas::tool_main("mkxaas", [&] { return run(argc, argv); });
}
