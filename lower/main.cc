// `xaas-lower` lowers an image's files ahead of time, explains what fits this host, and looks after the cache. With
// --worker it is the worker, which lowers one file; see spec/lowering.md, section "Worker".
#include <CLI/CLI.hpp>
#include <string_view>

#include "format/base/text.h"
#include "format/base/tool_main.h"
#include "format/version.h"
#include "lower/engine/engine.h"
#include "lower/lower_commands.h"
#include "lower/source_build/confined_build.h"

namespace {

constexpr const char* kFooter = R"(A file named like a command is written ./explain.
Status: 0 done, 1 failed, 2 wrong usage.)";

// What to lower for.
void add_target(CLI::App& command, xaas::LowerCommandOptions& options) {
  command.add_option("--cpu", options.cpu, "The CPU to lower for, by LLVM's name; default: this host's")
      ->type_name("C");
  command.add_option("--features", options.features, "Features to add or remove: --features=-avx512f,+fma")
      ->type_name("F");
  command
      .add_option("--gpu", options.gpu,
                  "The GPUs to make code for: sm_90, several with commas, or none; default: this host's")
      ->type_name("G");
  command.add_option("--config", options.configuration, "The configuration; default: the best that fits")
      ->type_name("N");
  command.add_option("--offset", options.offset, "Where the image begins in the file, in bytes")->type_name("N");
}

// Another host to decide for.
void add_host(CLI::App& command, xaas::LowerCommandOptions& options) {
  command
      .add_option("--host-description", options.host_description,
                  "Decide for the host that FILE describes, instead of this one")
      ->type_name("FILE");
}

void add_size(CLI::App& command, const std::string& name, std::uint64_t& bytes, const std::string& description) {
  const auto parse = [name, &bytes](const std::string& text) {
    const auto parsed = xaas::parse_bytes(text);
    if (!parsed) throw CLI::ValidationError(name, "'" + text + "' is no size, such as 4G");
    bytes = *parsed;
  };
  command.add_option_function<std::string>(name, parse, description)->type_name("SIZE");
}

void add_limits(CLI::App& command, xaas::CacheLimits& limits) {
  add_size(command, "--max-size", limits.bytes,
           "prune: what may stay, such as 20G, which is the default, as is $XAAS_CACHE_SIZE");
  command
      .add_option_function<unsigned>(
          "--max-age", [&limits](unsigned days) { limits.age = std::chrono::hours(24) * days; },
          "prune: days since the last use; default: 90")
      ->type_name("DAYS");
  command
      .add_option_function<unsigned>(
          "--min-free", [&limits](unsigned percent) { limits.free_share = percent / 100.0; },
          "prune: percent of the disk that stay free; default: 5")
      ->check(CLI::Range(0, 100))
      ->type_name("PERCENT");
}

// How to lower.
void add_work(CLI::App& command, xaas::LowerCommandOptions& options) {
  command.add_option("-j,--jobs", options.jobs, "Threads; default: as many as this process may use")->type_name("N");
  add_size(command, "--memory", options.memory,
           "Memory of all threads, such as 4G; default: half of what is available");
  command
      .add_option("--policy", options.policy,
                  "default, fast: no optimisation across modules, or max: more of it, and wide vectors; else what the "
                  "image says")
      ->type_name("P");
  command.add_option("--cache", options.cache, "The cache's directory")->type_name("DIR");
}

// Which libraries the programs are going to use.
void add_slots(CLI::App& command, xaas::LowerCommandOptions& options) {
  command
      .add_option("--slot", options.slots,
                  "What stands in a slot: blas=PATH, of a library or its directory, or blas=bundled; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=WHAT");
}

// The commands that write the whole tree.
void add_native(CLI::App& command, xaas::LowerCommandOptions& options) {
  add_target(command, options);
  add_work(command, options);
  add_slots(command, options);
  command.add_flag("--strict", options.strict, "An error instead of the baseline where a file cannot be lowered");
  command.add_option("IMAGE", options.image, "The image")->required()->type_name("");
}

// Whether this is a call by mkxaas or by the parent of a worker. Such calls are not part of the command line for
// people.
bool is_hidden_call(int argc, char** argv, std::string_view name) { return argc == 2 && argv[1] == name; }

// What builds a configuration from the image's source.
CLI::App* add_build(CLI::App& app, xaas::LowerCommandOptions& options) {
  CLI::App* build = app.add_subcommand("build", "Build a configuration from the image's source, with what is here");
  build->add_option("-D,--define", options.points, "Build a configuration with the value V of the point P")
      ->type_name("P=V")
      ->allow_extra_args(false);
  build->add_flag("--dry-run", options.dry_run, "Say what would be built, with what, and build nothing");
  build->add_option("--mpi", options.mpi, "Use the MPI that is installed in DIR; default: that of PATH")
      ->type_name("DIR");
  build->add_option("-j,--jobs", options.jobs, "Do this many things at once; default: as many as this process may use")
      ->type_name("N");
  add_size(
      *build, "--memory", options.memory,
      "Memory of the build, such as 4G, by which it does fewer things at once; default: half of what is available");
  build->add_option("--cache", options.cache, "The cache's directory")->type_name("DIR");
  build->add_option("--offset", options.offset, "Where the image begins in the file, in bytes")->type_name("N");
  build->add_flag("-v,--verbose", options.verbose, "Show the output of the build");
  build->add_option("IMAGE", options.image, "The image")->required()->type_name("");
  return build;
}

xaas::Result<int> run(int argc, char** argv) {
  if (is_hidden_call(argc, argv, "--engine-version")) {
    XAAS_TRY(xaas::print(xaas::engine_description(xaas::engine_llvm_version(), xaas::engine_targets()) + "\n"));
    return xaas::kDone;
  }

  xaas::LowerCommandOptions options;
  CLI::App app("Lowers the files of an XaaS image for this host, or for another CPU, into the cache.", "xaas-lower");
  app.set_version_flag("--version", std::string("xaas-lower ") + xaas::kVersion);
  app.footer(kFooter);
  app.require_subcommand(0, 1);
  add_target(app, options);
  app.add_flag("--json", options.json, "Print JSON");
  add_work(app, options);
  add_host(app, options);
  app.add_option("--host-root", options.host_root,
                 "Where copies of that host's libraries are, at their own paths below DIR; default: /")
      ->type_name("DIR");
  app.add_option("-o,--output", options.output, "Also write the one lowered file to FILE")->type_name("FILE");
  app.add_option("--reproduce", options.reproduce, "Save in DIR what lowering the one file takes, to run it by hand")
      ->type_name("DIR");
  app.add_option("IMAGE", options.image, "The image")->type_name("");
  app.add_option("PATH", options.paths, "Files in the image; default: all that can be lowered")->type_name("");

  CLI::App* explain = app.add_subcommand("explain", "Show this host and which configuration fits it, and why");
  add_target(*explain, options);
  add_host(*explain, options);
  add_slots(*explain, options);
  explain->add_flag("--json", options.json, "Print JSON");
  CLI::Option* explained = explain->add_option("IMAGE", options.image, "The image")->type_name("");
  CLI::Option* system = explain->add_flag("--system", options.system,
                                          "Show what projects can be built with on this host; takes no IMAGE");
  system->excludes(explained);

  CLI::App* check = app.add_subcommand("check", "Say whether the image's programs will run, and what is missing");
  add_target(*check, options);
  add_host(*check, options);
  add_slots(*check, options);
  check->add_flag("--json", options.json, "Print JSON");
  check->add_option("IMAGE", options.image, "The image")->required()->type_name("");

  CLI::App* describe = app.add_subcommand("describe-host", "Write what decisions need to know of this host");
  describe->add_option("-o,--output", options.output, "The file to write; default: standard output")->type_name("FILE");

  CLI::App* install = app.add_subcommand("install", "Write the lowered tree to a directory, as plain files");
  add_native(*install, options);
  install->add_option("DIR", options.directory, "The directory, which is made or updated")->required()->type_name("");

  CLI::App* native = app.add_subcommand("export", "Write the lowered tree to a plain SquashFS");
  add_native(*native, options);
  native->add_option("-o,--output", options.output, "The SquashFS to write")->required()->type_name("FILE");
  native->add_option("--prefix", options.prefix, "Where it is going to be mounted; default: the image's own prefix")
      ->type_name("DIR");

  const CLI::App* build = add_build(app, options);

  CLI::App* cache = app.add_subcommand("cache", "Look after the cache");
  cache->add_option("--cache", options.cache, "The cache's directory")->type_name("DIR");
  cache->add_flag("--json", options.json, "Print JSON");
  cache->add_option("ACTION", options.action, "stats, prune, verify or clear")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"stats", "prune", "verify", "clear"}));
  add_limits(*cache, options.limits);

  try {
    app.parse(argc, argv);
    const bool takes_image = app.get_subcommands().empty() || (explain->parsed() && !options.system);
    if (takes_image && options.image.empty()) throw CLI::RequiredError("IMAGE");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? xaas::kDone : xaas::kUsage;
  }

  if (check->parsed()) {
    XAAS_ASSIGN(const bool runs, xaas::lower_check(options));
    return runs ? xaas::kDone : xaas::kFailed;
  }
  XAAS_TRY((options.system       ? xaas::lower_explain_system
            : explain->parsed()  ? xaas::lower_explain
            : describe->parsed() ? xaas::lower_describe_host
            : install->parsed()  ? xaas::lower_install
            : native->parsed()   ? xaas::lower_export
            : build->parsed()    ? xaas::lower_build
            : cache->parsed()    ? xaas::lower_cache
                                 : xaas::lower_files)(options));
  return xaas::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  if (is_hidden_call(argc, argv, "--worker")) return xaas::worker_main();
  if (argc > 1 && std::string_view(argv[1]) == xaas::kConfined) {
    return xaas::tool_main("xaas-lower", [&] { return xaas::exec_confined({argv + 2, argv + argc}); });
  }
  return xaas::tool_main("xaas-lower", [&] { return run(argc, argv); });
}
