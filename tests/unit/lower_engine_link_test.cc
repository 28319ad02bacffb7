// The worker: how it links units with each other, with archives and with libraries.
#include "tests/unit/lower_engine_support.h"

namespace xaas {
namespace {

using test::add_program;
using test::has;
using test::kMain;
using test::kPart;
using test::Worker;

TEST_CASE("a program runs, and is the same bytes for any number of threads") {
  for (const LinkKind kind : {LinkKind::pie, LinkKind::no_pie}) {
    Worker worker(kind);
    worker.job().target = resolve_target(test::kTriple, {}).value();
    add_program(worker);
    worker.add(worker.unit("main.o", kMain));
    worker.add(worker.unit("part.o", kPart, "-fPIC"));
    worker.run_well();
    CHECK(worker.clang().output(worker.directory(), "./out") == "63\n");
    CHECK(has(worker.of_result("llvm-readelf-19 -h"), kind == LinkKind::pie ? "DYN" : "EXEC"));
    CHECK(has(worker.of_result("llvm-readelf-19 -n"), "Build ID: " + worker.job().build_id));
    const std::string bytes = worker.result_bytes();
    for (const unsigned jobs : {2U, 7U}) {
      worker.job().jobs = jobs;
      worker.run_well();
      CHECK(worker.result_bytes() == bytes);
    }
    worker.job().policy = find_policy("fast").value();
    worker.run_well();
    CHECK(worker.clang().output(worker.directory(), "./out") == "63\n");
  }
}

// The symbols that are left of a function that only another unit calls, when nothing is imported. The function is
// inlined when the two units are merged into one module.
std::string symbols_when(Worker& worker, bool merged) {
  worker.job().policy.import_limit = 0;
  worker.job().merged = merged;
  worker.run_well();
  return worker.of_result("llvm-nm-19");
}

TEST_CASE("units need not agree on the types of what they share") {
  for (const bool merged : {false, true}) {
    Worker worker(LinkKind::pie);
    worker.job().target = resolve_target(test::kTriple, {}).value();
    worker.job().merged = merged;
    add_program(worker);
    worker.add(worker.unit("main.o", R"(
#include <stdio.h>
void set(float*, float);
__attribute__((noinline)) static int of_two(int* p, long i, long j) { p[i] = 1; set((float*)p + j, 0); return p[i]; }
int main(int c, char** v) { (void)v; int a[4] = {0}; return printf("%d\n", of_two(a, c, c)) < 0; }
)"));
    worker.add(worker.unit("set.o", "void set(float* p, float v) { *p = v; }\n"));
    worker.run_well();
    CHECK(worker.clang().output(worker.directory(), "./out") == "0\n");
  }
}

TEST_CASE("what is found without being named is in the program") {
  for (const bool merged : {false, true}) {
    Worker worker(LinkKind::pie);
    worker.job().target = resolve_target(test::kTriple, {}).value();
    worker.job().merged = merged;
    add_program(worker);
    worker.add(worker.unit("main.o", R"(
#include <stdio.h>
int main(void) { return puts("main") < 0; }
)"));
    worker.add(worker.unit("found.o", R"(
#include <stdio.h>
static void start(void) { puts("start"); }
void (*const starts)(void) __attribute__((section(".init_array"))) = start;
const char license[] __attribute__((section(".modinfo"))) = "license=GPL";
const char text[] = "@(#) version 1.0";
int never_called(void) { return 5; }
)"));
    worker.run_well();
    CHECK(worker.clang().output(worker.directory(), "./out") == "start\nmain\n");
    CHECK(has(worker.of_result("llvm-readelf-19 -p .modinfo"), "license=GPL"));
    CHECK(has(worker.result_bytes(), "@(#) version 1.0"));
    CHECK(!has(worker.of_result("llvm-nm-19"), "never_called"));
  }
}

TEST_CASE("units that are to be merged are optimised as one module, with the same bytes for any number of threads") {
  Worker worker(LinkKind::pie);
  worker.job().target = resolve_target(test::kTriple, {}).value();
  add_program(worker);
  worker.add(worker.unit("main.o", kMain));
  worker.add(worker.unit("part.o", kPart, "-fPIC"));
  CHECK(has(symbols_when(worker, false), " part"));
  CHECK(!has(symbols_when(worker, true), " part"));
  CHECK(worker.clang().output(worker.directory(), "./out") == "63\n");
  const std::string bytes = worker.result_bytes();
  worker.job().jobs = 7;
  worker.run_well();
  CHECK(worker.result_bytes() == bytes);
}

TEST_CASE("a unit whose inline assembly has symbols of its own stays apart from the others") {
  Worker worker(LinkKind::pie);
  worker.job().target = resolve_target(test::kTriple, {}).value();
  add_program(worker);
  const std::string twin = R"(
static int table __attribute__((used)) = VALUE;
int NAME(void) { int x; __asm__("movl table(%%rip), %0" : "=r"(x)); return x; }
int NAME_jump(void) { int x = 1; __asm__("jmp over\nud2\nover: addl $1, %0" : "+r"(x)); return x; }
)";
  const auto named = [&](const std::string& name, const std::string& value) {
    return worker.unit(name + ".o", "#define NAME " + name + "\n#define NAME_jump " + name + "_jump\n#define VALUE " +
                                        value + "\n" + twin);
  };
  worker.add(worker.unit("main.o", R"(
#include <stdio.h>
int a(void), b(void), a_jump(void), b_jump(void);
int main(void) { printf("%d %d\n", a() * 10 + b(), a_jump() + b_jump()); return 0; }
)"));
  worker.add(named("a", "3"));
  worker.add(named("b", "7"));
  symbols_when(worker, true);
  CHECK(worker.clang().output(worker.directory(), "./out") == "37 4\n");
}

TEST_CASE("what cannot be linked as one module names the program") {
  Worker worker(LinkKind::pie);
  worker.job().merged = true;
  worker.job().target = resolve_target(test::kTriple, {}).value();
  add_program(worker);
  worker.add(worker.unit("main.o", "int absent(void); int main(void) { return absent(); }"));
  const JobResult result = worker.run();
  CHECK_FALSE(result.ok);
  CHECK(has(result.message, "undefined symbol: absent"));
  CHECK(!has(result.message, ".lto.o"));
}

TEST_CASE("units that cannot be one module are lowered side by side") {
  Worker worker(LinkKind::pie);
  worker.job().target = resolve_target(test::kTriple, {}).value();
  add_program(worker);
  worker.add(worker.unit("main.o", kMain));
  worker.add(worker.unit("part.o", kPart, "-fshort-wchar"));
  CHECK(has(symbols_when(worker, true), " part"));
  CHECK(worker.clang().output(worker.directory(), "./out") == "63\n");
}

TEST_CASE("local symbols of the same name in equal units do not clash") {
  Worker worker(GENERATE(LinkKind::shared, LinkKind::static_pie));
  worker.job().merged = GENERATE(false, true);
  const char* kCaller = "int a(int); int b(int); int both(int x) { return a(x) + b(x); }";
  const std::string twin =
      " static int table[4]; static __attribute__((noinline)) int up(int x) { return table[x & 3] += x; } ";
  const std::string weak = "__attribute__((weak,visibility(\"hidden\"))) int shared_weak(int x) { return up(x); }";
  worker.add(worker.unit("caller.o", kCaller));
  for (const char* name : {"twin.o", "twin.o"}) worker.add(worker.unit(name, twin + weak));
  worker.add(worker.unit("a.o", twin + "__attribute__((visibility(\"hidden\"))) int a(int x) { return up(x); }"));
  worker.add(worker.unit("b.o", twin + "__attribute__((visibility(\"hidden\"))) int b(int x) { return up(x); }"));
  worker.run_well();
}

TEST_CASE("members of an archive are linked when asked for, and all of them under --whole-archive") {
  for (const bool whole : {false, true}) {
    Worker worker(LinkKind::shared);
    worker.add(worker.unit("user.o", "int wanted(void); int use(void) { return wanted() + 1; }"));
    worker.add("--start-group");
    if (whole) worker.add("--whole-archive");
    worker.add(ArchiveInput{"libparts.a",
                            {worker.unit("wanted.o", "int wanted(void) { return 2; }"),
                             worker.unit("spare.o", "int spare(void) { return 3; }"),
                             worker.object("native.o", "int native_spare(void) { return 4; }")}});
    if (whole) worker.add("--no-whole-archive");
    worker.add("--end-group");
    worker.run_well();
    const std::string symbols = worker.of_result("llvm-nm-19 -D --defined-only");
    CHECK(has(symbols, " wanted"));
    CHECK(has(symbols, " spare") == whole);
    CHECK(has(symbols, " native_spare") == whole);
  }
}

TEST_CASE("symbol versions of file-scope assembly survive, and its labels see their functions") {
  Worker worker(LinkKind::shared);
  worker.add(worker.file_option("--version-script=", "V1 { global: f; local: *; }; V2 { global: f; call; } V1;"));
  worker.add(worker.unit("versions.o", R"(
__asm__(".symver old_f, f@V1\n.symver new_f, f@@V2\n");
int old_f(void) { return 1; }
int new_f(void) { return 2; }
__attribute__((used)) static int inner(void) { return 7; }
__asm__(".globl call\n.type call,@function\ncall: jmp inner\n");
)"));
  worker.add(worker.unit("other.o", "int old_f(void); int call(void); int keep(void) { return old_f() + call(); }"));
  worker.run_well();
  const std::string symbols = worker.of_result("llvm-nm-19 -D --defined-only");
  CHECK(has(symbols, " f@V1"));
  CHECK(has(symbols, " f@@V2"));
  CHECK(has(symbols, " call@@V2"));
  CHECK(!has(symbols, " keep"));
}

TEST_CASE("constructors run and an exported function can be replaced by LD_PRELOAD") {
  const std::string policy = GENERATE("default", "max");
  for (const bool symbolic : {false, true}) {
    Worker worker(LinkKind::shared);
    worker.job().policy = find_policy(policy).value();
    if (symbolic) worker.add("-Bsymbolic");
    worker.add(worker.unit("api.o", "int exported(void) { return 5; }", "-fPIC"));
    worker.add(worker.unit("user.o", R"(
int exported(void); static int ready;
static void __attribute__((constructor)) up(void) { ready = 100; }
int ask(void) { return exported() + ready; }
)",
                           "-fPIC"));
    worker.run_well();
    const std::filesystem::path at = worker.directory();
    REQUIRE(write_file(at / "main.c", "int ask(void); int main(void) { return ask(); }"));
    REQUIRE(write_file(at / "other.c", "int exported(void) { return 6; }"));
    const ClangUnits& clang = worker.clang();
    clang.run(at,
              "cp out libapi.so && clang-19 main.c ./libapi.so -o main && clang-19 -shared -fPIC other.c -o other.so");
    CHECK(clang.output(at, "./main; echo $?") == "105\n");
    CHECK(clang.output(at, "LD_PRELOAD=./other.so ./main; echo $?") == (symbolic ? "105\n" : "106\n"));
  }
}

TEST_CASE("thread-local variables of a library are reached as a library must") {
  Worker worker(LinkKind::shared);
  worker.add(worker.unit("tls.o", "__thread int counter; int next(void) { return ++counter; }", "-fPIE"));
  worker.run_well();
  CHECK(has(worker.of_result("llvm-nm-19 -D"), "__tls_get_addr"));
  CHECK(!has(worker.of_result("llvm-readelf-19 -d"), "STATIC_TLS"));
}

TEST_CASE("lowered loops call the vector functions of the library that the project names") {
  const auto called_with = [](const std::string& flags) {
    Worker worker(LinkKind::shared);
    worker.add(
        worker.unit("exponentials.o",
                    "double exp(double);\nvoid exponentials(double *restrict a, const double *restrict b, int n) "
                    "{ for (int i = 0; i < n; ++i) a[i] = exp(b[i]); }\n",
                    "-fno-math-errno -fplugin=" XAAS_BIN_DIR "/../lib/xaas/xaas-asks.so" + flags));
    worker.run_well();
    return worker.of_result("llvm-nm-19 -D --undefined-only");
  };
  CHECK(has(called_with(" -fveclib=libmvec"), "_ZGV"));
  CHECK(!has(called_with(""), "_ZGV"));
}

TEST_CASE("a library without a soname is needed by its file name, not by the path it was linked from") {
  Worker worker(LinkKind::pie);
  add_program(worker);
  worker.add(worker.unit("main.o", "int f(void); int main(void) { return f(); }"));
  worker.add(LibraryInput{"libplain.so"});
  const std::filesystem::path at = worker.directory();
  std::filesystem::create_directories(at / "lib");
  REQUIRE(write_file(at / "f.c", "int f(void) { return 7; }"));
  worker.clang().run(at, "clang-19 -shared -fPIC f.c -o lib/libplain.so");
  worker.job().libraries["libplain.so"] = "lib/libplain.so";
  worker.run_well();
  CHECK(has(worker.of_result("llvm-readelf-19 -d"), "Shared library: [libplain.so]"));
}

}  // namespace
}  // namespace xaas
