// What `mkxaas discover` takes for instruction sets: one rule a test, on small projects.
#include "tests/unit/mkimage_discover_support.h"

namespace {

using namespace xaas::test::discovery;  // NOLINT(google-build-using-namespace)

TEST_CASE("an instruction set is known with and without `_` in its name", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_AVXVNNIINT8 \"\" ON)\noption(DEMO_AVX512_VBMI2 \"\" OFF)\n"
                          "option(DEMO_SSE41 \"\" OFF)\noption(DEMO_XOP \"\" OFF)\n")) ==
        "AVX_VNNI_INT8* -DDEMO_AVXVNNIINT8, AVX_512_VBMI2 -DDEMO_AVX512_VBMI2, SSE4.1 -DDEMO_SSE41, XOP -DDEMO_XOP");
}

TEST_CASE("an instruction set of several parts is one finding, as the project calls it", "[one-thread]") {
  CHECK(
      findings(of_cmake("option(DEMO_ARM82 \"\" ON)\noption(DEMO_ARM86SVEBF16 \"\" ON)\noption(DEMO_RV_ZVFH \"\" ON)\n"
                        "option(DEMO_VSX_SSE2 \"\" ON)\noption(DEMO_VSX_SSE41 \"\" ON)\n"
                        "option(DEMO_X86_AVX2 \"\" ON)\n")) ==
      "ARM82 -DDEMO_ARM82, ARM86SVEBF16 -DDEMO_ARM86SVEBF16, RV_ZVFH -DDEMO_RV_ZVFH, VSX_SSE2 -DDEMO_VSX_SSE2, "
      "VSX_SSE41 -DDEMO_VSX_SSE41, AVX2* -DDEMO_X86_AVX2");
}

TEST_CASE("a part of a family of another processor is no default", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_ARM_DOTPROD \"\" ON)\noption(DEMO_ARM_I8MM \"\" ON)\n"
                          "option(DEMO_ARM_BF16 \"\" ON)\n")) ==
        "ARM_DOTPROD -DDEMO_ARM_DOTPROD, ARM_I8MM -DDEMO_ARM_I8MM, ARM_BF16 -DDEMO_ARM_BF16");
}

TEST_CASE("what has an instruction set in its name and something else is none", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_SHA256 \"\" ON)\noption(DEMO_ARM \"\" ON)\noption(DEMO_ARM_LIBRARY \"\" ON)\n"
                          "option(DEMO_NEONATAL \"\" ON)\noption(DEMO_BF16 \"\" ON)\noption(DEMO_AVX_THING \"\" ON)\n"))
            .empty());
}

TEST_CASE("a word of common use is an instruction set only if the help is about instructions", "[one-thread]") {
  CHECK(findings(of_cmake("option(DEMO_MSA \"optimize for mips with the msa extension\" ON)\n")) == "MSA -DDEMO_MSA");
  CHECK(findings(of_cmake("option(DEMO_MSA \"multiple sequence alignment\" ON)\noption(DEMO_AES \"\" ON)\n")).empty());
  CHECK(findings(of_cmake("option(DEMO_AES \"use AES instructions\" ON)\n")) == "AES* -DDEMO_AES");
}

TEST_CASE("an instruction set that is on if the compiler has it is a default", "[one-thread]") {
  const std::string checks =
      "check_cxx_compiler_flag(-mavx HAS_AVX)\ncheck_c_source_compiles(\"x\" HAS_FMA)\n"
      "check_cxx_source_runs(\"x\" RUNS_AVX2)\n";
  CHECK(findings(of_cmake(checks + "if(UNIX AND HAS_AVX)\n  option(DEMO_AVX \"\" ON)\n  if(HAS_FMA AND DEMO_AVX)\n"
                                   "    option(DEMO_FMA \"\" ON)\n    option(DEMO_F16C \"\" OFF)\n  else()\n"
                                   "    option(DEMO_SSE3 \"\" ON)\n  endif()\nendif()\nif(RUNS_AVX2)\n"
                                   "  option(DEMO_AVX2 \"\" ON)\nendif()\nif(NOT HAS_AVX)\n"
                                   "  option(DEMO_SSE2 \"\" ON)\nendif()\n")) ==
        "AVX* -DDEMO_AVX, FMA* -DDEMO_FMA, F16C -DDEMO_F16C, SSE3 -DDEMO_SSE3, AVX2 -DDEMO_AVX2, SSE2 -DDEMO_SSE2");
}

}  // namespace
