// CPUs of aarch64 by name and by what the kernel tells, and what code for them requires.
#include <algorithm>

#include "lower/aarch64_target.h"
#include "lower/target.h"
#include "tests/unit/lower_support.h"

namespace {

using namespace xaas;
using test::bad;
using test::contains;
using test::good;

constexpr const char* kArm = "aarch64-unknown-linux-gnu";
using Names = std::vector<std::string>;

Target named(const std::string& cpu, const std::string& features = "") {
  return good(resolve_target(kArm, {.cpu = cpu, .features = features}));
}

Target on(const AArch64Cpu& cpu) {
  const AArch64Description described = good(describe_aarch64("", "", [&]() -> Result<AArch64Cpu> { return cpu; }));
  return {.triple = kArm, .cpu = described.cpu, .features = described.features, .prefer_vector_width = 0};
}

bool has(const Target& target, const std::string& feature) {
  return std::ranges::find(target.features, feature) != target.features.end();
}

// What Linux says on an AWS Graviton2, a Neoverse N1.
constexpr HardwareCapabilities kGraviton2{0x119fff, 0};

}  // namespace

TEST_CASE("the kernel's capabilities become LLVM's names of features", "[aarch64]") {
  CHECK(features_of(kGraviton2) ==
        Names{"aes", "crc", "dotprod", "fp-armv8", "fullfp16", "lse", "neon", "rcpc", "rdm", "sha2"});
  CHECK(features_of({0b11, 0}) == Names{"fp-armv8", "neon"});
  CHECK(features_of({}).empty());
  CHECK(features_of({1U << 22U, 0b10}) == Names{"sve", "sve2"});
  // AES without PMULL is not what LLVM calls "aes".
  CHECK(features_of({1U << 3U, 0}).empty());
}

TEST_CASE("a target of aarch64 lists every feature that programs use once, sorted, with its sign", "[aarch64]") {
  const Target target = named("neoverse-n1");
  CHECK(target.triple == kArm);
  CHECK(target.cpu == "neoverse-n1");
  CHECK(std::ranges::is_sorted(target.features, {}, [](const std::string& feature) { return feature.substr(1); }));
  CHECK(has(target, "+lse"));
  CHECK(has(target, "-sve"));
  CHECK(has(named("neoverse-v1"), "+sve"));
  CHECK(has(named("neoverse-v1"), "-sve2"));
  CHECK(has(named("neoverse-v2"), "+sve2"));
  CHECK(has(named("neoverse-v2"), "+flagm"));  // as all of Armv8.4
  CHECK(has(named("neoverse-n1"), "-flagm"));
  CHECK(has(named("apple-m4"), "-sve2"));  // which Armv9 has by default
  for (const char* system : {"spe", "ras", "pan", "v8.2a"}) {
    CHECK_FALSE(has(target, std::string("+") + system));
    CHECK_FALSE(has(target, std::string("-") + system));
  }
}

TEST_CASE("an architecture of aarch64 is a CPU with extensions behind it", "[aarch64]") {
  CHECK(named("armv8-a").cpu == "generic");
  CHECK(has(named("armv8-a"), "+neon"));
  CHECK(has(named("armv8-a"), "-lse"));
  CHECK(has(named("armv8.2-a"), "+lse"));
  CHECK(has(named("armv8.2-a+sve"), "+sve"));
  CHECK(has(named("armv8.2-a+sve"), "+fullfp16"));  // SVE implies it
  CHECK(has(named("armv9-a"), "+sve2"));
  CHECK(has(named("neoverse-v1+nosve"), "-sve"));
}

TEST_CASE("features of aarch64 are added and removed with what they imply", "[aarch64]") {
  CHECK(has(named("neoverse-n1", "+sve2"), "+sve"));
  const Target masked = named("neoverse-v2", "-sve");
  CHECK(has(masked, "-sve2"));
  CHECK(has(masked, "-sve2-bitperm"));
  CHECK(has(masked, "+dotprod"));
}

TEST_CASE("unknown names of aarch64 are refused with the nearest known ones", "[aarch64]") {
  const auto refused = [](const std::string& cpu, const std::string& features) {
    return bad(resolve_target(kArm, {.cpu = cpu, .features = features}), Code::invalid);
  };
  CHECK(contains(refused("neoverse-n7", ""), "did you mean one of neoverse-n1"));
  CHECK(contains(refused("skylake", ""), "unknown CPU 'skylake'"));
  CHECK(contains(refused("armv8-a+avx2", ""), "unknown extension 'avx2'"));
  CHECK(contains(refused("armv8-a", "+sve3"), "did you mean one of sve"));
  CHECK(contains(refused("armv8-a", "sve"), "has no sign"));
}

TEST_CASE("a CPU of aarch64 has no more than the kernel shows", "[aarch64]") {
  const Target target = on({"neoverse-v2", features_of(kGraviton2)});
  CHECK(target.cpu == "neoverse-v2");
  CHECK(has(target, "+lse"));
  CHECK(has(target, "-sve"));
  CHECK(on({"a CPU of tomorrow", {"neon"}}).cpu == "generic");
  // sve2 is there and sve is not: a hypervisor has hidden it.
  CHECK(has(on({"neoverse-v2", {"fp-armv8", "fullfp16", "neon", "sve2"}}), "-sve2"));
}

TEST_CASE("what clang says of an option for aarch64 can be required of a host", "[aarch64]") {
  // -march=armv8.2-a+sve, as against no option
  const Names sve{"+crc", "+fullfp16", "+lse", "+ras", "+rdm", "+sve", "+v8.1a", "+v8.2a"};
  CHECK(missing_features(named("neoverse-v1"), sve).empty());
  CHECK(missing_features(named("neoverse-n1"), sve) == Names{"+sve"});
  CHECK(missing_features(named("neoverse-n1"), {"+spe", "+perfmon"}).empty());
  CHECK(missing_features(named("armv8-a"), {"+v8.1a"}) == Names{"+crc", "+lse", "+rdm"});
  CHECK(missing_features(named("neoverse-v2"), {"+v9a"}).empty());
  CHECK(missing_features(named("neoverse-v2"), {"+tomorrow"}) == Names{"+tomorrow"});
}
