// The decision what to do with a command; see compiler_command.h.
#include "mkimage/compiler/compiler_command.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "format/base/split.h"
#include "format/base/text.h"
#include "mkimage/compiler/compiler_options.h"

namespace xaas {
namespace {

using enum OptionEffect;

// The option that names a CPU beside -march=, and names of the CPU for which clang compiles without either.
#if defined(__aarch64__)
constexpr std::string_view kNamesCpu = "-mcpu=";
constexpr auto kPlainCpus = std::to_array<std::string_view>({"armv8-a", "generic"});
#else
constexpr std::string_view kNamesCpu = "-march=";
constexpr auto kPlainCpus = std::to_array<std::string_view>({"x86-64"});
#endif

bool names_cpu(std::string_view argument) { return argument.starts_with("-march=") || argument.starts_with(kNamesCpu); }

constexpr std::string_view kCuda = "cuda";  // after -x
constexpr std::string_view kCudaExtension = ".cu";

InputKind kind_of_language(std::string_view name, CompilerRole role) {
  if (role == CompilerRole::fortran) return name.starts_with("f") ? InputKind::source : InputKind::other;
  if (name == "c" || name == "c++" || name == "cpp-output" || name == "c++-cpp-output") return InputKind::source;
  if (name == kCuda) return InputKind::source;
  if (name == "assembler" || name == "assembler-with-cpp") return InputKind::assembly;
  if (name == "c-header" || name == "c++-header") return InputKind::header;
  return InputKind::other;
}

InputKind kind_of_file(std::string_view path, CompilerRole role) {
  static constexpr std::array kSources = {".c", ".cc", ".cp", ".cxx", ".cpp", ".CPP", ".c++", ".C", ".CC", ".i", ".ii"};
  static constexpr std::array kAssembly = {".s", ".S", ".sx", ".asm"};
  static constexpr std::array kHeaders = {".h", ".H", ".hh", ".hp", ".hpp", ".hxx"};
  static constexpr std::array kFortran = {".f",   ".for", ".ftn", ".f77", ".f90", ".f95", ".f03", ".f08", ".F",
                                          ".FOR", ".FTN", ".fpp", ".FPP", ".F77", ".F90", ".F95", ".F03", ".F08"};
  static constexpr std::array kOther = {".m",   ".mm",   ".hip", ".cl",  ".ll", ".bc", ".ads",
                                        ".adb", ".cppm", ".ixx", ".pcm", ".mi", ".mii"};
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == kCudaExtension) return role == CompilerRole::fortran ? InputKind::other : InputKind::source;
  const bool is_fortran = role == CompilerRole::fortran;
  if (is_in(kFortran, extension)) return is_fortran ? InputKind::source : InputKind::other;
  if (is_in(kSources, extension)) return is_fortran ? InputKind::other : InputKind::source;
  if (is_in(kAssembly, extension)) return InputKind::assembly;
  if (is_in(kHeaders, extension)) return InputKind::header;
  return is_in(kOther, extension) ? InputKind::other : InputKind::linker_input;
}

// Whether -Wl,VALUE or -Xlinker VALUE makes the link relocatable. The result of such a link is a native object.
bool asks_relocatable(std::string_view value) {
  return std::ranges::any_of(
      split(value, ','), [](std::string_view word) { return word == "-r" || word == "--relocatable" || word == "-i"; });
}

// Collects what the options say. decide() then judges the whole command.
class Parser {
 public:
  explicit Parser(CompilerRole role) : role_(role) {}

  CompilerCommand parse(const std::vector<std::string>& arguments) {
    for (const CommandPart& part : command_parts(arguments)) {
      if (part.is_input) {
        add_input(part.value);
      } else if (part.option != nullptr) {
        add_option(*part.option, arguments[part.first], part.value);
      }
    }
    decide();
    command_.asked_machine_options = command_.machine_options;
    return std::move(command_);
  }

 private:
  void untouched(std::string_view reason) {
    if (untouched_.empty()) untouched_ = reason;
  }

  void add_input(const std::string& path) {
    if (path == "-" || path == "/dev/stdin" || path.starts_with("/dev/fd/")) untouched("standard input");
    const bool is_cuda = language_.empty() ? path.ends_with(kCudaExtension) : language_ == kCuda;
    command_.is_cuda = command_.is_cuda || is_cuda;
    if (is_cuda && offload_.empty()) offload_ = "CUDA code whose command makes more than one object";
    command_.inputs.push_back(
        {path, language_.empty() ? kind_of_file(path, role_) : kind_of_language(language_, role_)});
  }

  void add_option(const CompilerOption& option, const std::string& argument, const std::string& value) {
    apply(option, argument, value);
    if (argument == "-Xclang" && value.starts_with("-emit-")) {
      value == "-emit-pch" ? void(makes_pch_ = true) : untouched(value);
    }
  }

  void apply(const CompilerOption& option, const std::string& argument, const std::string& value) {
    switch (option.effect) {
      case nothing:
        return;
      case OptionEffect::untouched:
        return untouched(argument);
      case native:
        if (native_.empty()) native_ = argument;
        return;
      case offload:
        if (offload_.empty()) offload_ = argument;
        return;
      case compile:
        compiles_only_ = true;
        return;
      case output:
        command_.output = value;
        return;
      case language:
        language_ = value == "none" ? "" : value;
        return;
      case cpu:
        command_.names_cpu = !is_in(kPlainCpus, value);
        command_.machine_options.push_back(argument);
        return;
      case machine:
        command_.machine_options.push_back(argument);
        return;
      case section:
        set_section(argument);
        return;
      case module_file:
        // The object of a named module tells that its code is for no level. A header unit has no object.
        if (value.find('=') == std::string::npos && native_.empty()) native_ = argument;
        return;
      case linker:
        if (asks_relocatable(value)) untouched("a relocatable link");
        return;
      case linker_name:
        command_.linker = value;
        return;
      case library:
        has_library_ = true;
        return;
    }
  }

  // -ffunction-sections, -fno-function-sections; the last one wins.
  void set_section(std::string_view argument) {
    const bool is_wanted = !argument.starts_with("-fno-");
    const std::string name(argument.substr(is_wanted ? 2 : 5));
    std::erase(command_.sections, name);
    if (is_wanted) command_.sections.push_back(name);
    std::ranges::sort(command_.sections);
  }

  bool has(InputKind kind) const {
    return std::ranges::any_of(command_.inputs, [&](const CompilerInput& input) { return input.kind == kind; });
  }

  // Code for devices goes into the object of one source, and a link of such objects puts it together. What does both in
  // one command has no objects to look at.
  void decide_offload() {
    if (offload_.empty()) return;
    const bool is_link = !compiles_only_ && !has(InputKind::source) && !has(InputKind::assembly);
    command_.offloads = compiles_only_ && command_.inputs.size() == 1 && has(InputKind::source);
    if (!is_link && !command_.offloads && native_.empty()) native_ = offload_;
  }

  void decide() {
    decide_offload();
    command_.mode = CommandMode::untouched;
    if (!untouched_.empty()) {
      command_.reason = untouched_;
    } else if (command_.inputs.empty() && !has_library_) {
      command_.reason = "no input";
    } else if (!native_.empty()) {
      command_.reason = native_;
      command_.mode = compiles_only_ ? CommandMode::native : CommandMode::native_link;
    } else if (has(InputKind::other)) {
      command_.reason = "a language that is not the compiler's own";
      command_.mode = compiles_only_ ? CommandMode::native : CommandMode::native_link;
    } else if (has(InputKind::header) || makes_pch_) {
      command_.mode = CommandMode::precompile;
    } else if (!compiles_only_) {
      command_.mode = CommandMode::link;
    } else if (has(InputKind::source)) {
      command_.mode = CommandMode::compile;
    } else if (has(InputKind::assembly)) {
      command_.mode = CommandMode::assemble;
      command_.reason = "assembly";
    } else {
      command_.reason = "nothing to compile";
    }
  }

  const CompilerRole role_;
  CompilerCommand command_;
  std::string untouched_;  // why the command must be untouched; empty if nothing says so
  std::string native_;     // why the objects stay native; empty if nothing says so
  std::string offload_;    // what asks for code for devices, an option or CUDA code; empty if nothing does
  std::string language_;   // value of -x
  bool compiles_only_ = false;
  bool makes_pch_ = false;
  bool has_library_ = false;
};

}  // namespace

CompilerCommand parse_compiler_command(const std::vector<std::string>& arguments, CompilerRole role) {
  return Parser(role).parse(arguments);
}

std::vector<std::string> options_without_cpu(bool names_cpu) {
  std::vector<std::string> options;
  if (!names_cpu) options = {"-Xclang", "-target-cpu", "-Xclang", ""};
#if !defined(__aarch64__)  // where clang accepts no such option, and writes no such thing
  options.emplace_back("-mtune=");
#endif
  return options;
}

bool names_plain_cpu(std::string_view argument) {
  return names_cpu(argument) && is_in(kPlainCpus, argument.substr(argument.find('=') + 1));
}

std::string option_of_cpu(std::string_view cpu) { return std::string(kNamesCpu).append(cpu); }

std::vector<std::string> remove_native_cpu(std::vector<std::string>& arguments) {
  const auto last = std::find_if(arguments.rbegin(), arguments.rend(), names_cpu);
  const bool overrides = last != arguments.rend() && last->ends_with("=native");
  std::vector<std::string> removed;
  std::erase_if(arguments, [&](const std::string& argument) {
    const bool is_native = argument == "-march=native" || argument == "-mtune=native" || argument == "-mcpu=native";
    if (is_native) removed.push_back(argument);
    return is_native || (overrides && names_cpu(argument));
  });
  return removed;
}

}  // namespace xaas
