// See isa_options.h.
#include "mkimage/isa_options.h"

#include <algorithm>
#include <array>

namespace xaas {
namespace {

// clang's names for x86 that add instructions. Sorted; a test checks it, and that the compiler knows them.
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
                                                            "cx16",
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

}  // namespace

std::span<const std::string_view> isa_features() { return kFeatures; }

bool is_isa_option(std::string_view argument) {
  if (argument.starts_with("-march=")) return true;
  return argument.starts_with("-m") && std::ranges::binary_search(kFeatures, argument.substr(2));
}

std::vector<std::string> without_isa_options(std::vector<std::string> arguments) {
  std::erase_if(arguments, [](const std::string& argument) { return is_isa_option(argument); });
  return arguments;
}

}  // namespace xaas
