// What a variant for a level requires, and the table of levels.
#include <llvm/ADT/SmallVector.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/TargetParser/AArch64TargetParser.h>
#include <llvm/TargetParser/X86TargetParser.h>

#include <algorithm>
#include <array>
#include <set>

#include "format/base/split.h"
#include "mkimage/capture/arm_features.h"
#include "mkimage/capture/level_features.h"
#include "mkimage/plan/cpu_levels.h"
#include "tests/unit/clang_units.h"

using namespace xaas;
using namespace xaas::test;

namespace {

using Names = std::set<std::string>;

Names features_of(std::string_view cpu) {
  llvm::SmallVector<llvm::StringRef, 64> names;
  llvm::X86::getFeaturesForCPU(llvm::StringRef(cpu.data(), cpu.size()), names);
  Names features;
  for (const llvm::StringRef name : names) features.insert(name.str());
  return features;
}

Names arm_features_of(std::string_view cpu) {
  llvm::AArch64::ExtensionSet extensions;
  if (const auto known = llvm::AArch64::parseCpu(llvm::StringRef(cpu.data(), cpu.size()))) {
    extensions.addCPUDefaults(*known);
  }
  std::vector<std::string> names;
  extensions.toLLVMFeatureList(names);
  return {names.begin(), names.end()};
}

void check_order(std::span<const std::string_view> levels, Names (*features)(std::string_view)) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Names own = features(levels[i]);
    INFO(levels[i]);
    CHECK_FALSE(own.empty());
    for (std::size_t j = 0; j < i; ++j) {
      INFO("after " << levels[j]);
      CHECK_FALSE(std::ranges::includes(features(levels[j]), own));
    }
  }
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
  check_order(kX86Levels, features_of);
  check_order(kArmLevels, arm_features_of);
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
  for (const std::string_view level : kX86Levels) levels.push_back(asked("-march=" + std::string(level)));
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

TEST_CASE("machines of aarch64 lose nothing that code asks for at compile time", "[compiler]") {
  const ClangUnits clang;
  // Nothing in these chooses code: they are for system software and for random numbers.
  const Names ignored = {"__ARM_FEATURE_BTI", "__ARM_FEATURE_MEMORY_TAGGING", "__ARM_FEATURE_PAUTH",
                         "__ARM_FEATURE_RNG"};
  const auto asked = [&](std::string_view cpu) {
    Names names = macros(clang, "--target=aarch64-linux-gnu -mcpu=" + std::string(cpu));
    std::erase_if(names,
                  [&](const std::string& name) { return !arm_features_of_macro(name) || ignored.contains(name); });
    return names;
  };
  std::vector<Names> levels;
  for (const std::string_view level : kArmLevels) levels.push_back(asked(level));
  for (const char* cpu : {
           "cortex-a57", "cortex-a72",   "cortex-a76",  "cortex-a78",  "cortex-x1",   "cortex-x2",
           "cortex-x3",  "neoverse-n1",  "neoverse-n2", "neoverse-v1", "neoverse-v2", "neoverse-512tvb",
           "a64fx",      "thunderx2t99", "tsv110",      "ampere1",     "ampere1a",    "ampere1b",
           "apple-m1",   "apple-m2",     "apple-m3",    "carmel",
       }) {
    const Names own = asked(cpu);
    Names missing = own;  // in all levels that the machine can run as a whole
    Names alone = own;    // in all levels
    for (const Names& given : levels) {
      for (const std::string& name : given) alone.erase(name);
      if (!std::ranges::includes(own, given)) continue;
      for (const std::string& name : given) missing.erase(name);
    }
    // Code that asks for one of these alone gets it, as with x86's.
    for (const char* single : {"COMPLEX", "DOTPROD", "FP16_FML", "FP16_SCALAR_ARITHMETIC", "FP16_VECTOR_ARITHMETIC",
                               "JCVT", "SHA3", "SHA512", "SM3", "SM4"}) {
      missing.erase(std::string("__ARM_FEATURE_") + single);
    }
    INFO(cpu);
    CHECK(missing == Names());
    CHECK(alone == Names());
  }
}

TEST_CASE("the macro of every extension of aarch64 leads to features", "[compiler]") {
  const ClangUnits clang;
  const std::string target = "--target=aarch64-linux-gnu -march=armv9-a";
  Names all =
      macros(clang, target +
                        "+aes+bf16+crc+dotprod+fp16+fp16fml+i8mm+memtag+mops+rcpc3+rng+sha2+sha3+sm4"
                        "+sve2-aes+sve2-bitperm+sve2-sha3+sve2-sm4+f32mm+f64mm+fcma+gcs+jscvt+ls64+lse+pauth+rdma+tme");
  for (const std::string& name : macros(clang, "--target=aarch64-linux-gnu")) all.erase(name);
  for (const std::string& name : all) {
    INFO(name);
    CHECK(arm_features_of_macro(name).has_value());
  }
  CHECK(all.size() > 30);
  CHECK(arm_features_of_macro("__ARM_FEATURE_SVE_MATMUL_INT8") == "sve,i8mm");
  CHECK(arm_features_of_macro("__ARM_FEATURE_RCPC=1") == "rcpc");
  CHECK(arm_features_of_macro("__ARM_FEATURE_RCPC=3") == "rcpc3");
  CHECK(arm_features_of_macro("__ARM_ARCH=9") == "v9a");
  CHECK_FALSE(arm_features_of_macro("__ARM_FEATURE_TOMORROW").has_value());
  CHECK_FALSE(arm_features_of_macro("__AVX2__").has_value());
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

TEST_CASE("a variant of aarch64 requires what it asked for and what its intrinsic functions need", "[one-thread]") {
  const ClangUnits clang;
  const auto needed = [&](const std::string& source, const std::string& cpu, const Features& asks) {
    const std::filesystem::path at = clang.directory("arm");
    const std::string target = "clang-19 --target=aarch64-linux-gnu -ffreestanding -O1 -S -emit-llvm -o - ";
    REQUIRE(write_file(at / "unit.c", "#include <arm_neon.h>\n" + source));
    const std::string text = clang.output(at, target + "-mcpu=" + cpu + " unit.c");
    llvm::LLVMContext context;
    llvm::SMDiagnostic problem;
    const auto module = llvm::parseAssemblyString(text, problem, context);
    REQUIRE(module != nullptr);
    Features level;
    for (const std::string& feature : arm_features_of(cpu)) level.push_back(feature);
    return used_level_features(*module, level, asks);
  };
  CHECK(needed("int f(int x) { return x + 1; }", "neoverse-v2", {}) == Features());
  CHECK(needed("int f(int x) { return x + 1; }", "neoverse-v1", {"__ARM_FEATURE_MATMUL_INT8"}) == Features{"+i8mm"});
  CHECK(needed("int f(int x) { return x + 1; }", "neoverse-v2", {"__ARM_ARCH=9"}) == Features{"+v9a"});
  CHECK(needed("int32x4_t f(int32x4_t* a, int8x16_t b) { return vdotq_s32(*a, b, b); }", "neoverse-v1",
               {"__ARM_FEATURE_FMA"})
            .size() > 10);  // of no feature: it may stand for all
  CHECK(needed("int32x4_t f(int32x4_t a, int8x16_t b) { return vdotq_s32(a, b, b); }", "neoverse-v1", {}) ==
        Features{"+dotprod"});
  CHECK(needed("int32x4_t f(int32x4_t a, int8x16_t b) { return vmmlaq_s32(a, b, b); }", "ampere1",
               {"__ARM_FEATURE_DOTPROD"}) == Features{"+dotprod", "+i8mm"});
  CHECK(needed("float16x8_t f(float16x8_t a) { return vmaxq_f16(a, vrecpeq_f16(a)); }", "neoverse-n1", {}) ==
        Features{"+fullfp16"});
  CHECK(needed("float32x4_t f(float32x4_t a) { return vmaxq_f32(a, vrecpeq_f32(a)); }", "neoverse-n1", {}) ==
        Features());
  CHECK(needed("uint8x16_t f(uint8x16_t a) { return vaesmcq_u8(a); }", "cortex-a72", {}) == Features{"+aes"});
  const std::string sve = "#include <arm_sve.h>\n";
  CHECK(needed(sve + "svfloat32_t f(svbool_t p, svfloat32_t a) { return svmax_x(p, a, a); }", "neoverse-v2", {}) ==
        Features{"+sve"});
  CHECK(needed(sve + "svint32_t f(svint32_t a, svint16_t b) { return svmlalb(a, b, b); }", "neoverse-v2", {}) ==
        Features{"+sve2"});
  CHECK(needed(sve + "svint32_t f(svint32_t a, svint8_t b) { return svmmla(a, b, b); }", "neoverse-v1", {}) ==
        Features{"+i8mm", "+sve"});
}

TEST_CASE("the names of a variant tell what it needs from what it only refers to weakly", "[compiler]") {
  const ClangUnits clang;
  const std::string source =
      "extern int needed, unused; extern int weak __attribute__((weak));\n"
      "int defined(void) { return needed + (&weak ? weak : 0); }\n";
  const AllowedFeatures allowed{{}, {"+avx2"}, {}};
  const ModuleSymbols symbols = canonicalise(clang.bitcode(source, ""), clang.target(""), {}, allowed).value().symbols;
  CHECK(symbols.defined == Names{"defined"});
  CHECK(symbols.needed == Names{"needed"});
  CHECK(symbols.weak == Names{"weak"});
}
