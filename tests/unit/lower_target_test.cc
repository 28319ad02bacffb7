// CPUs and features: complete lists, overrides with what they imply, and help with typing errors.
#include <algorithm>
#include <set>

#include "lower/target.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace {

Target resolve(const std::string& cpu, const std::string& features = "") {
  return test::good(resolve_target(test::kTriple, {.cpu = cpu, .features = features}));
}

std::string message_of(const std::string& cpu, const std::string& features = "") {
  const auto result = resolve_target(test::kTriple, {.cpu = cpu, .features = features});
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::invalid);
  return result.error().message;
}

bool has(const Target& target, const std::string& feature) {
  return std::find(target.features.begin(), target.features.end(), feature) != target.features.end();
}

std::set<std::string> names(const Target& target) {
  std::set<std::string> result;
  for (const std::string& feature : target.features) result.insert(feature.substr(1));
  return result;
}

}  // namespace

TEST_CASE("a target lists every feature once, sorted by name, with its sign") {
  const Target target = resolve("x86-64");
  CHECK(std::is_sorted(target.features.begin(), target.features.end(),
                       [](const std::string& a, const std::string& b) { return a.substr(1) < b.substr(1); }));
  CHECK(names(target).size() == target.features.size());
  CHECK(has(target, "+sse2"));
  CHECK(has(target, "-avx"));
  CHECK(has(target, "-amx-tile"));
}

TEST_CASE("every CPU has the same list of names, so that none is left to a default") {
  const std::set<std::string> all = names(resolve("x86-64"));
  for (const char* cpu : {"haswell", "skylake-avx512", "znver4", "sapphirerapids"}) {
    CHECK(names(resolve(cpu)) == all);
  }
  if (host_triple() == test::kTriple) CHECK(names(resolve("native")) == all);
}

TEST_CASE("a 64-bit target has what LLVM insists on, whatever is removed") {
  const Target target = resolve("x86-64", "-sse2,-64bit");
  CHECK(has(target, "+64bit"));
  CHECK(has(target, "+x87"));
}

TEST_CASE("how code is made is no feature of a CPU") {
  const std::set<std::string> all = names(resolve("x86-64"));
  for (const char* name : {"retpoline-indirect-calls", "lvi-cfi", "soft-float", "vzeroupper", "avx5124fmaps"}) {
    CHECK_FALSE(all.contains(name));
  }
}

TEST_CASE("this host is described by a CPU name, never by the word native") {
  const Target target = test::good(resolve_target(host_triple(), {}));
  CHECK_FALSE(target.cpu.empty());
  CHECK(target.cpu != "native");
  CHECK(target == test::good(resolve_target(host_triple(), {.cpu = "native", .features = ""})));
  CHECK(has(target, host_triple() == test::kTriple ? "+sse2" : "+neon"));
}

TEST_CASE("removing a feature removes what implies it") {
  const Target target = resolve("skylake-avx512", "-avx512f");
  for (const char* gone : {"-avx512f", "-avx512vl", "-avx512bw", "-avx512dq", "-avx512cd", "-evex512"}) {
    CHECK(has(target, gone));
  }
  CHECK(has(target, "+avx2"));
  CHECK(target.cpu == "skylake-avx512");
}

TEST_CASE("what a hypervisor hides takes away what needs it, whatever else it leaves to be seen") {
  X86Features features{{"avx2", true}, {"avx512f", false}, {"avx512vl", true}, {"avx512vnni", true}, {"sse2", true}};
  mask_dependent_features(features);
  CHECK(features ==
        X86Features{{"avx2", true}, {"avx512f", false}, {"avx512vl", false}, {"avx512vnni", false}, {"sse2", true}});
}

TEST_CASE("adding a feature adds what it implies") {
  const Target target = resolve("x86-64", "+avx512vl");
  for (const char* added : {"+avx512vl", "+avx512f", "+avx2", "+fma", "+sse4.2", "+evex512"}) CHECK(has(target, added));
  CHECK(has(target, "-avx512bw"));
}

TEST_CASE("overrides apply in order") {
  CHECK(has(resolve("x86-64", "+avx2,-avx2"), "-avx2"));
  CHECK(has(resolve("x86-64", "-avx2, +avx2"), "+avx2"));
}

TEST_CASE("a mistyped CPU or feature is refused, naming the nearest known ones") {
  CHECK_THAT(message_of("skylke"), Catch::Contains("skylake"));
  CHECK_THAT(message_of("haswell", "+avx22"), Catch::Contains("avx2"));
  CHECK_THAT(message_of("haswell", "avx"), Catch::Contains("+avx"));
}

TEST_CASE("a CPU of another architecture is refused") {
  const bool is_x86 = host_triple() == test::kTriple;
  const auto result = resolve_target(is_x86 ? "aarch64-unknown-linux-gnu" : test::kTriple, {});
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::unsupported);
}

TEST_CASE("missing features are the positive ones that the target lacks") {
  const Target target = resolve("haswell");
  CHECK(missing_features(target, {"+avx2", "-sse4a", "+fma"}).empty());
  CHECK(missing_features(target, {"+avx512f", "+avx2", "+gfni"}) == std::vector<std::string>{"+avx512f", "+gfni"});
  CHECK(missing_features(target, {"+avx99"}) == std::vector<std::string>{"+avx99"});
  CHECK(missing_features(target, {"+retpoline-indirect-calls"}).empty());
}

}  // namespace xaas
