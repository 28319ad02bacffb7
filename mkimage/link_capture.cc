// Linking with lld and reading its own record of the link; see link_capture.h.
#include "mkimage/link_capture.h"

#include <algorithm>
#include <filesystem>

#include "mkimage/elf_file.h"
#include "mkimage/link_reader.h"
#include "mkimage/mapped_file.h"
#include "mkimage/process.h"

namespace xaas {
namespace {

std::filesystem::path output_of(const Compilation& compilation) { return compilation.command.output.value_or("a.out"); }

bool has_sources(const CompilerCommand& command) {
  return std::ranges::any_of(command.inputs, [](const CompilerInput& input) {
    return input.kind == InputKind::source || input.kind == InputKind::assembly;
  });
}

// Objects are real, so the link is: what the project says of LTO must not make it anything else.
std::vector<std::string> linking_arguments(const CaptureEnvironment& environment, const Compilation& compilation) {
  const std::vector<std::string> ours = {"-fuse-ld=lld", "-Wl,--no-fat-lto-objects", "-Wl,--build-id=sha1"};
  std::vector<std::string> arguments;
  if (has_sources(compilation.command)) {
    arguments = capturing_arguments(environment, compilation, ours);
  } else {
    arguments = compilation.arguments;
    const auto end = arguments.insert(std::ranges::find(arguments, "--"), "-fno-lto");
    arguments.insert(end + 1, ours.begin(), ours.end());
  }
  arguments.insert(arguments.begin(), compilation.compiler);
  return arguments;
}

// Sources in this command become temporary objects "<stem>-<hex digits>.o", in the order of the sources.
void capture_temporaries(const CaptureEnvironment& environment, const Compilation& compilation,
                         const std::vector<std::string>& headers, LinkFiles& link) {
  std::string_view rest = link.response;
  std::vector<std::string> objects;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto argument = parse_response_line(line);
    if (argument && argument->name.empty()) objects.push_back(*argument->value);
  }
  const std::string temporary = std::filesystem::temp_directory_path().relative_path().lexically_normal().string();
  auto object = objects.begin();
  for (const CompilerInput& input : compilation.command.inputs) {
    if (input.kind != InputKind::source && input.kind != InputKind::assembly) continue;
    const std::string start = fmt::format("{}/{}-", temporary, std::filesystem::path(input.path).stem().string());
    const auto matches = [&](const std::string& name) { return name.starts_with(start) && name.ends_with(".o"); };
    const auto found = std::find_if(object, objects.end(), matches);
    const auto content = found == objects.end() ? link.files.end() : link.files.find(*found);
    if (content == link.files.end()) continue;
    object = found + 1;
    link.temporaries.emplace(content->first, input.path);
    Compilation unit = compilation;
    if (input.kind == InputKind::assembly) unit.command.reason = "assembly";
    record_unit(environment, unit, input.path, content->second, headers);
  }
}

Result<std::string> build_id_of(const std::filesystem::path& output) {
  XAAS_ASSIGN(const MappedFile result, MappedFile::open(output));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(result.bytes()));
  const auto build_id = elf.build_id();
  if (!build_id) return fail(Code::unsupported, "it has no build-id");
  return *build_id;
}

Status record_link(const CaptureEnvironment& environment, const Compilation& compilation,
                   const std::filesystem::path& tar_path, const std::vector<std::string>& headers) {
  const std::filesystem::path output = output_of(compilation);
  XAAS_ASSIGN(const std::string build_id, build_id_of(output));
  XAAS_ASSIGN(const MappedFile tar_file, MappedFile::open(tar_path));
  XAAS_ASSIGN(const TarFiles tar, parse_tar(tar_file.bytes()));
  XAAS_ASSIGN(LinkFiles link, link_files(tar, tar_path.stem().string()));
  capture_temporaries(environment, compilation, headers, link);
  XAAS_ASSIGN(LinkRecord record, read_link(link, environment));
  record.build_id = build_id;
  record.output = output.filename().string();
  return environment.store().add_link(record);
}

// Links as the project asked, and leaves only the reason why nothing more is known.
int link_natively(const CaptureEnvironment& environment, const Compilation& compilation, const std::string& reason) {
  std::vector<std::string> arguments = compilation.arguments;
  arguments.insert(arguments.begin(), compilation.compiler);
  const auto status = run_program(std::move(arguments));
  if (!status || !status->ok()) return status ? status->shell_code() : 1;
  const std::filesystem::path output = output_of(compilation);
  if (const auto build_id = build_id_of(output)) {
    static_cast<void>(environment.store().add_link({*build_id, output.filename().string(), reason, {}}));
  }
  return 0;
}

}  // namespace

int link_and_capture(const CaptureEnvironment& environment, const Compilation& compilation) {
  if (compilation.command.mode == CommandMode::native_link) {
    return link_natively(environment, compilation, compilation.command.reason);
  }
  const CaptureStore store = environment.store();
  const std::filesystem::path tar = store.temporary_path(".tar");
  const HeaderList headers(store);
  auto variables = headers.variables();
  variables.emplace_back("LLD_REPRODUCE", tar.string());
  const TentativeRun run(linking_arguments(environment, compilation), std::move(variables));
  int code = 0;
  if (run.ok()) {
    run.pass_on_output();
    if (const auto status = record_link(environment, compilation, tar, headers.read()); !status) {
      store.note(fmt::format("{}: link not recorded: {}", output_of(compilation).string(), status.error().message));
    }
  } else {
    code = link_natively(environment, compilation, fmt::format("lld does not link it ({})", run.first_message()));
  }
  std::error_code ignored;
  std::filesystem::remove(tar, ignored);
  return code;
}

}  // namespace xaas
