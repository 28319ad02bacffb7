// Linking with lld and reading its own record of the link; see link_capture.h.
#include "mkimage/link_capture.h"

#include <algorithm>
#include <filesystem>

#include "format/elf_file.h"
#include "format/mapped_file.h"
#include "mkimage/fortran_capture.h"
#include "mkimage/link_reader.h"
#include "mkimage/process.h"
#include "mkimage/split.h"

namespace xaas {
namespace {

std::filesystem::path output_of(const Compilation& compilation) { return compilation.command.output.value_or("a.out"); }

bool has_sources(const CompilerCommand& command) {
  return std::ranges::any_of(command.inputs, [](const CompilerInput& input) {
    return input.kind == InputKind::source || input.kind == InputKind::assembly;
  });
}

bool names_lld(const CompilerCommand& command) { return command.linker == "lld"; }

// GCC does not find lld by itself, which is beside clang.
std::vector<std::string> gfortran_arguments(const CaptureEnvironment& environment, const Compilation& compilation) {
  std::error_code ignored;
  const std::filesystem::path clang = std::filesystem::canonical(environment.c_compiler, ignored);
  std::vector<std::string> arguments = {"-B" + clang.parent_path().string()};
  arguments.insert(arguments.end(), compilation.arguments.begin(), compilation.arguments.end());
  return arguments;
}

// Objects are real, so the link is: what the project says of LTO must not make it anything else. Where it does not ask
// for lld, GNU ld's defaults come first, so that the project's own options win.
std::vector<std::string> linking_arguments(const CaptureEnvironment& environment, const Compilation& compilation) {
  const std::vector<std::string> ours = {"-fuse-ld=lld", "-Wl,--no-fat-lto-objects", "-Wl,--build-id=sha1"};
  std::vector<std::string> arguments;
  if (compilation.role == CompilerRole::fortran) {
    arguments = is_flang(compilation.compiler) ? fortran_arguments(environment, compilation)
                                               : gfortran_arguments(environment, compilation);
    arguments.insert(std::ranges::find(arguments, "--"), ours.begin(), ours.end());
  } else if (has_sources(compilation.command)) {
    arguments = capturing_arguments(environment, compilation, ours);
  } else {
    arguments = compilation.arguments;
    const auto end = arguments.insert(std::ranges::find(arguments, "--"), "-fno-lto");
    arguments.insert(end + 1, ours.begin(), ours.end());
  }
  if (!names_lld(compilation.command)) {
    arguments.insert(arguments.begin(), {"-Wl,-z,nostart-stop-gc", "-Wl,--undefined-version"});
  }
  arguments.insert(arguments.begin(), compilation.compiler);
  return arguments;
}

// Our choice of linker must not hide that the project's does not exist: configure scripts ask so.
bool has_its_linker(const Compilation& compilation) {
  if (!compilation.command.linker || names_lld(compilation.command)) return true;
  std::vector<std::string> arguments = {compilation.compiler, "-###"};
  arguments.insert(arguments.end(), compilation.arguments.begin(), compilation.arguments.end());
  return TentativeRun(std::move(arguments), {}).ok();
}

// Sources in this command become temporary objects "<stem>-<hex digits>.o", in the order of the sources.
void capture_temporaries(const CaptureEnvironment& environment, const Compilation& compilation,
                         const std::vector<std::string>& headers, LinkFiles& link) {
  std::vector<std::string> objects;
  for (const std::string_view line : split(link.response, '\n')) {
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
    if (compilation.role == CompilerRole::fortran && input.kind == InputKind::source) {
      record_fortran_unit(environment, unit, input.path, output_of(compilation).string(), content->second);
      continue;
    }
    if (input.kind == InputKind::assembly) unit.command.reason = "assembly";
    record_unit(
        environment, unit,
        {input.path, output_of(compilation).string(), content->second, embedded_bitcode(content->second), headers});
  }
}

// What the installed file will be found by, and compared with.
Result<LinkRecord> describe(const std::filesystem::path& output) {
  XAAS_ASSIGN(const MappedFile result, MappedFile::open(output));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(result.bytes()));
  const auto build_id = elf.build_id();
  if (!build_id) return fail(Code::unsupported, "it has no build-id");
  XAAS_ASSIGN(ElfDynamic dynamic, elf.dynamic());
  LinkRecord record;
  record.build_id = *build_id;
  record.output = output.filename().string();
  record.content = elf.content_digest();
  record.needed = std::move(dynamic.needed);
  return record;
}

Status record_link(const CaptureEnvironment& environment, const Compilation& compilation,
                   const std::filesystem::path& tar_path, const std::vector<std::string>& headers) {
  XAAS_ASSIGN(LinkRecord record, describe(output_of(compilation)));
  XAAS_ASSIGN(const MappedFile tar_file, MappedFile::open(tar_path));
  XAAS_ASSIGN(const TarFiles tar, parse_tar(tar_file.bytes()));
  XAAS_ASSIGN(LinkFiles link, link_files(tar, tar_path.stem().string()));
  capture_temporaries(environment, compilation, headers, link);
  XAAS_ASSIGN(LinkRecord read, read_link(link, environment));
  record.reason = std::move(read.reason);
  record.arguments = std::move(read.arguments);
  return environment.store().add_link(record);
}

// Links as the project asked, and leaves only the reason why nothing more is known.
int link_natively(const CaptureEnvironment& environment, const Compilation& compilation, const std::string& reason) {
  const PlainRun run = run_as_asked(compilation, {});
  if (run.code != 0) {
    if (is_flang(compilation.compiler)) environment.store().set_fortran_refusal(reason);
    return run.code;
  }
  if (auto record = describe(output_of(compilation))) {
    record->reason = run.refusal ? does_not_compile(*run.refusal) : reason;
    static_cast<void>(environment.store().add_link(*record));
  }
  return 0;
}

}  // namespace

int link_and_capture(const CaptureEnvironment& environment, const Compilation& compilation) {
  if (compilation.command.mode == CommandMode::native_link) {
    return link_natively(environment, compilation, compilation.command.reason);
  }
  // What GCC calls the objects in between is different each time.
  if (compilation.role == CompilerRole::fortran && !is_flang(compilation.compiler) &&
      has_sources(compilation.command)) {
    return link_natively(environment, compilation, kNotLowered);
  }
  if (!has_its_linker(compilation)) return link_natively(environment, compilation, "its linker is not on this machine");
  const CaptureStore store = environment.store();
  const std::filesystem::path tar = store.temporary_path(".tar");
  const HeaderList headers(store);
  auto variables = headers.variables();
  variables.emplace_back("LLD_REPRODUCE", tar.string());
  const TentativeRun run(linking_arguments(environment, compilation), std::move(variables));
  int code = 0;
  if (run.ok()) {
    run.pass_on_output();
    const bool is_file = std::filesystem::is_regular_file(output_of(compilation));  // and not /dev/null
    const auto status = is_file ? record_link(environment, compilation, tar, headers.read()) : Status();
    if (!status) {
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
