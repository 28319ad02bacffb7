// Canonical IR of units that clang really makes. Units that must be equal are equal, units that must differ differ, and
// damage is an error.
#include <catch2/catch.hpp>
#include <set>

#include "format/base/file.h"
#include "mkimage/capture/canonical_ir.h"
#include "tests/unit/clang_units.h"

namespace xaas {
namespace {

using test::ClangUnits;

std::string text_of(const ClangUnits& clang, const std::string& bitcode) {
  const std::filesystem::path at = clang.directory("text");
  REQUIRE(write_file(at / "unit.bc", bitcode));
  return clang.output(at, "llvm-dis-19 unit.bc -o -");
}

constexpr const char* kPlain = R"(
extern int given; int exported; static int hidden_state; _Thread_local int per_thread;
int other(int);
__attribute__((visibility("hidden"))) int quiet(int x) { return x ^ exported; }
__attribute__((weak)) int overridable(void) { return 1; }
static int local(int x) { return x * given + hidden_state++; }
int sum(const int* p, int n) {
  int s = overridable() + per_thread;
  for (int i = 0; i < n; i++) s += p[i] * local(i) + quiet(i);
  return s + other(s);
}
)";

constexpr const char* kDispatch = R"(
__attribute__((target("avx2"))) int wide(const int* p) { int s = 0; for (int i = 0; i < 64; i++) s += p[i]; return s; }
int narrow(const int* p) { int s = 0; for (int i = 0; i < 64; i++) s += p[i]; return s; }
)";

constexpr const char* kAssembly = R"(
__asm__(".globl raw\nraw: xorl %eax, %eax\n ret\n");
__asm__(".symver old_f, f@V1\n.symver new_f, f@@V2\n.symver older_f, f@V0\n");
int raw(void);
int old_f(void) { return 1; }
int new_f(void) { return 2; }
int older_f(void) { return raw(); }
)";

TEST_CASE("position independence leaves no trace in canonical IR", "[one-thread]") {
  const ClangUnits clang;
  const std::string pic = clang.canonical(kPlain, "-fPIC");
  CHECK(pic == clang.canonical(kPlain, "-fPIE"));
  CHECK(pic == clang.canonical(kPlain, "-fno-pic"));
  CHECK(pic == clang.canonical(kPlain, "-fpic"));
  const std::string text = text_of(clang, pic);
  CHECK(text.find("PIC Level") == std::string::npos);
  CHECK(text.find("dso_local i32 @sum") == std::string::npos);
  CHECK(text.find("hidden") != std::string::npos);
}

TEST_CASE("names of the build leave no trace in canonical IR", "[one-thread]") {
  const ClangUnits clang;
  const std::string plain = clang.canonical(kPlain, "");
  CHECK(plain == clang.canonical(kPlain, "-DUNUSED=2 -Wall"));
  CHECK(plain == clang.canonical(kPlain, "-frecord-command-line", "b"));
  const std::string a = clang.canonical(kPlain, "-g -ffile-prefix-map=" + clang.directory("a").string() + "=.", "a");
  const std::string b = clang.canonical(kPlain, "-g -ffile-prefix-map=" + clang.directory("b").string() + "=.", "b");
  CHECK(a == b);
  CHECK(a != plain);
  CHECK(text_of(clang, a).find("DISubprogram") != std::string::npos);
}

TEST_CASE("inline assembly does not remember where it stood", "[one-thread]") {
  const ClangUnits clang;
  const char* source = "int f(int x) { __asm__ volatile(\"nop\" : \"+r\"(x)); return x; }\n";
  const std::string plain = clang.canonical(source, "");
  CHECK(plain == clang.canonical(source, "-DUNUSED=2"));
  CHECK(plain == clang.canonical(source, "-fPIC"));
  CHECK(plain == clang.canonical(std::string("\n\n") + source, ""));
}

TEST_CASE("semantic flags stay in canonical IR", "[one-thread]") {
  const ClangUnits clang;
  const std::set<std::string> forms = {
      clang.canonical(kPlain, ""), clang.canonical(kPlain, "-fno-strict-aliasing"), clang.canonical(kPlain, "-fwrapv"),
      clang.canonical(kPlain, "-fvisibility=hidden"), clang.canonical(kPlain, "-fno-omit-frame-pointer")};
  CHECK(forms.size() == 5);
}

TEST_CASE("a unit's own target attributes are dropped, those of target() stay", "[one-thread]") {
  const ClangUnits clang;
  const std::string baseline = text_of(clang, clang.canonical(kDispatch, ""));
  const auto first = baseline.find("\"target-features\"");
  REQUIRE(first != std::string::npos);
  CHECK(baseline.find("+avx2", first) != std::string::npos);
  CHECK(baseline.find("\"target-features\"", first + 1) == std::string::npos);
  for (const char* flags : {"-mavx", "-mavx -mno-fma", "-march=haswell", "-march=haswell -mtune=haswell"}) {
    CHECK(text_of(clang, clang.canonical(kPlain, flags)).find("target-") == std::string::npos);
    CHECK(text_of(clang, clang.canonical(kPlain, flags)).find("tune-cpu") == std::string::npos);
  }
  CHECK(clang.canonical("int f(int x) { return x + 1; }", "-mavx") ==
        clang.canonical("int f(int x) { return x + 1; }", ""));
}

TEST_CASE("canonicalising is the same every time, and twice changes nothing", "[one-thread]") {
  const ClangUnits clang;
  for (const char* source : {kPlain, kDispatch, kAssembly}) {
    const std::string raw = clang.bitcode(source, "-fPIC -g");
    const UnitTarget own = clang.target("-fPIC -g");
    const std::string once = canonicalise(raw, own).value().bitcode;
    for (int i = 0; i < 8; i++) CHECK(canonicalise(raw, own).value().bitcode == once);
    CHECK(canonicalise(once, own).value().bitcode == once);
    CHECK(canonicalise(once, UnitTarget()).value().bitcode == once);
  }
}

TEST_CASE("symbols of file-scope assembly are in the summary of canonical IR", "[one-thread]") {
  const ClangUnits clang;
  const std::string text = text_of(clang, clang.canonical(kAssembly, ""));
  CHECK(text.find("module asm") != std::string::npos);
  CHECK(text.find("gv: (name: \"older_f\"") != std::string::npos);
}

TEST_CASE("canonical IR stays a ThinLTO module that a linker accepts", "[one-thread]") {
  const ClangUnits clang;
  const std::filesystem::path at = clang.directory("link");
  REQUIRE(write_file(at / "unit.bc", clang.canonical("int main(void) { return 0; }", "-fPIC")));
  clang.run(at, "ld.lld-19 -pie -e main unit.bc -o out && test -s out");
}

TEST_CASE("damaged bitcode is an error, not an abort", "[one-thread]") {
  const ClangUnits clang;
  const std::string good = clang.bitcode(kPlain, "");
  for (const std::string& bad : {std::string(), std::string("BC"), std::string(64, 'x'),
                                 good.substr(0, good.size() / 2), good.substr(0, 200), good + good}) {
    const Result<CanonicalIr> result = canonicalise(bad, {});
    REQUIRE(!result);
    CHECK(result.error().code == Code::invalid);
    CHECK(result.error().message.find('\n') == std::string::npos);
    CHECK(!read_unit_target(bad.substr(0, 200)));
  }
}

TEST_CASE("the target of a unit is read from text as well as from bitcode", "[one-thread]") {
  const ClangUnits clang;
  const UnitTarget target =
      read_unit_target(
          "define void @f() #0 { ret void }\nattributes #0 = { \"target-features\"=\"+avx\" \"target-cpu\"=\"x\" }\n")
          .value();
  CHECK(target == UnitTarget{"+avx", "x", ""});
  CHECK(clang.target("").features.find("+sse2") != std::string::npos);
  CHECK(clang.target("").cpu.empty());
  CHECK(!read_unit_target("declare void @f()\n"));
}

}  // namespace
}  // namespace xaas
