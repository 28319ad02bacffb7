// The compiler's plugin marks a string that is only handed on. It marks no string whose length the program may know.
#include <algorithm>
#include <catch2/catch.hpp>

#include "clang_units.h"
#include "format/moved_prefix.h"
#include "format/string_mark.h"

using namespace xaas;

namespace {

class Compiler {
 public:
  enum class Language { c, cxx };

  // Whether the string P "/t" is marked in the code, with optimisation and without. P is the placeholder. The plugin
  // sees the code before any optimisation, so that the levels of optimisation do not differ for it.
  bool marks(const std::string& code, Language language = Language::c) {
    const bool without = marks(code, language, "-O0");
    CHECK(marks(code, language, "-O3") == without);
    return without;
  }

 private:
  bool marks(const std::string& code, Language language, const std::string& level) {
    const bool is_c = language == Language::c;
    const std::string name = is_c ? "unit.c" : "unit.cc";
    REQUIRE(write_file(at_ / name, code));
    const std::string prelude = is_c ? "-include prelude.h " : "-std=c++20 -include-pch " + precompiled(level) + " ";
    test::ClangUnits::run(at_, "XAAS_MOVABLE=1 XAAS_PREFIX=" + placeholder_prefix() + " clang-19 -w " + prelude +
                                   level + " -fpass-plugin=" XAAS_BIN_DIR "/../lib/xaas/xaas-prefix-pass.so '-DP=\"" +
                                   placeholder_prefix() + "\"' -c " + name + " -o unit.o");
    const std::string object = read_file(at_ / "unit.o").value();
    const std::string string = placeholder_prefix() + "/t" + std::string(1, '\0');
    CHECK(object.find(string) != std::string::npos);
    return object.find(string + std::string(kStringMark)) != std::string::npos;
  }

  // The headers of C++, precompiled for a level. Most of the time would go into them.
  std::string precompiled(const std::string& level) {
    const std::string name = "prelude" + level + ".pch";
    if (!std::filesystem::exists(at_ / name)) {
      test::ClangUnits::run(at_, "clang-19 -w -x c++-header -std=c++20 " + level + " prelude.hh -o " + name);
    }
    return name;
  }

  std::filesystem::path write_preludes() {
    const std::filesystem::path at = units_.directory("a");
    REQUIRE(
        write_file(at / "prelude.h",
                   "typedef __SIZE_TYPE__ size_t; size_t strlen(const char*); int write(int, const void*, size_t);\n"
                   "int strncmp(const char*, const char*, size_t); int use(const char*);\n"));
    REQUIRE(
        write_file(at / "prelude.hh",
                   "#include <map>\n#include <string>\n#include <string_view>\n#include <tuple>\n#include <vector>\n"
                   "int use(const char*); int use(std::string_view);\n"));
    return at;
  }

  test::ClangUnits units_;
  std::filesystem::path at_ = write_preludes();
};

constexpr auto kCxx = Compiler::Language::cxx;

}  // namespace

TEST_CASE("strings that are handed on are marked", "[compiler]") {
  Compiler compiler;
  CHECK(compiler.marks("int f(void) { return use(P \"/t\"); }"));
  CHECK(compiler.marks("const char* f(void) { return P \"/t\"; }"));
  CHECK(compiler.marks("const char* path = P \"/t\"; int f(void) { return use(path); }"));
  CHECK(compiler.marks("static const char text[] = P \"/t\"; int f(void) { return use(text); }"));
  CHECK(compiler.marks(
      "const char* const paths[] = {P \"/t\", P \"/other\", 0}; int f(int i) { return use(paths[i]); }"));
  CHECK(compiler.marks("const struct { const char* path; int kind; } table[] = {{P \"/t\", 3}, {\"\", 4}};"));
  CHECK(compiler.marks("int f(int c) { const char* p = c ? P \"/t\" : \"/etc\"; return p[0] == '/' && use(p); }"));
  CHECK(compiler.marks("size_t f(const char* p) { if (!p) p = P \"/t\"; return strlen(p) + use(p); }"));
  CHECK(compiler.marks("int f(void) { char big[4096]; return use(\"-I\" P \"/other\") + use(P \"/t\") + use(big); }"));
  CHECK(compiler.marks("int f() { return use((std::string(P \"/t\") + \"/x\").c_str()); }", kCxx));
  CHECK(compiler.marks("std::string path = P \"/t\"; int f() { return use(path.c_str()); }", kCxx));
  CHECK(compiler.marks("int f() { std::string_view v = P \"/t\"; return use(v.substr(0, v.rfind('/'))); }", kCxx));
  CHECK(compiler.marks("std::map<std::string, const char*> m = {{\"key\", P \"/t\"}};", kCxx));
  CHECK(compiler.marks("void f(std::vector<std::string>& v) { v.emplace_back(P \"/t\"); }", kCxx));
  CHECK(compiler.marks("auto f() { return std::make_tuple(P \"/t\", 1); }", kCxx));
  CHECK_FALSE(
      compiler.marks("struct S { size_t n; template <size_t N> S(const char (&)[N]); };"
                     "void f(std::vector<S>& v) { v.emplace_back(P \"/t\"); }",
                     kCxx));
}

TEST_CASE("strings that are measured when they are compiled are not marked", "[compiler]") {
  Compiler compiler;
  CHECK_FALSE(compiler.marks("int f(void) { return write(1, P \"/t\", sizeof P \"/t\" - 1); }"));
  CHECK_FALSE(compiler.marks("int f(void) { return use(P \"/t\") + write(1, \"\", strlen(P \"/t\")); }"));
  CHECK_FALSE(compiler.marks(
      "const char* f(void) { return P \"/t\"; } int g(const char* p) { return use(p + strlen(P \"/t\")); }"));
  CHECK_FALSE(
      compiler.marks("const char* f(void) { return P \"/t\"; } int g(const char* p) { return use(p + strlen(P)); }"));
  CHECK_FALSE(compiler.marks(
      "const char* f(void) { return P \"/t\"; } int g(const char* p) { return strncmp(p, P, strlen(P)); }"));
  CHECK_FALSE(compiler.marks("const char* f(void) { return P \"/t\"; } int length = sizeof P \"/t\" - 1;"));
  CHECK_FALSE(compiler.marks("int f(void) { int n = sizeof P \"/t\" - 2; return use(P \"/t\") + n; }"));
  CHECK_FALSE(
      compiler.marks("const struct { const char* text; size_t size; } table[] = {{P \"/t\", sizeof P \"/t\" - 1}};"));
  CHECK_FALSE(compiler.marks(
      "const char* const texts[] = {P \"/t\"}; const unsigned short sizes[] = {sizeof P \"/t\", 7, 9};"));
  CHECK_FALSE(compiler.marks("int f(void) { char local[] = P \"/t\"; local[0] = '.'; return use(local); }"));
  CHECK_FALSE(compiler.marks("void f(char* to) { __builtin_memcpy(to, P \"/t\", sizeof P \"/t\"); }"));
  CHECK_FALSE(compiler.marks("constexpr std::string_view v = P \"/t\"; int f() { return use(v); }", kCxx));
  CHECK_FALSE(compiler.marks("using namespace std::literals; int f() { return use(P \"/t\"sv); }", kCxx));
  CHECK_FALSE(compiler.marks("using namespace std::literals; int f() { return use(P \"/t\"s); }", kCxx));
  CHECK_FALSE(compiler.marks(
      "template <size_t N> int take(const char (&a)[N]) { return use(a); } int f() { return take(P \"/t\"); }", kCxx));
  CHECK_FALSE(
      compiler.marks("template <size_t N> int take(const char (&)[N]); int f() { return take(P \"/t\"); }", kCxx));
  CHECK_FALSE(
      compiler.marks("constexpr char t[] = P \"/t\"; int f() { int n = 0; for (char c : t) n += c; return n; }", kCxx));
  CHECK_FALSE(compiler.marks(
      "constexpr char t[] = P \"/t\"; auto f() { return std::string(std::begin(t), std::end(t)); }", kCxx));
}

TEST_CASE("strings that are used with an offset, are part of something or are seen elsewhere are not marked",
          "[compiler]") {
  Compiler compiler;
  CHECK_FALSE(compiler.marks("int f(void) { return use(P \"/t\" + 3); }"));
  CHECK_FALSE(compiler.marks("char f(int i) { return (P \"/t\")[i]; }"));
  CHECK_FALSE(compiler.marks("const char* end = P \"/t\" + sizeof P;"));
  CHECK_FALSE(compiler.marks("const struct { int kind; char path[200]; } inside = {1, P \"/t\"};"));
  CHECK_FALSE(compiler.marks("char writable[] = P \"/t\"; int f(void) { return use(writable); }"));
  CHECK_FALSE(compiler.marks("const char outside[] = P \"/t\"; int f(void) { return use(outside); }"));
  CHECK_FALSE(compiler.marks("static const char text[300] = P \"/t\"; int f(void) { return use(text); }"));
  CHECK_FALSE(compiler.marks("int f(void) { return use(P \":\" P \"/t\"); }"));
  CHECK_FALSE(compiler.marks("int f(void) { return use(P \"/t\\0more\"); }"));
  const std::string half(kMaxTail / 2, 'x');
  CHECK(compiler.marks("int f(void) { return use(\"" + half + "\" P \"/t\"); }"));
  CHECK_FALSE(compiler.marks("int f(void) { return write(1, \"" + half + "\" P \"/t\", sizeof \"" + half +
                             "\" P \"/t\" - 1); }"));
  CHECK_FALSE(compiler.marks("int f(void) { return use(\"" + half + half + "\" P \"/t\"); }"));
  CHECK_FALSE(compiler.marks("size_t f(void) { return (size_t)(P \"/t\") & 15; }"));
  CHECK_FALSE(compiler.marks("void f(void) { __asm__(\"\" : : \"r\"(P \"/t\")); }"));
}
