// Records links in the linker's place; see linker.h.
#include "mkimage/capture/linker.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/base/split.h"
#include "format/base/text.h"
#include "mkimage/capture/captured_unit.h"
#include "mkimage/capture/extracted_members.h"
#include "mkimage/capture/fortran_capture.h"
#include "mkimage/capture/link_capture.h"
#include "mkimage/capture/link_reader.h"
#include "mkimage/capture/linker_command.h"
#include "mkimage/capture/real_linker.h"
#include "mkimage/capture/variant_capture.h"
#include "mkimage/compiler/compiler_run.h"
#include "mkimage/compiler/response_file.h"
#include "mkimage/record/link_shape.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// Options of lld for GNU ld's defaults, on which the project may rely. They come first, so that the project's own
// options win.
constexpr std::array kDefaultsOfGnuLd = {"-znostart-stop-gc", "--undefined-version", "--fortran-common"};
// If segments share a page, the page has the rights of the last one. GNU ld puts code and constants into one segment if
// a layout script does not keep them on separate pages.
constexpr const char* kOneSegment = "--no-rosegment";

// The name of the object that defines a symbol for each version. An absolute path shows that it is not part of the
// project.
constexpr const char* kVersionObject = "/version-symbols.o";

std::string option(std::string_view name, const fs::path& file) { return fmt::format("--{}={}", name, file.string()); }

// A linker's command line. It goes through a response file if the compiler used one, because it may be too long
// otherwise.
class CommandLine {
 public:
  CommandLine(const CaptureStore& store, bool is_long) : response_(store, ".response"), is_long_(is_long) {}

  Result<std::vector<std::string>> of(const fs::path& linker, std::vector<std::string> arguments) const {
    if (is_long_) {
      XAAS_TRY(replace_file(response_.path(), to_response_file(arguments)));
      arguments = {"@" + response_.path().string()};
    }
    arguments.insert(arguments.begin(), linker.string());
    return arguments;
  }

 private:
  StoreFile response_;
  bool is_long_;
};

bool has_response_file(const std::vector<std::string>& arguments) {
  return std::ranges::any_of(arguments, [](const std::string& argument) { return argument.starts_with('@'); });
}

// Describes the linked file by what finds it when it is installed, and by what it is compared with.
Result<LinkRecord> describe(const fs::path& output) {
  XAAS_ASSIGN(const MappedFile result, MappedFile::open(output));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(result.bytes()));
  XAAS_ASSIGN(ElfDynamic dynamic, elf.dynamic());
  LinkRecord record;
  record.build_id = elf.build_id().value_or("");
  record.output = output.filename().string();
  record.content = elf.content_digest();
  record.needed = std::move(dynamic.needed);
  return record;
}

Result<LinkShape> shape_of(const fs::path& file) {
  XAAS_ASSIGN(const MappedFile mapped, MappedFile::open(file));
  return link_shape(mapped.bytes());
}

// Sources in the compiler's command have become temporary objects "<stem>-<hex digits>.o", in the order of the sources.
void record_temporaries(const CaptureEnvironment& environment, const LinkOrder& order, const fs::path& output,
                        LinkFiles& link) {
  std::vector<std::string> objects;
  for (const std::string_view line : split(link.response, '\n')) {
    const auto argument = parse_response_line(line);
    if (argument && argument->name.empty()) objects.push_back(*argument->value);
  }
  const std::vector<std::string> headers = read_header_list(order.headers);
  const std::string temporary = fs::temp_directory_path().relative_path().lexically_normal().string();
  auto object = objects.begin();
  for (const CompilerInput& input : order.compilation->command.inputs) {
    if (input.kind != InputKind::source && input.kind != InputKind::assembly) continue;
    const std::string start = fmt::format("{}/{}-", temporary, fs::path(input.path).stem().string());
    const auto matches = [&](const std::string& name) { return name.starts_with(start) && name.ends_with(".o"); };
    const auto found = std::find_if(object, objects.end(), matches);
    const auto content = found == objects.end() ? link.files.end() : link.files.find(*found);
    if (content == link.files.end()) continue;
    object = found + 1;
    link.temporaries.emplace(content->first, input.path);
    Compilation unit = *order.compilation;
    if (unit.role == CompilerRole::fortran && input.kind == InputKind::source) {
      record_fortran_unit(environment, unit, input.path, output.string(), content->second);
      continue;
    }
    if (input.kind == InputKind::assembly) unit.command.reason = "assembly";
    CompiledUnit compiled{input.path, output.string(), content->second, embedded_bitcode(content->second), headers};
    // What the sources asked is not known by source, since one command compiled them all.
    const CompiledVariants variants = compile_variants(environment, unit, input, std::nullopt);
    if (store_variants(environment.store(), variants.bitcode)) add_variants(variants, compiled);
    record_unit(environment, unit, compiled);
  }
}

// One link with lld, in addition to the project's own link.
class Replay {
 public:
  Replay(const CaptureStore& store, bool is_long)
      : command_(store, is_long), output_(store, ".replay"), record_(store, ".tar"), extracted_(store, ".extracted") {}

  // Links. Code::unsupported, with lld's message, if lld fails.
  Status run(const fs::path& lld, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-o", output_.path().string(), option("reproduce", record_.path()),
                                       option("why-extract", extracted_.path()), "--no-fat-lto-objects"});
    XAAS_ASSIGN(std::vector<std::string> words, command_.of(lld, std::move(arguments)));
    const TentativeRun run(std::move(words), {});
    if (run.ok()) return {};
    return fail(Code::unsupported, "lld does not link it ({})", run.first_message());
  }

  // lld's own record of the link.
  Result<MappedFile> open_record() const { return MappedFile::open(record_.path()); }
  std::string record_base() const { return record_.path().stem().string(); }
  Result<LinkShape> shape() const { return shape_of(output_.path()); }
  ExtractedMembers members() const {
    return members_in_why_extract(read_file(extracted_.path()).value_or(""), fs::current_path());
  }

 private:
  CommandLine command_;
  StoreFile output_;
  StoreFile record_;
  StoreFile extracted_;
};

// A link that the project's own linker has made.
struct NativeLink {
  LinkerCommand command;
  std::vector<std::string> arguments;  // without plugins, and with response files expanded
  bool is_long = false;                // whether there were response files
  LinkShape shape;
  std::optional<ExtractedMembers> members;  // members of archives that the link took; nullopt: not known
};

Result<std::vector<RecordedArgument>> arguments_of(LinkReading reading) {
  if (!reading.reason.empty()) return fail(Code::unsupported, "{}", reading.reason);
  return std::move(reading.arguments);
}

class Recorder {
 public:
  Recorder(const CaptureEnvironment& environment, const LinkOrder& order, const NativeLink& native)
      : environment_(environment), order_(order), native_(native) {}

  // The arguments of the link for a recipe. Code::unsupported, with the reason, if a recipe cannot express the link.
  Result<std::vector<RecordedArgument>> record() {
    auto recorded = attempt({});
    const bool may_help = !recorded && recorded.error().message.find(aspect::kOverlaps) != std::string::npos;
    if (may_help) recorded = attempt({kOneSegment});
    if (recorded) XAAS_TRY(add_version_symbols(*recorded));
    return recorded;
  }

 private:
  Result<std::vector<RecordedArgument>> attempt(const std::vector<std::string>& options) {
    std::vector<std::string> arguments(kDefaultsOfGnuLd.begin(), kDefaultsOfGnuLd.end());
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), native_.arguments.begin(), native_.arguments.end());
    if (native_has(aspect::kExecutableStack, "yes")) arguments.emplace_back("-zexecstack");
    if (native_has(aspect::kDynamicFlags, "TEXTREL")) arguments.emplace_back("-znotext");
    Replay replay(environment_.store(), native_.is_long);
    XAAS_TRY(replay.run(environment_.lld, std::move(arguments)));
    XAAS_ASSIGN(const MappedFile record, replay.open_record());
    XAAS_ASSIGN(const TarFiles tar, parse_tar(record.bytes()));
    XAAS_ASSIGN(LinkFiles files, link_files(tar, replay.record_base()));
    if (order_.compilation) record_temporaries(environment_, order_, native_.command.output, files);
    const bool same_members = !native_.members || *native_.members == replay.members();
    return same_members ? read_same(replay, files) : read_explicit(files);
  }

  Result<std::vector<RecordedArgument>> read_same(const Replay& replay, const LinkFiles& files) {
    XAAS_TRY(compare(replay));
    XAAS_ASSIGN(LinkReading reading, read_link(files, environment_));
    return arguments_of(std::move(reading));
  }

  // lld takes the first definition among all archives. GNU ld takes the first one behind the place where the symbol is
  // wanted. If the two disagree, the record names the members, and lld must make the same link of them.
  Result<std::vector<RecordedArgument>> read_explicit(const LinkFiles& files) {
    XAAS_ASSIGN(LinkReading reading, read_link(files, environment_, native_.members));
    if (!reading.reason.empty()) return arguments_of(std::move(reading));
    Replay replay(environment_.store(), native_.is_long);
    XAAS_TRY(replay.run(environment_.lld, reading.command));
    XAAS_TRY(compare(replay));
    return arguments_of(std::move(reading));
  }

  // lld defines no symbols for versions, so an added object defines them.
  Status add_version_symbols(std::vector<RecordedArgument>& arguments) const {
    const auto symbols = native_.shape.find(aspect::kVersionSymbols);
    if (symbols == native_.shape.end()) return {};
    std::string assembly;
    for (const std::string& name : symbols->second) {
      assembly += fmt::format(".globl \"{0}@@{0}\"\n\"{0}@@{0}\" = 0\n.type \"{0}@@{0}\",@object\n", name);
    }
    assembly += ".section .note.GNU-stack,\"\",@progbits\n";
    const StoreFile object(environment_.store(), ".versions.o");
    XAAS_ASSIGN(
        const ProcessOutput output,
        run_and_read({environment_.c_compiler, "-c", "-x", "assembler", "-", "-o", object.path().string()}, assembly));
    if (!output.status.ok()) return fail(Code::unsupported, "its versions have names that cannot be assembled");
    XAAS_ASSIGN(const std::string content, read_file(object.path()));
    const Digest digest = Digest::of(content);
    XAAS_TRY(environment_.store().add_object(digest, content));
    arguments.emplace_back(RecordedObject{{digest, kVersionObject}});
    return {};
  }

  Status compare(const Replay& replay) const {
    XAAS_ASSIGN(const LinkShape shape, replay.shape());
    const auto difference = difference_of_linkers(native_.shape, shape);
    if (!difference) return {};
    return fail(Code::unsupported, "lld does not link it as its own linker does: {}", *difference);
  }

  // Whether the project's linker has left this in the file.
  bool native_has(std::string_view aspect, std::string_view value) const {
    const auto found = native_.shape.find(aspect);
    return found != native_.shape.end() && is_in(found->second, value);
  }

  const CaptureEnvironment& environment_;
  const LinkOrder& order_;
  const NativeLink& native_;
};

// The project asked for lld itself, so lld's record is that of the real link.
Result<std::vector<RecordedArgument>> read_lld(const CaptureEnvironment& environment, const LinkOrder& order,
                                               const fs::path& output, const fs::path& tar_path) {
  XAAS_ASSIGN(const MappedFile record, MappedFile::open(tar_path));
  XAAS_ASSIGN(const TarFiles tar, parse_tar(record.bytes()));
  XAAS_ASSIGN(LinkFiles files, link_files(tar, tar_path.stem().string()));
  if (order.compilation) record_temporaries(environment, order, output, files);
  XAAS_ASSIGN(LinkReading reading, read_link(files, environment));
  return arguments_of(std::move(reading));
}

std::optional<ExtractedMembers> read_map(const fs::path& map) {
  const auto text = MappedFile::open(map);
  return text ? members_in_map(text->bytes(), fs::current_path()) : std::nullopt;
}

// Runs the real linker as it was asked to, and makes it write what the capture needs into files of the capture.
class NativeRun {
 public:
  NativeRun(const CaptureEnvironment& environment, const std::string& name, bool is_long)
      : environment_(environment),
        is_long_(is_long),
        command_(environment.store(), is_long),
        is_lld_(is_lld_name(name)),
        writes_maps_(writes_maps(name)),
        map_(environment.store(), ".map"),
        tar_(environment.store(), ".tar") {}

  Result<ExitStatus> run(const fs::path& linker, std::vector<std::string> arguments, const LinkerCommand& command) {
    if (is_lld_) {
      arguments.insert(arguments.end(), {option("reproduce", tar_.path()), "--no-fat-lto-objects"});
    } else if (writes_maps_ && !command.map && !command.prints_map) {
      arguments.push_back("-Map=" + map_.path().string());
    }
    return run_plainly(linker, std::move(arguments));
  }

  // Runs the linker without the options of the capture.
  Result<ExitStatus> run_plainly(const fs::path& linker, std::vector<std::string> arguments) const {
    XAAS_ASSIGN(std::vector<std::string> words, command_.of(linker, std::move(arguments)));
    return run_program(std::move(words));
  }

  // The arguments of the link, for a recipe.
  Result<std::vector<RecordedArgument>> record(std::vector<std::string> arguments, const LinkerCommand& command,
                                               const LinkOrder& order, const LinkShape& shape) const {
    if (is_lld_) return read_lld(environment_, order, command.output, tar_.path());
    remove_for_lld(arguments);
    const NativeLink native{command, std::move(arguments), is_long_, shape,
                            read_map(command.map.value_or(map_.path()))};
    return Recorder(environment_, order, native).record();
  }

 private:
  const CaptureEnvironment& environment_;
  const bool is_long_;
  CommandLine command_;
  const bool is_lld_;
  const bool writes_maps_;
  StoreFile map_;
  StoreFile tar_;
};

Status record_link(const CaptureEnvironment& environment, const NativeRun& run, std::vector<std::string> arguments,
                   const LinkerCommand& command) {
  const LinkOrder order = link_order();
  XAAS_ASSIGN(LinkRecord record, describe(command.output));
  XAAS_ASSIGN(LinkShape shape, shape_of(command.output));
  record.reason = order.reason;
  if (record.reason.empty()) {
    auto recorded = run.record(std::move(arguments), command, order, shape);
    if (recorded) {
      record.arguments = std::move(*recorded);
    } else {
      record.reason = recorded.error().message;
    }
  }
  record.shape = abbreviated(std::move(shape));
  return environment.store().add_link(record);
}

}  // namespace

int link_and_record(const CaptureEnvironment& environment, const std::string& name,
                    const std::vector<std::string>& given) {
  const auto linker = find_real_linker(name, environment.lld);
  if (!linker) {
    fmt::print(stderr, "xaas-cc: {}\n", linker.error().message);
    return 1;
  }
  std::vector<std::string> arguments = expand_response_files(given);
  remove_llvm_plugin(arguments);
  const LinkerCommand command = parse_linker_command(arguments);
  NativeRun run(environment, name, has_response_file(given));
  const bool is_recorded = command.is_recordable && !is_probe(command.output);
  const auto status = is_recorded ? run.run(*linker, arguments, command) : run.run_plainly(*linker, arguments);
  if (!is_recorded || !status || !status->ok()) return status ? status->shell_code() : 1;
  if (!fs::is_regular_file(command.output)) return 0;  // /dev/null
  if (const auto recorded = record_link(environment, run, std::move(arguments), command); !recorded) {
    environment.store().note(
        fmt::format("{}: link not recorded: {}", command.output.string(), recorded.error().message));
  }
  return 0;
}

}  // namespace xaas
