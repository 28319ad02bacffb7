// See variant_capture.h.
#include "mkimage/capture/variant_capture.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>

#include "format/base/file.h"
#include "mkimage/compiler/compiler_options.h"
#include "mkimage/compiler/precompiled_header.h"
#include "mkimage/compiler/response_file.h"

namespace xaas {
namespace {

constexpr std::string_view kVectors = "vector_size";

// Options that write a file beside the object. That file must stay the one of the project's own compile.
bool writes_beside(std::string_view argument) {
  constexpr auto kWriters =
      std::to_array<std::string_view>({"--serialize-diagnostics", "-serialize-diagnostics", "-fproc-stat-report",
                                       "-fsave-optimization-record", "-ftime-trace", "-save-temps", "--save-temps"});
  return std::ranges::any_of(kWriters, [&](std::string_view writer) { return argument.starts_with(writer); });
}

// The command that compiles one source of the compilation at a level. `arguments` are those of the compilation, without
// response files and precompiled headers.
Compilation at_level(const Compilation& compilation, const std::vector<std::string>& arguments,
                     const CompilerInput& input, const std::string& level) {
  Compilation result = compilation;
  result.arguments = filter_parts(arguments, [&](const CommandPart& part, std::string_view argument) {
    if (part.is_input) return argument == input.path;
    return !part.has(option_flags::names_output) && !writes_beside(argument) && !names_plain_cpu(argument);
  });
  // In front: the project's own options win, but for the name of the plainest CPU, which asks for nothing.
  const std::string cpu = option_of_cpu(level);
  result.arguments.insert(result.arguments.begin(), cpu);
  result.command.names_cpu = true;
  std::erase_if(result.command.machine_options, names_plain_cpu);
  result.command.machine_options.insert(result.command.machine_options.begin(), cpu);
  return result;
}

// What was compiled, by the project's own options or for a level.
struct Known {
  std::vector<Ask> asks;
  std::size_t column;                  // of the answers that it was compiled with
  std::optional<std::size_t> variant;  // index among the variants; nullopt: the unit itself
};

// Whether the preprocessor would get the same answers at `column`. Then it would go the same way, and the code would be
// the same.
bool is_same_at(const Known& known, std::size_t column) {
  return std::ranges::all_of(known.asks, [&](const Ask& ask) {
    return column < ask.answers.size() && ask.answers[column] == ask.answers[known.column];
  });
}

void add_each_once(const std::vector<std::string>& more, std::vector<std::string>& list) {
  std::ranges::copy_if(more, std::back_inserter(list),
                       [&](const std::string& one) { return std::ranges::find(list, one) == list.end(); });
}

class VariantCompiler {
 public:
  // `arguments` are those of the compilation, without response files.
  VariantCompiler(const CaptureEnvironment& environment, const Compilation& compilation,
                  std::vector<std::string> arguments, const CompilerInput& input)
      : environment_(environment),
        compilation_(compilation),
        arguments_(std::move(arguments)),
        input_(input),
        headers_(environment) {}

  CompiledVariants run(std::optional<std::vector<Ask>> own) {
    if (own) known_.push_back({std::move(*own), 0, std::nullopt});
    for (std::size_t i = 0; i < environment_.levels.size(); ++i) {
      const auto same = std::ranges::find_if(known_, [&](const Known& known) { return is_same_at(known, i + 1); });
      if (same != known_.end()) {
        reuse(*same, i);
      } else if (!known_.empty() && has_text_of(known_.back(), i)) {
        reuse(known_.back(), i);
      } else {
        compile(i);
      }
    }
    return std::move(result_);
  }

 private:
  void reuse(const Known& known, std::size_t index) {
    if (known.variant) result_.variants.list[*known.variant].levels.push_back(environment_.levels[index]);
  }

  // Whether the level has the text of a variant, though other answers. Asks often only define macros that nothing uses
  // then. The text does not show how vectors are passed. Units that ask for the first level mostly have another text
  // there, so the unit itself is not compared.
  bool has_text_of(const Known& known, std::size_t index) {
    if (!known.variant) return false;
    for (const Ask& ask : known.asks) {
      const bool is_vector = ask.name.starts_with(kVectors);
      if (is_vector && ask.answers.at(index + 1) != ask.answers.at(known.column)) return false;
    }
    const auto before = text_at(known.column - 1);
    return before && before == text_at(index);
  }

  // The command without precompiled headers.
  const Result<std::vector<std::string>>& textual() {
    if (!textual_) textual_ = headers_.rewrite(arguments_);
    return *textual_;
  }

  // The digest of the preprocessed text; nullopt if the preprocessor refuses.
  std::optional<Digest> text_at(std::size_t index) {
    const auto [entry, is_new] = texts_.try_emplace(index);
    if (!is_new || !textual()) return entry->second;
    const Compilation variant = at_level(compilation_, *textual(), input_, environment_.levels[index]);
    const TentativeRun run(command_line(variant, capturing_arguments(environment_, variant, {"-w", "-E", "-P"})), {});
    if (run.ok()) entry->second = Digest::of(run.output());
    return entry->second;
  }

  void compile(std::size_t index) {
    const std::string& level = environment_.levels[index];
    if (!textual()) {
      result_.variants.refusals.emplace(level, textual().error().message);
      return;
    }
    const Compilation variant = at_level(compilation_, *textual(), input_, level);
    const StoreFile output(environment_.store(), ".bc");
    const AskList asks(environment_);
    const HeaderList headers(environment_.store());
    std::vector<std::string> extra = asks.arguments();
    extra.insert(extra.end(), {"-w", "-fno-color-diagnostics", "-c", "-o", output.path().string()});
    Variables variables = asks.variables();
    std::ranges::copy(headers.variables(), std::back_inserter(variables));
    std::vector<std::string> arguments = capturing_arguments(environment_, variant, extra);
    std::erase(arguments, "-ffat-lto-objects");  // -fno-fat-lto-objects has no effect
    const TentativeRun run(command_line(variant, std::move(arguments)), variables);
    auto bitcode = run.ok() ? read_file(output.path()) : fail(Code::failed, "{}", run.first_message());
    if (!bitcode) {
      result_.variants.refusals.emplace(level, bitcode.error().message);
      return;
    }
    Known known{asks.read(), index + 1, result_.variants.list.size()};
    if (is_same_at(known, 0)) known.variant.reset();
    if (known.variant) add({{level}, Digest::of(*bitcode), variant.command.machine_options, gains(known)}, *bitcode);
    std::vector<std::string> read = headers.read();
    std::erase_if(read, [&](const std::string& header) { return headers_.is_wrapper(header); });
    add_each_once(read, result_.headers);
    known_.push_back(std::move(known));
  }

  void add(UnitVariant variant, const std::string& bitcode) {
    result_.variants.list.push_back(std::move(variant));
    result_.bitcode.push_back(bitcode);
  }

  static std::vector<std::string> gains(const Known& known) {
    std::set<std::string> names;
    for (const Ask& ask : known.asks) {
      if (ask.answers[known.column] == '+' && ask.answers.front() == '-') names.insert(ask.name);
    }
    return {names.begin(), names.end()};
  }

  const CaptureEnvironment& environment_;
  const Compilation& compilation_;
  const std::vector<std::string> arguments_;
  const CompilerInput& input_;
  TextualHeaders headers_;
  std::optional<Result<std::vector<std::string>>> textual_;
  std::vector<Known> known_;
  std::map<std::size_t, std::optional<Digest>> texts_;  // by the index of the level
  CompiledVariants result_;
};

}  // namespace

CompiledVariants compile_variants(const CaptureEnvironment& environment, const Compilation& compilation,
                                  const CompilerInput& input, std::optional<std::vector<Ask>> asks) {
  if (environment.levels.empty() || environment.asks_plugin.empty() || input.kind != InputKind::source) return {};
  if (compilation.command.names_cpu || is_probe(input.path)) return {};
  if (compilation.command.output && is_probe(*compilation.command.output)) return {};
  std::vector<std::string> arguments = expand_response_files(compilation.arguments);
  const auto headers = precompiled_headers(arguments);
  if (asks && !headers.empty()) {
    if (auto more = asks_of_precompiled(environment, headers)) {
      std::ranges::move(*more, std::back_inserter(*asks));
    } else {
      asks.reset();
    }
  }
  return VariantCompiler(environment, compilation, std::move(arguments), input).run(std::move(asks));
}

Status store_variants(const CaptureStore& store, const std::vector<std::string>& bitcode) {
  for (const std::string& one : bitcode) XAAS_TRY(store.add_bitcode(one));
  return {};
}

void add_variants(const CompiledVariants& variants, CompiledUnit& unit) {
  unit.variants = variants.variants;
  add_each_once(variants.headers, unit.headers);
}

}  // namespace xaas
