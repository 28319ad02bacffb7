// Which units may be optimised together: signatures, odd functions, and units that are compiled alone.
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include <catch2/catch.hpp>
#include <set>

#include "format/recipe.h"
#include "mkimage/capture/optimising_context.h"
#include "tests/unit/clang_units.h"

namespace {

using namespace xaas;

// A module with functions that do nothing.
struct Unit {
  llvm::LLVMContext context;
  llvm::Module module{"unit", context};

  llvm::Function* add(const std::string& name) {
    auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
    auto* function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module);
    llvm::IRBuilder<>(llvm::BasicBlock::Create(context, "", function)).CreateRetVoid();
    return function;
  }
};

// Adds the attribute, with a value if it needs one.
void add_attribute(llvm::Function& function, std::string_view name) {
  const auto kind = llvm::Attribute::getAttrKindFromName(llvm::StringRef(name.data(), name.size()));
  if (kind == llvm::Attribute::None) {
    function.addFnAttr(llvm::StringRef(name.data(), name.size()), "unusual");
  } else if (llvm::Attribute::isIntAttrKind(kind)) {
    function.addFnAttr(llvm::Attribute::get(function.getContext(), kind, 1));
  } else if (llvm::Attribute::isTypeAttrKind(kind)) {
    function.addFnAttr(llvm::Attribute::get(function.getContext(), kind, llvm::Type::getInt8Ty(function.getContext())));
  } else {
    function.addFnAttr(kind);
  }
}

OptimisingContext context_of(const std::string& source, const std::string& flags) {
  const test::ClangUnits clang;
  return clang.canonical_ir(source, flags).context;
}

}  // namespace

TEST_CASE("the table has every attribute of functions that LLVM has, sorted", "[one-thread]") {
  std::set<std::string_view> names;
  for (const AttributeRule& rule : attribute_rules()) names.insert(rule.name);
  CHECK(names.size() == attribute_rules().size());
  CHECK(std::ranges::is_sorted(attribute_rules(), {}, &AttributeRule::name));
  for (unsigned i = llvm::Attribute::None + 1; i < llvm::Attribute::EndAttrKinds; ++i) {
    const auto kind = static_cast<llvm::Attribute::AttrKind>(i);
    if (!llvm::Attribute::canUseAsFnAttr(kind)) continue;
    const std::string name = llvm::Attribute::getNameFromAttrKind(kind).str();
    INFO(name);
    CHECK(names.contains(name));
  }
}

TEST_CASE("a unit's signature has what LLVM neither compares nor merges, and nothing else", "[one-thread]") {
  for (const AttributeRule& rule : attribute_rules()) {
    Unit unit;
    add_attribute(*unit.add("f"), rule.name);
    INFO(rule.name);
    const std::string signature = mark_context(unit.module, {}).signature;
    CHECK((rule.rule == InlineRule::apart) == signature.starts_with(rule.name));
    if (rule.rule != InlineRule::apart) CHECK(signature.empty());
    if (rule.usual.empty()) continue;
    Unit usual;
    usual.add("f")->addFnAttr(llvm::StringRef(rule.name.data(), rule.name.size()),
                              llvm::StringRef(rule.usual.data(), rule.usual.size()));
    CHECK(mark_context(usual.module, {}).signature.empty());
  }
}

TEST_CASE("functions that differ from the rest of their unit are odd, and the unit's signature is that of the rest",
          "[one-thread]") {
  Unit unit;
  llvm::Function* odd = unit.add("odd");
  const llvm::Function* one = unit.add("one");
  unit.add("two");
  odd->addFnAttr(llvm::Attribute::NoRedZone);
  CHECK(mark_context(unit.module, {}).signature.empty());
  CHECK(odd->hasFnAttribute(kOddFunction));
  CHECK_FALSE(one->hasFnAttribute(kOddFunction));
}

TEST_CASE("functions that mean the place where they run are odd", "[one-thread]") {
  const test::ClangUnits clang;
  const auto is_odd = [&](const std::string& source) {
    const std::string bitcode = clang.canonical(source, "");
    llvm::LLVMContext context;
    auto module = llvm::parseBitcodeFile(llvm::MemoryBufferRef(bitcode, "unit"), context);
    if (!module) FAIL(llvm::toString(module.takeError()));
    return (*module)->getFunction("f")->hasFnAttribute(kOddFunction);
  };
  CHECK(is_odd("long f(void) { long r; __asm__ volatile(\"pushfq\\n\\tpopq %0\" : \"=r\"(r)); return r; }\n"));
  CHECK(is_odd("void f(void (*g)(void)) { __asm__ volatile(\"call *%0\" :: \"r\"(g)); }\n"));
  CHECK(is_odd("void f(void) { __asm__ volatile(\".pushsection sites\\n.quad 7\\n.popsection\"); }\n"));
  CHECK(is_odd("char *f(void) { return __builtin_frame_address(0); }\n"));
  CHECK(is_odd("int f(char *outer) { volatile char inner; return (char *)&inner < outer; }\n"));
  CHECK(is_odd("unsigned long f(void) { char here; return (unsigned long)&here; }\n"));
  CHECK(is_odd("long f(char *top) { char here; return top - &here; }\n"));
  CHECK(is_odd("void f(int *p) { __asm__ volatile(\"movl $7, (%0)\" :: \"r\"(p)); }\n"));
  CHECK(is_odd("int f(int *p) { int r; __asm__(\"movl (%1), %0\" : \"=r\"(r) : \"r\"(p)); return r; }\n"));
  CHECK_FALSE(is_odd("void f(int *p) { __asm__ volatile(\"incl (%0)\" :: \"r\"(p) : \"memory\"); }\n"));
  CHECK_FALSE(is_odd("void f(int *p) { __asm__(\"incl %0\" : \"+m\"(*p)); }\n"));
  CHECK_FALSE(is_odd("int f(int x) { __asm__(\"popcntl %0, %0\" : \"+r\"(x)); return x; }\n"));
  const std::string locals =
      "char *copy(char *, char *); void free(void *);\n"
      "long f(char *s) { char here[16]; char *end = copy(here, s); long n = 0;\n"
      "for (char *at = here; at < here + 16; at += 4) n += *at; if (end != here) free(end); return n; }\n";
  CHECK_FALSE(is_odd(locals));
  CHECK_FALSE(
      is_odd("char *strchr(const char *, int); int read_line(char *);\n"
             "long f(void) { char line[80]; read_line(line); return strchr(line, ':') - line; }\n"));
  // Clocks and waits use no memory.
  CHECK_FALSE(
      is_odd("unsigned f(void) { unsigned a, d; __asm__ volatile(\"lfence\\n\\trdtsc\" : \"=a\"(a), \"=d\"(d)); return "
             "a; }\n"));
  CHECK_FALSE(is_odd("void f(void) { __asm__ volatile(\"pause\"); }\n"));
  CHECK_FALSE(is_odd(
      "void f(int *x) { __asm__ volatile(\"cpuid\" : \"+a\"(x[0]), \"=b\"(x[1]), \"=c\"(x[2]), \"=d\"(x[3])); }\n"));
  CHECK(is_odd("void f(void) { __asm__ volatile(\"mfence\"); }\n"));
}

TEST_CASE("units that use the mode of arithmetic are told, and those that compute") {
  const auto mode = [](const std::string& source) { return context_of(source, "").uses_arithmetic_mode; };
  CHECK(mode("int fesetround(int); int f(void) { return fesetround(0x800); }\n"));
  CHECK(mode("int fetestexcept(int); int f(void) { return fetestexcept(4); }\n"));
  CHECK(mode("#include <xmmintrin.h>\nvoid f(void) { _mm_setcsr(_mm_getcsr() | 0x8000); }\n"));
  CHECK(mode("#include <xmmintrin.h>\nunsigned f(void) { return _mm_getcsr(); }\n"));
  CHECK(mode("#include <fenv.h>\nint f(fexcept_t *x) { return fegetexceptflag(x, FE_ALL_EXCEPT); }\n"));
  CHECK(mode("#include <fenv.h>\nint f(fenv_t *e) { return feholdexcept(e); }\n"));
  CHECK(mode("#include <fenv.h>\nint f(fenv_t *e) { return fegetenv(e); }\n"));
  CHECK(mode("void f(int *w) { __asm__ volatile(\"stmxcsr %0\" : \"=m\"(*w)); }\n"));
  CHECK(mode("int f(void) { short w; __asm__ volatile(\"fnstsw %0\" : \"=a\"(w)); return w; }\n"));
  CHECK(mode("void f(short *w) { __asm__ volatile(\"fldcw %0\" :: \"m\"(*w)); }\n"));
  CHECK_FALSE(mode("int fegetround(void); int f(void) { return fegetround(); }\n"));
  const auto computes = [](const std::string& source) { return context_of(source, "").has_arithmetic; };
  CHECK(computes("double f(double x) { return x + 1; }\n"));
  CHECK(computes("double f(int x) { return x; }\n"));
  CHECK(computes("int f(float x) { return x; }\n"));
  CHECK(computes("int f(double x) { return x < 1; }\n"));
  CHECK_FALSE(computes("double f(double *x) { return x[3]; } int g(int a) { return a * 3; }\n"));
}

TEST_CASE("a unit whose assembly reads another file is native", "[one-thread]") {
  const test::ClangUnits clang;
  REQUIRE(write_file(clang.directory("a") / "data", "data"));
  const std::string within =
      "void f(void) { __asm__ volatile(\".pushsection a\\n.incbin \\\"data\\\"\\n.popsection\"); }\n";
  for (const std::string& source : {within, std::string("__asm__(\".incbin \\\"/dev/null\\\"\");\nint f;\n")}) {
    const auto canonical = canonicalise(clang.bitcode(source, ""), clang.target(""), {});
    REQUIRE_FALSE(canonical);
    CHECK(canonical.error().message == "its assembly reads another file by .incbin");
  }
}

TEST_CASE("clang's options make signatures", "[one-thread]") {
  const std::string source = "double f(double a, double b) { return a / b; }\n";
  OptimisingContext usual;
  usual.has_arithmetic = true;
  CHECK(context_of(source, "") == usual);
  CHECK(context_of(source, "-fPIC -g -fno-omit-frame-pointer -fstack-protector-strong") == usual);
  CHECK(context_of(source, "-mno-red-zone").signature == "noredzone");
  CHECK(context_of(source, "-fshort-wchar").signature == "wchar_size=2");
  CHECK(context_of(source, "-mcmodel=large").signature.starts_with("Code Model=4"));
  CHECK(context_of(source, "-mstack-alignment=32").signature == "override-stack-alignment=32");
  const OptimisingContext fast = context_of(source, "-ffast-math");
  CHECK(fast.signature.find("no-nans-fp-math=true") != std::string::npos);
  CHECK(fast.is_fast_math());
  CHECK(context_of("#pragma float_control(precise, off)\n" + source, "").signature == "finite-math");
}

TEST_CASE("units with ifuncs, or with assembly that names symbols, are alone", "[one-thread]") {
  const auto alone = [](const std::string& source) { return context_of(source, "").alone; };
  CHECK(alone("int g; int f(void) { int r; __asm__(\"movl %1, %0\" : \"=r\"(r) : \"m\"(g)); return r; }\n").empty());
  CHECK(alone("int f(int x) { __asm__ volatile(\"1: lock; incl %0\\n jnz 1b\" : \"+m\"(x)); return x; }\n").empty());
  CHECK(alone("int f(void) { __asm__ volatile(\"\" ::: \"memory\"); return 1; }\n").empty());
  CHECK(alone("int f(void) { int r; __asm__(\"call hidden\" : \"=a\"(r)); return r; }\n") ==
        "its assembly names hidden");
  // LLVM knows these symbols, but not that the assembly uses them.
  CHECK(alone("int known; int f(void) { __asm__ volatile(\"incl known(%rip)\"); return known; }\n") ==
        "its assembly names known");
  CHECK(alone("extern int known; int f(void) { __asm__ volatile(\"incl known(%rip)\"); return known; }\n") ==
        "its assembly names known");
  CHECK(alone("int pause; int f(void) { __asm__ volatile(\"pause\"); return pause; }\n").empty());
  CHECK(alone("int P, w; int f(int x) { __asm__(\"jmp %P0\\n movw %w1, %w1\" :: \"i\"(f), \"r\"(x)); return P + w; }\n")
            .empty());
  CHECK(alone("int f(int x) { __asm__ volatile(\"probe_point: nop\"); return x; }\n") ==
        "its assembly defines probe_point");
  CHECK(alone("__asm__(\".globl mark; mark = 5\");\nint f(void) { return 1; }\n").find("outside of functions") !=
        std::string::npos);
  CHECK(alone("static int one(void) { return 1; }\nstatic int (*choose(void))(void) { return one; }\n"
              "int f(void) __attribute__((ifunc(\"choose\")));\n")
            .find("versions of a function") != std::string::npos);
}

TEST_CASE("a unit that can be returned to twice is alone", "[one-thread]") {
  const auto alone = [](const std::string& source) { return context_of(source, "").alone; };
  CHECK(
      alone(
          "#include <setjmp.h>\njmp_buf b; void g(void); int f(void) { if (setjmp(b)) return 1; g(); return 2; }\n") ==
      "_setjmp can return to it twice");
  CHECK(alone("#include <setjmp.h>\njmp_buf b; void f(void) { longjmp(b, 1); }\n").empty());
}

TEST_CASE("the names of a variable that has several are known", "[one-thread]") {
  using Names = std::set<std::string>;
  const auto doubled = [](const std::string& source) { return context_of(source, "").doubled_names; };
  CHECK(doubled("int a = 1; extern int b __attribute__((alias(\"a\")));\n") == Names{"a", "b"});
  CHECK(doubled("static int a = 1; extern int b __attribute__((weak, alias(\"a\"))); int f(void) { return a++; }\n") ==
        Names{"a", "b"});
  CHECK(doubled("int a(void) { return 1; } int b(void) __attribute__((alias(\"a\")));\n").empty());
  CHECK(doubled("int a = 1;\n").empty());
}

TEST_CASE("what a unit says of memory, and what it does, is known by name", "[one-thread]") {
  using enum MemoryUse;
  const auto said = [](const std::string& source) { return context_of(source, "").said_uses; };
  const auto real = [](const std::string& source) { return context_of(source, "").real_uses; };
  CHECK(said("extern const int c; extern int v; int f(void) { return c + v; }\n") == MemoryUses{{"c", unused}});
  CHECK(said("__attribute__((const)) int c(int); __attribute__((pure)) int p(int); int g(int);\n"
             "int f(int x) { return c(x) + p(x) + g(x); }\n") == MemoryUses{{"c", unused}, {"p", read}});
  CHECK(real("int v; const int c = 1; static int s; int pure(int x) { return x; } int reads(void) { return v; }\n"
             "void sets(int x) { v = s = x; } static void own(void) { s++; } void calls(void) { own(); }\n") ==
        MemoryUses{{"v", changed}, {"reads", read}, {"sets", changed}, {"calls", changed}});
}

TEST_CASE("what is constant once the program has started is constant", "[one-thread]") {
  const auto real = [](const std::string& source) {
    MemoryUses uses = context_of(source, "-x c++").real_uses;
    std::erase_if(uses, [](const auto& entry) { return entry.first.size() != 1; });  // the one that counts
    return uses;
  };
  CHECK(real("double g(); extern const double k; const double k = g();\n").empty());
  CHECK(real("int& g(); int& r = g(); int f() { return r; }\n").empty());
  CHECK(real("int g(); int v = g();\n") == MemoryUses{{"v", MemoryUse::changed}});
  CHECK(real("int* g(); int* p = g(); void sets() { p = nullptr; }\n") == MemoryUses{{"p", MemoryUse::changed}});
  CHECK(real("int* p; int f() { return *p; }\n").contains("p"));
  CHECK(real("int* g(); int* p = g(); int** lends() { return &p; }\n") == MemoryUses{{"p", MemoryUse::changed}});
}

TEST_CASE("a function that a unit has only at a level does not keep the unit from being mixed", "[one-thread]") {
  using enum MemoryUse;
  const std::string source = R"(
extern const int table; extern const int more; int unknown(int); void set_mode(int);
#ifdef __AVX2__
__attribute__((const)) int sum(int);
#else
__attribute__((pure)) int sum(int);
#endif
int usual(int x) { return table + sum(x); }
#ifdef __AVX2__
#include <fenv.h>
int counter = 1; extern int second __attribute__((alias("counter")));
double fast(double x, int y) { fesetround(FE_UPWARD); counter += unknown(y); return x * more + sum(y); }
#endif
)";
  OptimisingContext unit = context_of(source, "");
  CHECK(unit.said_uses == MemoryUses{{"table", unused}, {"sum", read}});
  add_context_at_level(context_of(source, "-mavx2"), unit);
  CHECK(unit.alone.empty());
  CHECK(unit.said_uses == MemoryUses{{"table", unused}, {"sum", unused}, {"more", unused}});
  CHECK(unit.real_uses == MemoryUses{{"usual", read}, {"counter", changed}, {"fast", changed}});
  CHECK(unit.doubled_names == std::set<std::string>{"counter", "second"});
  CHECK(unit.uses_arithmetic_mode);
  CHECK(unit.has_arithmetic);
  CHECK(unit.hides_exceptions);
  add_context_at_level(context_of(source, "-mno-red-zone"), unit);
  CHECK(unit.alone == "it is optimised otherwise at a level");
}

TEST_CASE("units without exceptions hide those of functions that they call", "[one-thread]") {
  const std::string calls = "int f(int (*call)(int)) { return call(1) + 1; }\n";
  CHECK(context_of(calls, "").hides_exceptions);
  CHECK(context_of("int g(int); int f(int x) { return g(x) + 1; }\n", "").hides_exceptions);
  CHECK_FALSE(context_of(calls, "-fexceptions").hides_exceptions);
  CHECK_FALSE(context_of("int f(int x) { return x + 1; }\n", "").hides_exceptions);
  CHECK_FALSE(context_of(calls, "").catches_exceptions);
  const std::string cleans =
      "void clean(int *); int g(int *);\n"
      "int f(void) { int x __attribute__((cleanup(clean))) = 1; return g(&x); }\n";
  CHECK(context_of(cleans, "-fexceptions").catches_exceptions);
}
