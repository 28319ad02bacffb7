// What a variant for a level requires, and the table of levels.
#include <llvm/ADT/SmallVector.h>
#include <llvm/TargetParser/X86TargetParser.h>

#include <algorithm>
#include <array>
#include <set>

#include "format/base/split.h"
#include "mkimage/capture/level_features.h"
#include "mkimage/plan/cpu_levels.h"
#include "tests/unit/clang_units.h"

using namespace xaas;
using namespace xaas::test;

namespace {

std::set<std::string> features_of(std::string_view cpu) {
  llvm::SmallVector<llvm::StringRef, 64> names;
  llvm::X86::getFeaturesForCPU(llvm::StringRef(cpu.data(), cpu.size()), names);
  std::set<std::string> features;
  for (const llvm::StringRef name : names) features.insert(name.str());
  return features;
}

// Names of the macros that clang defines with these options.
std::set<std::string> macros(const ClangUnits& clang, const std::string& options) {
  const std::string text = clang.output(clang.directory("macros"), "clang-19 -E -dM " + options + " -x c /dev/null");
  std::set<std::string> names;
  for (const std::string_view line : split(text, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() > 1) names.emplace(words[1]);
  }
  return names;
}

// The features beyond plain x86-64 that clang's options give, as a level would.
std::vector<std::string> added_by(const ClangUnits& clang, const std::string& flags) {
  const std::string plain = clang.target("").features;
  const std::string given = clang.target(flags).features;
  const auto before = split(plain, ',');
  std::vector<std::string> added;
  for (const std::string_view feature : split(given, ',')) {
    if (feature.starts_with('+') && std::ranges::find(before, feature) == before.end()) added.emplace_back(feature);
  }
  return added;
}

std::vector<std::string> required(const ClangUnits& clang, const std::string& source, const std::string& flags,
                                  const std::vector<std::string>& asks) {
  const AllowedFeatures allowed{{}, added_by(clang, flags), asks};
  return canonicalise(clang.bitcode(source, flags), clang.target(flags), {}, allowed).value().features;
}

using Features = std::vector<std::string>;

// Nearly all features of Sapphire Rapids that code generators use by themselves, and some that they do not.
const std::string kFlags =
    "-mavx2 -mfma -mf16c -mbmi2 -mlzcnt -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vbmi -mavx512vbmi2 "
    "-mavx512vnni -mavxvnni -mavx512fp16 -mpku -msgx -mclwb -mgfni";

}  // namespace

TEST_CASE("no level is below one that stands before it, and each is a CPU that LLVM knows", "[one-thread]") {
  for (std::size_t i = 0; i < kCpuLevels.size(); ++i) {
    const std::set<std::string> own = features_of(kCpuLevels[i]);
    INFO(kCpuLevels[i]);
    CHECK_FALSE(own.empty());
    for (std::size_t j = 0; j < i; ++j) {
      INFO("after " << kCpuLevels[j]);
      CHECK_FALSE(std::ranges::includes(features_of(kCpuLevels[j]), own));
    }
  }
}

TEST_CASE("machines of today lose nothing that code asks for at compile time", "[compiler]") {
  const ClangUnits clang;
  // Nothing in these chooses code: they are for system software, or read counters and random numbers, or are given up.
  const std::set<std::string> ignored = {
      "__CLDEMOTE__",  "__CLFLUSHOPT__", "__CLWB__",      "__CLZERO__",    "__ENQCMD__",  "__FSGSBASE__",
      "__HRESET__",    "__INVPCID__",    "__KL__",        "__MOVDIR64B__", "__MOVDIRI__", "__MWAITX__",
      "__PCONFIG__",   "__PKU__",        "__PREFETCHI__", "__PTWRITE__",   "__RDPID__",   "__RDPRU__",
      "__SERIALIZE__", "__SGX__",        "__SHSTK__",     "__TSXLDTRK__",  "__UINTR__",   "__WAITPKG__",
      "__WBNOINVD__",  "__WIDEKL__",     "__RTM__",       "__USERMSR__",   "__XSAVE__",   "__XSAVEC__",
      "__XSAVEOPT__",  "__XSAVES__",     "__SSE4A__",     "__CMPCCXADD__", "__PRFCHW__"};
  const auto asked = [&](const std::string& options) {
    std::set<std::string> names = macros(clang, options);
    std::erase_if(names, [&](const std::string& name) {
      return !feature_of_macro(name) || ignored.contains(name) || name.find("EVEX") != std::string::npos;
    });
    return names;
  };
  std::vector<std::set<std::string>> levels;
  for (const std::string_view level : kCpuLevels) levels.push_back(asked("-march=" + std::string(level)));
  for (const char* cpu :
       {"haswell", "broadwell", "skylake", "skylake-avx512", "cascadelake", "icelake-client", "icelake-server",
        "alderlake", "sapphirerapids", "znver1", "znver2", "znver3", "znver4", "znver5"}) {
    const std::set<std::string> own = asked(std::string("-march=") + cpu);
    std::set<std::string> missing = own;  // in all levels that the machine can run as a whole
    std::set<std::string> alone = own;    // in all levels
    for (const std::set<std::string>& given : levels) {
      for (const std::string& name : given) alone.erase(name);
      if (!std::ranges::includes(own, given)) continue;
      for (const std::string& name : given) missing.erase(name);
    }
    // Code that asks for one of these alone gets it, since it does not require the rest of a level. Together with what
    // the level before has, they come with generations that no level stands for.
    for (const char* single : {"__PCLMUL__", "__RDRND__", "__RDSEED__", "__ADX__", "__SHA__", "__GFNI__", "__AES__"}) {
      missing.erase(single);
    }
    INFO(cpu);
    CHECK(missing == std::set<std::string>());
    CHECK(alone == std::set<std::string>());
  }
}

TEST_CASE("the macro of every feature that clang has leads to the feature", "[compiler]") {
  const ClangUnits clang;
  const std::set<std::string> plain = macros(clang, "-march=x86-64");
  for (const char* feature : {"adx",
                              "aes",
                              "amx-bf16",
                              "amx-fp16",
                              "amx-int8",
                              "amx-tile",
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
                              "avxvnniint8",
                              "avxvnniint16",
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
                              "rtm",
                              "sha",
                              "sse3",
                              "sse4.1",
                              "sse4.2",
                              "sse4a",
                              "ssse3",
                              "vaes",
                              "vpclmulqdq",
                              "xop",
                              "xsave"}) {
    INFO(feature);
    bool is_found = false;
    for (const std::string& name : macros(clang, std::string("-march=x86-64 -m") + feature)) {
      if (plain.contains(name)) continue;
      INFO(name);
      CHECK(feature_of_macro(name).has_value());
      is_found = is_found || feature_of_macro(name) == feature;
    }
    CHECK(is_found);
  }
  CHECK(feature_of_macro("__LAHF_SAHF__") == "sahf");
  CHECK_FALSE(feature_of_macro("__haswell__").has_value());
  CHECK_FALSE(feature_of_macro("NDEBUG").has_value());
}

TEST_CASE("a variant requires the features that it asked for and those of its intrinsic functions", "[one-thread]") {
  const ClangUnits clang;
  const std::string header = "#include <immintrin.h>\n";
  CHECK(required(clang, "int f(int x) { return x + 1; }", kFlags, {}) == Features());
  CHECK(required(clang, "int f(int x) { return x + 1; }", kFlags, {"__AVX2__", "__FMA__"}) ==
        Features{"+avx2", "+fma"});
  // A plain operation on vectors is no intrinsic function: any CPU computes it.
  CHECK(required(clang, header + "__m256i f(__m256i* a) { return _mm256_add_epi32(*a, *a); }", kFlags, {}) ==
        Features());
  CHECK(required(clang, header + "__m256i f(__m256i* a) { return _mm256_madd_epi16(*a, *a); }", kFlags, {}) ==
        Features{"+avx2"});
  CHECK(required(clang, header + "__m512i f(__m512i* a) { return _mm512_permutexvar_epi8(*a, *a); }", kFlags, {}) ==
        Features{"+avx512vbmi", "+evex512"});
  CHECK(required(clang, header + "void f(void* p) { _mm_clwb(p); }", kFlags, {"__AVX2__"}) ==
        Features{"+avx2", "+clwb"});
  // Of two features that have the instruction, the one that was asked for, else the first one.
  const std::string dot = header + "__m256i f(__m256i* a) { return _mm256_dpbusd_epi32(a[0], a[1], a[2]); }";
  CHECK(required(clang, dot, kFlags, {"__AVX512VNNI__", "__AVX512VL__"}) == Features{"+avx512vl", "+avx512vnni"});
  CHECK(required(clang, dot, kFlags, {"__AVXVNNI__"}) == Features{"+avxvnni"});
  // Built-in functions can be asked for by themselves. A name that no feature has can stand for all of them.
  CHECK(required(clang, "int f(void) { return 1; }", kFlags, {"__builtin_ia32_pmaddwd256"}) == Features{"+avx2"});
  CHECK(required(clang, "int f(void) { return 1; }", "-mavx2 -mfma", {"__haswell__"}).size() > 2);
}
