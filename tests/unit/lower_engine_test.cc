// The worker as its parent sees it: a job on standard input, a result on standard output, a file in the directory.
#include <catch2/catch.hpp>

#include "format/base/digest.h"
#include "format/base/file.h"
#include "lower/job.h"
#include "tests/unit/clang_units.h"
#include "tests/unit/format_support.h"

namespace xaas {
namespace {

using test::ClangUnits;

Target target_of(const std::string& cpu, const std::string& features = "") {
  return resolve_target(test::kTriple, {.cpu = cpu, .features = features}).value();
}

// One job in one directory. The members may be called in any order, and run() as often as needed.
class Worker {
 public:
  explicit Worker(LinkKind kind, const std::string& cpu = "haswell", const std::string& features = "") {
    job_.recipe.kind = kind;
    job_.recipe.triple = test::kTriple;
    job_.recipe.output = "app";
    job_.target = target_of(cpu, features);
    job_.policy = find_policy("default").value();
    job_.build_id = "00112233445566778899aabbccddeeff00112233";
    job_.output = "out";
    std::filesystem::create_directories(directory() / "in");
  }

  const ClangUnits& clang() const { return clang_; }
  std::filesystem::path directory() const { return clang_.directory("job"); }
  Job& job() { return job_; }

  IrInput unit(const std::string& name, const std::string& source, const std::string& flags = "",
               std::vector<std::string> features = {}) {
    return {store(clang_.canonical(source, flags)), name, std::move(features)};
  }

  // A unit of IR in LLVM's textual form.
  IrInput unit_of_ir(const std::string& name, const std::string& source) {
    const std::filesystem::path at = clang_.directory("ir");
    REQUIRE(write_file(at / "unit.ll", source));
    clang_.run(at, "opt-19 -thinlto-bc unit.ll -o unit.bc");
    return {store(read_file(at / "unit.bc").value()), name, {}};
  }
  // A byte for each module that is done.
  std::string progress() const { return read_file(directory() / "progress").value(); }
  std::string messages() const { return read_file(directory() / "messages").value(); }

  ObjectInput object(const std::string& name, const std::string& source) {
    const std::filesystem::path at = clang_.directory("native");
    REQUIRE(write_file(at / "unit.c", source));
    clang_.run(at, "clang-19 -O2 -fPIC -c unit.c -o unit.o");
    return {store(read_file(at / "unit.o").value()), name};
  }

  FileOption file_option(const std::string& option, const std::string& content) { return {option, store(content)}; }

  void add(LinkArgument argument) { job_.recipe.arguments.push_back(std::move(argument)); }

  JobResult run() { return run_text(to_json(job_)); }

  JobResult run_text(const std::string& job) {
    REQUIRE(write_file(directory() / "job.json", job));
    const std::string answer = clang_.output(
        directory(), "XAAS_PROGRESS_FD=4 " XAAS_BIN_DIR "/xaas-lower --worker < job.json 2>messages 4>progress");
    const Result<JobResult> result = parse_job_result(answer);
    if (!result) FAIL(answer + result.error().message);
    CHECK(result->message.find('\n') == std::string::npos);
    return *result;
  }

  void run_well() {
    const JobResult result = run();
    if (!result.ok) FAIL(result.message);
  }

  std::string result_bytes() const { return read_file(directory() / "out").value(); }
  std::string of_result(const std::string& command) const { return clang_.output(directory(), command + " out"); }
  std::string disassembly() const { return of_result("llvm-objdump-19 -d"); }

 private:
  Digest store(const std::string& bytes) {
    const Digest digest = Digest::of(bytes);
    const std::string name = "in/" + std::to_string(job_.files.size());
    if (job_.files.emplace(digest, name).second) REQUIRE(write_file(directory() / name, bytes));
    return digest;
  }

  ClangUnits clang_;
  Job job_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Counts instructions that only AVX-512 has. In 64-bit code the byte 62 only begins an EVEX prefix.
int evex_count(const std::string& disassembly) {
  int count = 0;
  for (auto at = disassembly.find(": 62 "); at != std::string::npos; at = disassembly.find(": 62 ", at + 1)) count++;
  return count;
}

constexpr const char* kLoop = R"(
double dot(const double* restrict a, const double* restrict b, double* restrict c, int n) {
  double s = 0;
  for (int i = 0; i < n; i++) { c[i] = a[i] * b[i] + c[i]; if (a[i] > b[i]) c[i] = s; }
  return s;
}
)";

TEST_CASE("a masked feature appears nowhere in what is lowered") {
  for (const char* flags : {"-mavx", ""}) {
    Worker open(LinkKind::shared, "skylake-avx512");
    Worker masked(LinkKind::shared, "skylake-avx512", "-avx512f");
    for (Worker* worker : {&open, &masked}) {
      const std::vector<std::string> required =
          *flags != '\0' ? std::vector<std::string>{"+avx"} : std::vector<std::string>{};
      worker->job().target.prefer_vector_width = 512;
      worker->add(worker->unit("dot.o", kLoop, flags, required));
      worker->run_well();
    }
    CHECK(evex_count(open.disassembly()) > 0);
    CHECK(has(open.disassembly(), "%zmm"));
    CHECK(evex_count(masked.disassembly()) == 0);
    CHECK(!has(masked.disassembly(), "%zmm"));
    CHECK(has(masked.disassembly(), "%ymm"));
  }
}

TEST_CASE("each module that is done is told of, whether it is made, lowered alone, or lent") {
  Worker worker(LinkKind::shared);
  worker.job().modules = "modules";
  std::filesystem::create_directory(worker.directory() / "modules");
  worker.add(worker.unit("one.o", "int one(void) { return 1; }"));
  worker.add(worker.unit("two.o", "int one(void); int two(void) { return one() + one(); }"));
  worker.add(worker.unit("alone.o", "__asm__(\".globl odd\\nodd: ret\"); int three(void) { return 3; }"));
  worker.run_well();
  CHECK(worker.progress().size() == 3);
  worker.job().prepared = {"units/0.bc", "units/1.bc", "units/2.bc"};
  worker.run_well();  // what it needs is there already
  CHECK(worker.progress().size() == 3);
}

TEST_CASE("a feature that a unit switched off stays off in it") {
  Worker worker(LinkKind::shared, "skylake-avx512");
  worker.add(worker.unit("dot.o", kLoop, "-mno-avx512f", {"-avx512f"}));
  worker.run_well();
  CHECK(evex_count(worker.disassembly()) == 0);
  CHECK(has(worker.disassembly(), "%ymm"));
}

TEST_CASE("a unit's features that are no ability of a CPU stay its own") {
  Worker worker(LinkKind::shared, "haswell");
  const std::string flag = "-mharden-sls=return";
  worker.add(worker.unit("hard.o", "int f(int x) { return x + 1; }", flag, {"+harden-sls-ret"}));
  worker.add(worker.unit("soft.o", "int g(int x) { return x + 1; }"));
  worker.run_well();
  const std::string sizes = worker.of_result("llvm-nm-19 -D -S");
  CHECK(has(sizes, " 0000000000000005 T f"));  // lea, ret, int3
  CHECK(has(sizes, " 0000000000000004 T g"));
}

TEST_CASE("a unit that requires what the target lacks is refused by name") {
  Worker worker(LinkKind::shared, "skylake-avx512", "-avx512f");
  worker.add(worker.unit("wide.o", kLoop, "-mavx512f", {"+avx512f"}));
  const JobResult result = worker.run();
  CHECK(!result.ok);
  CHECK(has(result.message, "wide.o"));
  CHECK(has(result.message, "+avx512f"));
}

TEST_CASE("a function with its own target() keeps it") {
  Worker worker(LinkKind::shared, "skylake-avx512");
  worker.job().target.prefer_vector_width = 512;
  const std::string body =
      " void f(double* restrict a, const double* restrict b, int n) { for (int i = 0; i < n; i++) a[i] += b[i]; }";
  worker.add(worker.unit("own.o", "__attribute__((target(\"avx2\")))" + body));
  worker.run_well();
  CHECK(evex_count(worker.disassembly()) == 0);
  CHECK(has(worker.disassembly(), "%ymm"));
}

constexpr const char* kMain = R"(
#include <stdio.h>
int part(int); static int helper(int x) { return x * 3; }
int main(int argc, char** argv) { (void)argv; printf("%d\n", part(argc) + helper(argc)); return 0; }
)";
constexpr const char* kPart = R"(
static int state = 4; static int helper(int x) { return x + state; }
int part(int x) { state += x; return helper(x) * 10; }
)";

// Adds the files that a program needs: start files and libc, as clang names them.
void add_program(Worker& worker) {
  const auto file = [&worker](const std::string& name) {
    std::string path = worker.clang().output(worker.directory(), "clang-19 -print-file-name=" + name);
    path.pop_back();
    return path;
  };
  worker.add(file(worker.job().recipe.kind == LinkKind::pie ? "Scrt1.o" : "crt1.o"));
  worker.add("-dynamic-linker");
  worker.add("/lib64/ld-linux-x86-64.so.2");
  std::filesystem::copy_file(file("libc.so.6"), worker.directory() / "in/libc");
  worker.job().libraries["libc.so.6"] = "in/libc";
  worker.add(LibraryInput{"libc.so.6"});
}

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

TEST_CASE("a CPU and features that this LLVM does not know become the level that is reached") {
  Worker worker(LinkKind::shared, "haswell");
  worker.add(worker.unit("loop.o", kLoop, "-fPIC"));
  worker.job().target.cpu = "of-tomorrow";
  worker.job().target.features.emplace_back("+of-tomorrow-too");
  worker.run_well();
  CHECK(has(worker.disassembly(), "%ymm"));
}

TEST_CASE("what cannot be linked is one line with the unit's name") {
  Worker worker(LinkKind::pie);
  add_program(worker);
  worker.add(worker.unit("src/main.o", "int absent(void); int main(void) { return absent(); }"));
  const JobResult result = worker.run();
  CHECK(!result.ok);
  CHECK(has(result.message, "undefined symbol: absent"));
  CHECK(has(result.message, "src/main.o"));
}

TEST_CASE("a unit that is there as it is prepared is linked as it is, and its IR not asked for") {
  Worker worker(LinkKind::shared);
  const IrInput first = worker.unit("first.o", "int second(void); int first(void) { return second(); }");
  worker.add(first);
  worker.add(worker.unit("second.o", "int second(void) { return 2; }"));
  worker.run_well();
  const std::string bytes = worker.result_bytes();

  worker.job().files.erase(first.digest);
  worker.job().prepared = {"units/0.bc"};
  worker.run_well();
  CHECK(worker.result_bytes() == bytes);
  worker.job().prepared.clear();
  CHECK(has(worker.run().message, "first.o"));
}

TEST_CASE("bad jobs are answered, not died of") {
  Worker worker(LinkKind::shared);
  CHECK(!worker.run_text("").ok);
  CHECK(!worker.run_text("{\"version\":1}").ok);
  worker.add(worker.unit("good.o", "int f(void) { return 1; }"));
  worker.job().target.triple = "vax-dec-ultrix";
  CHECK(has(worker.run().message, "vax-dec-ultrix"));
  worker.job().target.triple = test::kTriple;
  worker.job().build_id = "xyz";
  CHECK(has(worker.run().message, "build-id"));
  worker.job().build_id = "00";
  worker.add("--no-such-option");
  CHECK(has(worker.run().message, "--no-such-option"));
}

TEST_CASE("what LLVM gives up on prints the unit that it was at") {
  // No code can be generated for this: a function that lacks AVX2 has an AVX2 instruction.
  constexpr const char* kImpossible = R"(
target triple = "x86_64-pc-linux-gnu"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
declare <4 x i64> @llvm.x86.avx2.psad.bw(<32 x i8>, <32 x i8>)
define void @impossible(ptr %p) #0 {
  %a = load <32 x i8>, ptr %p
  %r = call <4 x i64> @llvm.x86.avx2.psad.bw(<32 x i8> %a, <32 x i8> %a)
  store <4 x i64> %r, ptr %p
  ret void
}
attributes #0 = { "target-features"="+sse2" "target-cpu"="x86-64" }
)";
  Worker worker(LinkKind::shared);
  worker.add(worker.unit("good.o", kPart));
  worker.add(worker.unit_of_ir("impossible.o", kImpossible));
  const JobResult result = worker.run();
  CHECK(!result.ok);
  CHECK(has(result.message, "LLVM gave up"));
  CHECK(has(worker.messages(), "Stack dump:"));
  CHECK(has(worker.messages(), "units/1.bc"));
}

TEST_CASE("damaged bitcode is reported with the unit's name") {
  Worker worker(LinkKind::shared);
  worker.add(worker.unit("broken.o", kPart));
  const std::filesystem::path file = worker.directory() / "in/0";
  const std::string whole = read_file(file).value();
  for (const std::size_t size : {std::size_t{0}, std::size_t{64}, whole.size() / 2}) {
    REQUIRE(write_file(file, whole.substr(0, size)));
    const JobResult result = worker.run();
    CHECK(!result.ok);
    CHECK(has(result.message, "broken.o"));
  }
}

}  // namespace
}  // namespace xaas
