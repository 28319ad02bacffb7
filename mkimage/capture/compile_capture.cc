// Compiles with bitcode beside the code, and records the units; see compile_capture.h.
#include "mkimage/capture/compile_capture.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>

#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "mkimage/capture/captured_unit.h"
#include "mkimage/capture/cuda_capture.h"
#include "mkimage/capture/region_capture.h"
#include "mkimage/capture/variant_capture.h"
#include "mkimage/compiler/compiler_options.h"
#include "mkimage/compiler/compiler_run.h"
#include "mkimage/compiler/precompiled_header.h"
#include "mkimage/compiler/response_file.h"
#include "mkimage/reuse/preprocessed_unit.h"

namespace xaas {
namespace {

bool is_compiled(const CompilerInput& input) { return input.kind != InputKind::linker_input; }

// Records each object of the command. `unit` has what all of them have in common. If it has bitcode, that is of the
// only object, which has none itself. `variants` are those of the inputs that are compiled; an input without any may
// lack its entry.
void record_objects(const CaptureEnvironment& environment, const Compilation& compilation, CompiledUnit unit,
                    const std::vector<CompiledVariants>& variants) {
  const std::vector<std::string> headers = unit.headers;
  const std::optional<std::string_view> bitcode = unit.bitcode;
  std::size_t index = 0;
  for (const CompilerInput& input : compilation.command.inputs) {
    if (!is_compiled(input)) continue;
    const CompiledVariants& own = index < variants.size() ? variants[index] : CompiledVariants();
    ++index;
    unit.headers = headers;
    add_variants(own, unit);
    unit.source = compilation.source_name.empty() ? input.path : compilation.source_name;
    unit.target = object_of(compilation, input).string();
    if (compilation.command.mode == CommandMode::precompile) {
      record_unit(environment, compilation, unit);
      continue;
    }
    const std::filesystem::path path = object_of(compilation, input);
    if (!std::filesystem::is_regular_file(path)) continue;  // -o /dev/null
    const auto object = MappedFile::open(path);
    if (!object) continue;
    unit.object = object->bytes();
    unit.bitcode = bitcode ? bitcode : embedded_bitcode(unit.object);
    record_unit(environment, compilation, unit);
  }
}

// The outcome of a compile that may fail.
struct Attempt {
  bool works = false;
  bool is_shared = false;                    // whether it is an earlier compile's result
  std::string refusal;                       // the compiler's first message, if the compile failed
  std::vector<std::string> asks{};           // Ask::line() of each
  std::vector<CompiledVariants> variants{};  // of each source, in order
};

// Repeats an earlier compile. Also writes the dependencies, if -MD asks for them.
Status replay_unit(const Compilation& compilation, const CompileResult& result, const PreprocessedUnit& unit) {
  if (unit.dependencies()) XAAS_TRY(replace_file(*dependency_file(compilation), *unit.dependencies()));
  return replay(compilation, result);
}

// Keeps the result of a compile. If this fails, the next compile only takes longer.
Status keep(const CaptureCache& cache, const PreprocessedUnit::Keys& keys, const Compilation& compilation,
            const TentativeRun& run, const Attempt& attempt) {
  CompileResult result{{}, run.output(), run.messages(), !run.ok()};
  result.asks = attempt.asks;
  if (!attempt.variants.empty()) {
    result.variants = attempt.variants.front().variants;
    result.variant_bitcode = attempt.variants.front().bitcode;
    result.variant_headers = attempt.variants.front().headers;
  }
  if (result.is_refusal) return is_about_source(run.messages()) ? cache.add(keys.verbose, result) : Status();
  const std::filesystem::path object = object_of(compilation, compilation.command.inputs.front());
  if (!std::filesystem::is_regular_file(object)) return {};  // -o /dev/null
  XAAS_ASSIGN(result.object, read_file(object));
  const bool is_silent = result.output.empty() && result.messages.empty();
  return cache.add(is_silent ? keys.silent : keys.verbose, result);
}

// Compiles the sources of the command at the levels of the environment. `asks` are those of the only source.
Result<std::vector<CompiledVariants>> compile_levels(const CaptureEnvironment& environment,
                                                     const Compilation& compilation, const std::vector<Ask>& asks) {
  std::vector<CompiledVariants> variants;
  const auto sources = std::ranges::count_if(compilation.command.inputs, is_compiled);
  const bool is_known = sources == 1;
  for (const CompilerInput& input : compilation.command.inputs) {
    if (!is_compiled(input)) continue;
    variants.push_back(
        compile_variants(environment, compilation, input, is_known ? std::optional(asks) : std::nullopt));
    XAAS_TRY(store_variants(environment.store(), variants.back().bitcode));
  }
  return variants;
}

// Compiles with bitcode, without looking into the cache. What the compiler says is in `run`. `headers` may be null.
Attempt compile_with_bitcode(const CaptureEnvironment& environment, const Compilation& compilation,
                             const HeaderList* headers, TentativeRun& run) {
  const AskList asks(environment);
  Variables variables = asks.variables();
  std::vector<std::string> extra = asks.arguments();
  if (headers != nullptr) {
    std::ranges::copy(headers->variables(), std::back_inserter(variables));
    std::ranges::copy(headers->arguments(), std::back_inserter(extra));
  }
  run = TentativeRun(compilation, capturing_arguments(environment, compilation, extra), variables);
  if (!run.ok()) return {false, false, run.first_message()};
  const std::vector<Ask> asked = asks.read();
  Attempt attempt;
  attempt.works = true;
  std::ranges::transform(asked, std::back_inserter(attempt.asks), &Ask::line);
  if (compilation.command.mode == CommandMode::precompile) {
    record_precompiled(environment, compilation, asked);
    return attempt;
  }
  auto variants = compile_levels(environment, compilation, asked);
  if (variants) {
    attempt.variants = std::move(*variants);
  } else {
    environment.store().note(fmt::format("no variants: {}", variants.error().message));
  }
  return attempt;
}

// The variants that are kept with an earlier compile's result.
Result<std::vector<CompiledVariants>> earlier_variants(const CaptureStore& store, const CompileResult& result) {
  XAAS_TRY(store_variants(store, result.variant_bitcode));
  return std::vector<CompiledVariants>{{result.variants, result.variant_bitcode, result.variant_headers}};
}

// Takes the result of an earlier compile from the cache, or compiles with bitcode.
Attempt find_or_compile(const CaptureEnvironment& environment, const Compilation& compilation,
                        const PreprocessedUnit& unit) {
  const CaptureCache cache(environment.cache);
  const PreprocessedUnit::Keys keys = unit.keys(environment, compilation);
  auto earlier = cache.find(keys.silent);
  if (!earlier) earlier = cache.find(keys.verbose);
  if (earlier && earlier->is_refusal) return {false, true, first_error(earlier->messages)};
  if (earlier && replay_unit(compilation, *earlier, unit)) {
    auto variants = earlier_variants(environment.store(), *earlier);
    if (variants) return {true, true, {}, earlier->asks, std::move(*variants)};
  }
  TentativeRun run;
  Attempt attempt = compile_with_bitcode(environment, compilation, nullptr, run);
  if (attempt.works) run.pass_on_output();
  static_cast<void>(keep(cache, keys, compilation, run, attempt));
  return attempt;
}

// The options by which clang compiles only the host's part of a source. That of CUDA gets the code for GPUs from
// `fatbin`, a file that is written here.
Result<std::vector<std::string>> host_only_options(const CaptureEnvironment& environment,
                                                   const Compilation& compilation,
                                                   const std::filesystem::path& fatbin) {
  std::vector<std::string> options = {"--offload-host-only"};
  if (!compilation.command.is_cuda) return options;
  const std::string bytes = fatbin_with_families(environment, compilation);
  if (bytes.empty()) return options;
  XAAS_TRY(write_file(fatbin, bytes));
  for (const std::string& word : {std::string("-fcuda-include-gpubinary"), fatbin.string()}) {
    options.insert(options.end(), {"-Xclang", word});
  }
  return options;
}

// The command for the host's part of its only source, which makes `object` and nothing else.
Compilation for_host_only(const Compilation& compilation, std::vector<std::string> options,
                          const std::filesystem::path& object) {
  Compilation result = compilation;
  const std::vector<std::string> expanded = expand_response_files(compilation.arguments);
  result.arguments = filter_parts(
      expanded, [](const CommandPart& part, std::string_view) { return !part.has(option_flags::names_output); });
  if (compilation.command.is_cuda) refuse_unknown_attributes(result.arguments);
  options.insert(options.end(), {"-c", "-o", object.string()});
  result.arguments.insert(std::ranges::find(result.arguments, "--"), options.begin(), options.end());
  result.command.output = object.string();
  return result;
}

// Compiles as the project asks, but for names that would tell one build from another. If the compiler refuses those,
// `refusal` is set, because then the object's target regions are not those that further compiles would name.
PlainRun run_with_fixed_names(const CaptureEnvironment& environment, const Compilation& compilation) {
  const TentativeRun run(compilation, with_fixed_names(environment, compilation.arguments), {});
  if (run.ok()) {
    run.pass_on_output();
    return {};
  }
  PlainRun plain = run_as_asked(compilation, {});
  if (!plain.refusal) plain.refusal = run.first_message();
  return plain;
}

// Compiles a source for the host and for devices. The project's object has the devices' code: that of OpenMP in a
// section that the link takes out again, that of CUDA as data of the host's code. A second compile, for the host only,
// makes the bitcode.
int compile_offloading(const CaptureEnvironment& environment, const Compilation& compilation) {
  const PlainRun plain = run_with_fixed_names(environment, compilation);
  if (plain.code != 0) return plain.code;
  const HeaderList headers(environment.store());
  const StoreFile object(environment.store(), ".o");
  const StoreFile fatbin(environment.store(), ".fatbin");
  Compilation recorded = compilation;
  Attempt attempt;
  if (const auto options = host_only_options(environment, compilation, fatbin.path())) {
    TentativeRun run;
    Compilation host_only = for_host_only(compilation, *options, object.path());
    // A build with a prefix that can move has the plugin already.
    if (!environment.movable) host_only.arguments = with_fixed_names(environment, std::move(host_only.arguments));
    attempt = compile_with_bitcode(environment, host_only, &headers, run);
  } else {
    attempt.refusal = options.error().message;
  }
  const auto host_object = MappedFile::open(object.path());
  if (!attempt.works) recorded.command.reason = does_not_compile_to_bitcode(attempt.refusal);
  if (plain.refusal) recorded.command.reason = does_not_compile(*plain.refusal);
  CompiledUnit unit;
  unit.headers = headers.read();
  unit.asks = attempt.asks;
  if (attempt.works && !plain.refusal && host_object) unit.bitcode = embedded_bitcode(host_object->bytes());
  if (unit.bitcode && !compilation.command.is_cuda) {
    auto regions =
        capture_regions(environment, compilation, object_of(compilation, compilation.command.inputs.front()));
    if (regions) {
      unit.regions = std::move(*regions);
    } else {  // the other units' regions without this unit's would be another program
      unit.bitcode = std::nullopt;
      recorded.command.reason = fmt::format("no bitcode for devices: {}", regions.error().message);
    }
  }
  record_objects(environment, recorded, unit, attempt.variants);
  return 0;
}

}  // namespace

Status replay(const Compilation& compilation, const CompileResult& result) {
  XAAS_TRY(replace_file(object_of(compilation, compilation.command.inputs.front()), result.object));
  static_cast<void>(write_all(STDOUT_FILENO, result.output));
  static_cast<void>(write_all(STDERR_FILENO, result.messages));
  return {};
}

int compile_and_capture(const CaptureEnvironment& environment, const Compilation& compilation) {
  if (compilation.command.offloads) return compile_offloading(environment, compilation);
  const bool wants_bitcode =
      compilation.command.mode == CommandMode::compile || compilation.command.mode == CommandMode::precompile;
  Compilation recorded = compilation;
  Attempt attempt;
  std::optional<PreprocessedUnit> unit;
  if (wants_bitcode && !environment.cache.empty()) unit = PreprocessedUnit::run(environment, compilation);
  if (unit) {
    if (unit->same_with_less_isa()) {
      recorded = *unit->same_with_less_isa();
      attempt = find_or_compile(environment, recorded, *unit);
    }
    if (!attempt.works) {
      recorded = compilation;
      attempt = find_or_compile(environment, compilation, *unit);
    }
  }
  const HeaderList headers(environment.store(), compilation.arguments);
  if (wants_bitcode && !unit) {
    TentativeRun run;
    attempt = compile_with_bitcode(environment, compilation, &headers, run);
    if (attempt.works) run.pass_on_output();
  }
  if (wants_bitcode && !attempt.works) recorded.command.reason = does_not_compile_to_bitcode(attempt.refusal);
  PlainRun plain;
  if (!attempt.works) plain = run_as_asked(compilation, wants_bitcode ? Variables() : headers.variables());
  if (plain.refusal) recorded.command.reason = does_not_compile(*plain.refusal);
  if (compilation.command.mode == CommandMode::precompile) recorded.command.reason = kPrecompiledHeader;
  if (plain.code != 0) return plain.code;

  CompiledUnit result;
  result.headers = unit ? unit->headers() : headers.read();
  if (unit) result.identity = unit->identity(environment, compilation);
  result.asks = attempt.asks;
  result.is_shared = attempt.is_shared;
  record_objects(environment, recorded, result, attempt.variants);
  return 0;
}

}  // namespace xaas
