// What the intrinsic functions of aarch64 need, compared with what clang and its code generator say.
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>

#include <set>

#include "format/base/split.h"
#include "mkimage/capture/arm_features.h"
#include "tests/unit/clang_units.h"

namespace xaas {
namespace {

// A function that uses an intrinsic function.
struct Use {
  const char* target;  // what clang wants of the function's target
  const char* needs;   // the features that the CPU must have
  const char* function;
};

// One or more for each entry of the table, but for those of memory tagging that C cannot write.
constexpr Use kUses[] = {
    {"crc", "crc", "uint32_t F(uint32_t a, uint8_t b) { return __crc32b(a, b); }"},
    {"crc", "crc", "uint32_t F(uint32_t a, uint64_t b) { return __crc32cd(a, b); }"},
    {"aes", "aes", "uint8x16_t F(uint8x16_t a, uint8x16_t b) { return vaeseq_u8(a, b); }"},
    {"aes", "aes", "poly128_t F(poly64_t a, poly64_t b) { return vmull_p64(a, b); }"},
    {"sha2", "sha2", "uint32_t F(uint32_t a) { return vsha1h_u32(a); }"},
    {"sha2", "sha2", "uint32x4_t F(uint32x4_t a, uint32x4_t b) { return vsha256su0q_u32(a, b); }"},
    {"sha3", "sha3", "uint64x2_t F(uint64x2_t a, uint64x2_t b) { return vsha512su0q_u64(a, b); }"},
    {"sha3", "sha3", "uint8x16_t F(uint8x16_t a, uint8x16_t b, uint8x16_t c) { return vbcaxq_u8(a, b, c); }"},
    {"sha3", "sha3", "int8x16_t F(int8x16_t a, int8x16_t b, int8x16_t c) { return veor3q_s8(a, b, c); }"},
    {"sha3", "sha3", "uint64x2_t F(uint64x2_t a, uint64x2_t b) { return vrax1q_u64(a, b); }"},
    {"sha3", "sha3", "uint64x2_t F(uint64x2_t a, uint64x2_t b) { return vxarq_u64(a, b, 5); }"},
    {"sm4", "sm4", "uint32x4_t F(uint32x4_t a, uint32x4_t b) { return vsm4eq_u32(a, b); }"},
    {"sm4", "sm4", "uint32x4_t F(uint32x4_t a, uint32x4_t b, uint32x4_t c) { return vsm3ss1q_u32(a, b, c); }"},
    {"v8.3a", "jsconv", "int32_t F(double a) { return __jcvt(a); }"},
    {"v8.5a", "fptoint", "float F(float a) { return __rint32zf(a); }"},
    {"v8.5a", "fptoint", "double F(double a) { return __rint64x(a); }"},
    {"v8.5a", "fptoint", "float32x2_t F(float32x2_t a) { return vrnd32x_f32(a); }"},
    {"v8.5a", "fptoint", "float32x2_t F(float32x2_t a) { return vrnd64z_f32(a); }"},
    {"mte", "mte", "void* F(void* a) { return __builtin_arm_irg(a, 1); }"},
    {"mte", "mte", "void* F(void* a) { return __builtin_arm_addg(a, 1); }"},
    {"mte", "mte", "unsigned F(void* a, unsigned b) { return __builtin_arm_gmi(a, b); }"},
    {"mte", "mte", "void* F(void* a) { return __builtin_arm_ldg(a); }"},
    {"mte", "mte", "void F(void* a) { __builtin_arm_stg(a); }"},
    {"mte", "mte", "int F(void* a, void* b) { return __builtin_arm_subp(a, b); }"},
    {"mte,mops", "mte,mops", "void* F(void* a, int b, size_t c) { return __builtin_arm_mops_memset_tag(a, b, c); }"},
    {"bf16", "bf16", "bfloat16_t F(float a) { return vcvth_bf16_f32(a); }"},
    {"bf16", "bf16", "float32x4_t F(float32x4_t a, bfloat16x8_t b) { return vbfdotq_f32(a, b, b); }"},
    {"fp16fml", "fp16fml", "float32x2_t F(float32x2_t a, float16x4_t b) { return vfmlal_low_f16(a, b, b); }"},
    {"fp16fml", "fp16fml", "float32x2_t F(float32x2_t a, float16x4_t b) { return vfmlsl_high_f16(a, b, b); }"},
    {"fullfp16", "fullfp16", "float16x4_t F(float16x4_t a, float16x4_t b) { return vabd_f16(a, b); }"},
    {"fullfp16", "fullfp16", "int16x4_t F(float16x4_t a) { return vcvta_s16_f16(a); }"},
    {"neon", "", "float32x4_t F(float16x4_t a) { return vcvt_f32_f16(a); }"},
    {"neon", "", "float32x4_t F(float32x4_t a, float32x4_t b) { return vabdq_f32(a, b); }"},
    {"dotprod", "dotprod", "int32x2_t F(int32x2_t a, int8x8_t b) { return vdot_s32(a, b, b); }"},
    {"dotprod", "dotprod", "uint32x2_t F(uint32x2_t a, uint8x8_t b) { return vdot_u32(a, b, b); }"},
    {"i8mm", "i8mm", "int32x2_t F(int32x2_t a, uint8x8_t b, int8x8_t c) { return vusdot_s32(a, b, c); }"},
    {"i8mm", "i8mm", "int32x4_t F(int32x4_t a, int8x16_t b) { return vmmlaq_s32(a, b, b); }"},
    {"i8mm", "i8mm", "uint32x4_t F(uint32x4_t a, uint8x16_t b) { return vmmlaq_u32(a, b, b); }"},
    {"i8mm", "i8mm", "int32x4_t F(int32x4_t a, uint8x16_t b, int8x16_t c) { return vusmmlaq_s32(a, b, c); }"},
    {"v8.1a", "rdm", "int32x2_t F(int32x2_t a, int32x2_t b) { return vqrdmlah_s32(a, b, b); }"},
    {"v8.1a", "rdm", "int32x2_t F(int32x2_t a, int32x2_t b) { return vqrdmlsh_s32(a, b, b); }"},
    {"v8.3a", "complxnum", "float32x2_t F(float32x2_t a, float32x2_t b) { return vcadd_rot90_f32(a, b); }"},
    {"v8.3a", "complxnum", "float32x2_t F(float32x2_t a, float32x2_t b) { return vcmla_f32(a, b, b); }"},
    {"rand", "rand", "int F(uint64_t* a) { return __rndr(a); }"},
    {"gcs", "gcs", "uint64_t F(uint64_t a) { return __builtin_arm_gcspopm(a); }"},
    {"gcs", "gcs", "const void* F(const void* a) { return __builtin_arm_gcsss(a); }"},
    {"ls64", "ls64", "void F(const void* a, uint64_t* b) { __builtin_arm_ld64b(a, b); }"},
    {"ls64", "ls64", "uint64_t F(void* a, const uint64_t* b) { return __builtin_arm_st64bv0(a, b); }"},
    {"tme", "tme", "uint64_t F(void) { return __builtin_arm_tstart(); }"},
    {"tme", "tme", "void F(void) { __builtin_arm_tcommit(); }"},
    {"tme", "tme", "void F(void) { __builtin_arm_tcancel(3); }"},
    {"tme", "tme", "uint64_t F(void) { return __builtin_arm_ttest(); }"},
};

// A unit with the functions f1, f2, …
std::string unit_of_uses() {
  std::string text = "#include <arm_acle.h>\n#include <arm_neon.h>\n#include <stddef.h>\n";
  std::size_t number = 0;
  for (const Use& use : kUses) {
    std::string function = use.function;
    function.replace(function.find("F("), 1, fmt::format("f{}", ++number));
    text += fmt::format("__attribute__((target(\"{}\"))) {}\n", use.target, function);
  }
  return text;
}

// The features that the intrinsic functions in a function need.
std::set<std::string> needs_of(const llvm::Function& function) {
  std::set<std::string> needs;
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    const llvm::Function* called = call == nullptr ? nullptr : call->getCalledFunction();
    if (called != nullptr && called->isIntrinsic()) needs.insert(arm_features_of_intrinsic(*called));
  }
  needs.erase("");
  return needs;
}

// The functions of a text in assembly on whose lines the assembler's messages are.
std::set<std::string> functions_with_errors(std::string_view assembly, const std::string& messages) {
  std::set<std::string> functions;
  std::string function;
  std::size_t number = 0;
  for (const std::string_view line : split(assembly, '\n')) {
    if (line.starts_with("f") && line.find(':') != line.npos) function = line.substr(0, line.find(':'));
    if (messages.find(fmt::format("unit.s:{}:", ++number)) != std::string::npos) functions.insert(function);
  }
  return functions;
}

}  // namespace

TEST_CASE("intrinsic functions of aarch64 need the features of the instructions that they become", "[compiler]") {
  const test::ClangUnits clang;
  const auto at = clang.directory("arm");
  const std::string compile = "clang-19 --target=aarch64-linux-gnu ";
  REQUIRE(write_file(at / "unit.c", unit_of_uses()));
  const std::string ir = clang.output(at, compile + "-ffreestanding -O1 -S -emit-llvm -o - unit.c");
  llvm::LLVMContext context;
  llvm::SMDiagnostic error;
  const auto module = llvm::parseAssemblyString(ir, error, context);
  REQUIRE(module);
  std::set<std::string> with_needs;
  std::size_t number = 0;
  for (const Use& use : kUses) {
    INFO(use.function);
    const std::string name = fmt::format("f{}", ++number);
    const std::string needs = use.needs;
    llvm::Function* function = module->getFunction(name);
    REQUIRE(function != nullptr);
    CHECK(needs_of(*function) == (needs.empty() ? std::set<std::string>() : std::set{needs}));
    if (needs.empty()) continue;
    with_needs.insert(name);
    std::string features = "+neon";
    for (const std::string_view feature : split(needs, ',')) features += fmt::format(",+{}", feature);
    function->addFnAttr("target-features", features);
  }

  // They are enough to find instructions for all functions.
  std::string reduced;
  llvm::raw_string_ostream out(reduced);
  out << *module;
  REQUIRE(write_file(at / "unit.ll", out.str()));
  const std::string assembly = clang.output(at, compile + "-S -o - unit.ll");

  // They are needed: a plain CPU does not have the instructions.
  REQUIRE(write_file(at / "unit.s", assembly));
  const std::string messages = clang.output(at, compile + "-c unit.s 2>&1 || true");
  CHECK(functions_with_errors(assembly, messages) == with_needs);
}

}  // namespace xaas
