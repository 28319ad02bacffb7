// `xaas-info`: what is in an image.
#include <CLI/CLI.hpp>

#include "format/base/tool_main.h"
#include "format/info_commands.h"
#include "format/version.h"

namespace {

constexpr const char* kFooter = R"(A file named like a command is written ./list.
Status: 0 done, 1 failed, 2 wrong usage.)";

// The commands share one set of options, because a command line has only one command.
void add_image(CLI::App& command, xaas::InfoOptions& options) {
  command.add_option("--offset", options.offset, "Where the image begins in the file, in bytes")->type_name("N");
  command.add_option("IMAGE", options.image, "The image")->required()->type_name("");
}

xaas::Result<int> run(int argc, char** argv) {
  xaas::InfoOptions options;
  CLI::App app("Shows what is in an XaaS image; without a command, a summary.", "xaas-info");
  app.set_version_flag("--version", std::string("xaas-info ") + xaas::kVersion);
  app.footer(kFooter);
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return fmt::format("xaas-info: {}; see xaas-info --help\n", error.what());
  });
  app.require_subcommand(0, 1);
  app.add_flag("--json", options.json, "Print the summary as JSON");
  app.add_option("--offset", options.offset, "Where the image begins in the file, in bytes")->type_name("N");
  app.add_option("IMAGE", options.image, "The image")->type_name("");

  CLI::App* list = app.add_subcommand("list", "List the program's files, or everything below PATH");
  list->add_flag("-a,--all", options.all, "Also what is under /.xaas");
  add_image(*list, options);
  list->add_option("PATH", options.path, "A directory or file in the image")->type_name("");

  CLI::App* extract = app.add_subcommand("extract", "Unpack the image into a directory");
  add_image(*extract, options);
  extract->add_option("DIR", options.directory, "An empty directory, or one to be made")->required()->type_name("");

  CLI::App* executable = app.add_subcommand("make-executable", "Make a file that runs the image's main program");
  add_image(*executable, options);
  executable->add_option("FILE", options.output, "The file to make; it may be IMAGE")->required()->type_name("");

  CLI::App* verify = app.add_subcommand("verify", "Check every digest in the image");
  add_image(*verify, options);

  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty() && options.image.empty()) throw CLI::RequiredError("IMAGE");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? xaas::kDone : xaas::kUsage;
  }

  const auto command = list->parsed()         ? xaas::info_list
                       : extract->parsed()    ? xaas::info_extract
                       : executable->parsed() ? xaas::info_make_executable
                       : verify->parsed()     ? xaas::info_verify
                                              : xaas::info_summary;
  XAAS_TRY(command(options));
  return xaas::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  return xaas::tool_main("xaas-info", [&] { return run(argc, argv); });
}
