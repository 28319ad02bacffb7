// Features that only intrinsic functions and inline assembly use. They are required if the code has one of those, and
// not otherwise.
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/Support/SourceMgr.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <set>

#include "clang_units.h"
#include "format/bitcode/module.h"
#include "mkimage/capture/level_features.h"
#include "mkimage/capture/used_features.h"

using namespace xaas;
using namespace xaas::test;

namespace {

// The features of LLVM's table that a code generator may use by itself, or that are no instructions.
const std::set<std::string_view> kOthers = {"cmov",
                                            "mmx",
                                            "popcnt",
                                            "sse",
                                            "sse2",
                                            "sse3",
                                            "ssse3",
                                            "sse4.1",
                                            "sse4.2",
                                            "avx",
                                            "avx2",
                                            "sse4a",
                                            "fma4",
                                            "xop",
                                            "fma",
                                            "avx512f",
                                            "bmi",
                                            "bmi2",
                                            "avx512vl",
                                            "avx512bw",
                                            "avx512dq",
                                            "avx512cd",
                                            "nf",
                                            "cf",
                                            "avx512vbmi",
                                            "avx512ifma",
                                            "avx5124vnniw",
                                            "avx5124fmaps",
                                            "avx512vpopcntdq",
                                            "avx512vbmi2",
                                            "gfni",
                                            "avx512vnni",
                                            "avx512bitalg",
                                            "avx512bf16",
                                            "avx512vp2intersect",
                                            "adx",
                                            "64bit",
                                            "cx16",
                                            "cx8",
                                            "f16c",
                                            "crc32",
                                            "sahf",
                                            "vzeroupper",
                                            "lzcnt",
                                            "movbe",
                                            "x87",
                                            "evex512",
                                            "prfchw",
                                            "tbm",
                                            "fxsr",
                                            "avxvnni",
                                            "avx512fp16",
                                            "ccmp",
                                            "push2pop2",
                                            "ppx",
                                            "ndd",
                                            "avxifma",
                                            "avxvnniint8",
                                            "avxneconvert",
                                            "prefetchi",
                                            "avxvnniint16",
                                            "egpr",
                                            "avx10.1-256",
                                            "avx10.1-512",
                                            "zu",
                                            "retpoline-external-thunk",
                                            "retpoline-indirect-branches",
                                            "retpoline-indirect-calls",
                                            "lvi-cfi",
                                            "lvi-load-hardening"};

constexpr std::array kTable{
#define X86_FEATURE(ENUM, STRING) std::string_view(STRING),
#include <llvm/TargetParser/X86TargetParser.def>
};

const llvm::Triple kX86("x86_64-pc-linux-gnu");
const llvm::Triple kArm("aarch64-unknown-linux-gnu");

// Whether "+feature" is still required for a module that declares the function.
bool is_used(const std::string& intrinsic, const std::string& feature) {
  llvm::LLVMContext context;
  llvm::Module module("unit", context);
  module.getOrInsertFunction(intrinsic, llvm::Type::getVoidTy(context));
  return used_features(module, {"+" + feature}).size() == 1;
}

std::vector<std::string> used(const ClangUnits& clang, const std::string& source, const std::string& flags,
                              const std::vector<std::string>& features) {
  return canonicalise(clang.bitcode(source, flags), clang.target(flags), {}, {features}).value().features;
}

}  // namespace

TEST_CASE("every feature of LLVM's x86 table is one of a kind that was looked at", "[one-thread]") {
  for (const std::string_view feature : kTable) {
    if (feature.starts_with("__")) continue;  // it only holds a place in the numbering
    INFO(feature);
    CHECK(is_explicit_feature(kX86, feature) != kOthers.contains(feature));
  }
}

TEST_CASE("an intrinsic function that clang has for such a feature uses it", "[one-thread]") {
  std::size_t looked_at = 0;
  for (const X86Builtin& builtin : x86_builtins()) {
    // Checks one feature alone. Alternatives, and several features together, also require others.
    if (!is_explicit_feature(kX86, builtin.features)) continue;
    const auto id = llvm::Intrinsic::getIntrinsicForClangBuiltin("x86", builtin.name);
    const std::string name =
        id != llvm::Intrinsic::not_intrinsic
            ? llvm::Intrinsic::getBaseName(id).str()
            : "llvm.x86." + std::string(builtin.name).substr(std::string_view("__builtin_ia32_").size());
    INFO(name << " needs " << builtin.features);
    CHECK(is_used(name, std::string(builtin.features)));
    ++looked_at;
  }
  CHECK(looked_at > 100);
}

TEST_CASE("a unit requires such a feature only with an intrinsic function or an instruction of it", "[one-thread]") {
  const ClangUnits clang;
  const std::vector<std::string> features = {"+avx", "+clwb", "+pku", "+rdrnd", "+sgx", "-sha"};
  const std::string flags = "-mavx -mclwb -mpku -mrdrnd -msgx";
  const std::vector<std::string> none = {"+avx", "-sha"};
  CHECK(used(clang, "int f(int x) { return x + 1; }", flags, features) == none);
  CHECK(used(clang, "#include <immintrin.h>\nvoid f(void* p) { _mm_clwb(p); }", flags, features) ==
        std::vector<std::string>{"+avx", "+clwb", "-sha"});
  CHECK(used(clang, "#include <immintrin.h>\nint f(unsigned* p) { return _rdrand32_step(p); }", flags, features) ==
        std::vector<std::string>{"+avx", "+rdrnd", "-sha"});
  CHECK(used(clang, "void f(void) { __asm__ volatile(\"ENCLU\"); }", flags, features) ==
        std::vector<std::string>{"+avx", "+sgx", "-sha"});
  CHECK(used(clang, "__asm__(\"g: rdpkru; ret\");", flags, features) ==
        std::vector<std::string>{"+avx", "+pku", "-sha"});
  CHECK(used(clang, "#include <immintrin.h>\nstatic inline void g(void* p) { _mm_clwb(p); }\nint f(void) { return 1; }",
             flags, features) == none);
}

TEST_CASE("features of aarch64 are not taken for those of x86 with the same name", "[one-thread]") {
  const ClangUnits clang;
  CHECK(is_explicit_feature(kArm, "aes"));
  CHECK_FALSE(is_explicit_feature(kArm, "sha3"));
  CHECK_FALSE(is_explicit_feature(kArm, "clwb"));
  const auto used_of = [&](const std::string& source, const std::vector<std::string>& features) {
    const std::filesystem::path at = clang.directory("arm");
    REQUIRE(write_file(at / "unit.c", "#include <arm_neon.h>\n" + source));
    const std::string text = clang.output(
        at,
        "clang-19 --target=aarch64-linux-gnu -march=armv8.4-a+aes+sm4 -ffreestanding -O1 -S -emit-llvm -o - unit.c");
    llvm::LLVMContext context;
    llvm::SMDiagnostic problem;
    const auto module = llvm::parseAssemblyString(text, problem, context);
    REQUIRE(module != nullptr);
    return used_features(*module, features);
  };
  const std::vector<std::string> features = {"+aes", "+crc", "+sha3", "+sm4"};
  CHECK(used_of("int f(int x) { return x + 1; }", features) == std::vector<std::string>{"+sha3"});
  CHECK(used_of("uint8x16_t f(uint8x16_t a) { return vaesmcq_u8(a); }", features) ==
        std::vector<std::string>{"+aes", "+sha3"});
  CHECK(used_of("void f(void) { __asm__ volatile(\"crc32cx w0, w0, x1\" ::: \"w0\"); }", features) ==
        std::vector<std::string>{"+crc", "+sha3"});
}
