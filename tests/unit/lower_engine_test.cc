// The worker: what it makes for targets and features, and how it answers jobs that it cannot do.
#include "tests/unit/lower_engine_support.h"

namespace xaas {
namespace {

using test::add_program;
using test::has;
using test::kPart;
using test::target_of;
using test::Worker;

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
