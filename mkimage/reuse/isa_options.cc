// See isa_options.h.
#include "mkimage/reuse/isa_options.h"

#include <algorithm>
#include <array>

#include "mkimage/compiler/compiler_command.h"
#include "mkimage/compiler/compiler_options.h"

namespace xaas {
namespace {

// clang's names of x86 features that add instructions. Sorted. A test checks the order, and that the compiler knows the
// names.
constexpr auto kFeatures = std::to_array<std::string_view>({"adx",
                                                            "aes",
                                                            "avx",
                                                            "avx2",
                                                            "avx512bf16",
                                                            "avx512bitalg",
                                                            "avx512bw",
                                                            "avx512cd",
                                                            "avx512dq",
                                                            "avx512f",
                                                            "avx512fp16",
                                                            "avx512ifma",
                                                            "avx512vbmi",
                                                            "avx512vbmi2",
                                                            "avx512vl",
                                                            "avx512vnni",
                                                            "avx512vp2intersect",
                                                            "avx512vpopcntdq",
                                                            "avxifma",
                                                            "avxneconvert",
                                                            "avxvnni",
                                                            "avxvnniint16",
                                                            "avxvnniint8",
                                                            "bmi",
                                                            "bmi2",
                                                            "crc32",
                                                            "f16c",
                                                            "fma",
                                                            "fma4",
                                                            "fsgsbase",
                                                            "gfni",
                                                            "lzcnt",
                                                            "movbe",
                                                            "pclmul",
                                                            "popcnt",
                                                            "prfchw",
                                                            "rdrnd",
                                                            "rdseed",
                                                            "sahf",
                                                            "sha",
                                                            "sse3",
                                                            "sse4",
                                                            "sse4.1",
                                                            "sse4.2",
                                                            "sse4a",
                                                            "ssse3",
                                                            "tbm",
                                                            "vaes",
                                                            "vpclmulqdq",
                                                            "xop",
                                                            "xsave",
                                                            "xsavec",
                                                            "xsaveopt",
                                                            "xsaves"});

#if defined(__x86_64__)
constexpr bool kIsX86 = true;
#else
constexpr bool kIsX86 = false;
#endif
constexpr std::string_view kCpu = "-march=";
constexpr std::string_view kPlainCpu = "-march=x86-64";
// 64-bit CPUs without compare-and-swap of 16 bytes.
constexpr auto kOldCpus = std::to_array<std::string_view>({"athlon-fx", "athlon64", "k8", "opteron"});

bool is_negative(std::string_view argument) {
  constexpr std::string_view kNo = "-mno-";
  return argument.starts_with(kNo) && std::ranges::binary_search(kFeatures, argument.substr(kNo.size()));
}

bool is_old_cpu(std::string_view argument) {
  return argument.starts_with(kCpu) && std::ranges::binary_search(kOldCpus, argument.substr(kCpu.size()));
}

}  // namespace

std::span<const std::string_view> isa_features() { return kFeatures; }

bool is_isa_option(std::string_view argument) {
  if (argument.starts_with(kCpu)) return true;
  return argument.starts_with("-m") && std::ranges::binary_search(kFeatures, argument.substr(2));
}

std::vector<std::vector<std::string>> with_less_isa_options(const std::vector<std::string>& arguments) {
  if (!kIsX86) return {};
  bool takes_away = false;
  bool says_otherwise = false;
  std::vector<std::string> kept = filter_parts(arguments, [&](const CommandPart& part, std::string_view argument) {
    if (part.is_input) return true;
    const bool is_isa = is_isa_option(argument);
    takes_away = takes_away || is_isa;
    says_otherwise = says_otherwise || is_negative(argument) || is_old_cpu(argument);
    return !is_isa;
  });
  if (!takes_away || says_otherwise) return {};
  const bool names_cpu = std::ranges::any_of(
      arguments, [](const std::string& argument) { return argument.starts_with(kCpu) && argument != kPlainCpu; });
  if (names_cpu) kept.insert(kept.begin(), "-mcx16");
  std::vector<std::string> with_sse3 = kept;
  with_sse3.insert(with_sse3.begin(), "-msse3");
  return {std::move(kept), std::move(with_sse3)};
}

std::vector<Compilation> with_less_isa(const Compilation& compilation) {
  std::vector<Compilation> results;
  for (std::vector<std::string>& arguments : with_less_isa_options(compilation.arguments)) {
    Compilation result = compilation;
    result.arguments = std::move(arguments);
    result.command = parse_compiler_command(result.arguments, compilation.role);
    result.command.asked_machine_options = compilation.command.asked_machine_options;
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace xaas
