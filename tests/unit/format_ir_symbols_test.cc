#include <catch2/catch.hpp>

#include "format/ir_symbols.h"
#include "tests/unit/clang_units.h"

TEST_CASE("what a unit declares and does not define is read from its bitcode", "[compiler]") {
  const xaas::test::ClangUnits clang;
  const std::string source = R"(
    extern int elsewhere;
    int here = 3, maybe_here;
    int called(int);
    int renamed(int) __asm__("other_name");
    __attribute__((weak)) int weak(int);
    void* unused(int);
    __attribute__((noinline)) static int own(int x) { return x * elsewhere; }
    int main(int c, char** v) {
      char copy[c];
      __builtin_memset(copy, c, c);
      __builtin_prefetch(v);
      return called(own(c)) + renamed(copy[0]) + (int)__builtin_expf(c) + (weak ? weak(here) : maybe_here);
    })";
  const std::vector<std::string> expected = {"called", "elsewhere", "expf", "memset", "other_name", "weak"};
  const std::string ir = clang.canonical(source, "-fno-math-errno");
  CHECK(xaas::undefined_ir_symbols(ir).value() == expected);
  // Of any form: as the compiler wrote it, with debug information.
  CHECK(xaas::undefined_ir_symbols(clang.bitcode(source, "-g -fno-math-errno")).value() == expected);
  CHECK(xaas::undefined_ir_symbols(clang.canonical("int nothing = 1;", "")).value().empty());

  // Damage is an error and no crash.
  for (std::size_t size = 0; size < ir.size(); size += 7) {
    const auto cut = xaas::undefined_ir_symbols(std::string_view(ir).substr(0, size));
    if (!cut) CHECK(cut.error().code == xaas::Code::invalid);
  }
  CHECK_FALSE(
      xaas::undefined_ir_symbols("\x7f"
                                 "ELF"));
  CHECK_FALSE(xaas::undefined_ir_symbols(std::string_view(ir).substr(0, 40)));
}
