// Which configuration is chosen on a host, and why not another one.
#include <algorithm>

#include "lower/configuration.h"
#include "lower/host_description.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace {

Configuration configuration(const std::string& name, std::int64_t rank, Requirements requirements = {}) {
  Configuration made;
  made.name = name;
  made.triple = "x86_64-pc-linux-gnu";
  made.rank = rank;
  made.requires_ = std::move(requirements);
  return made;
}

Requirements needs(std::vector<std::string> features, std::vector<std::string> libraries = {},
                   std::vector<std::string> devices = {}) {
  return {.features = std::move(features), .libraries = std::move(libraries), .devices = std::move(devices)};
}

Target haswell() { return test::good(resolve_target("x86_64-pc-linux-gnu", {.cpu = "haswell", .features = ""})); }

}  // namespace

TEST_CASE("the highest-ranked configuration that the target satisfies is chosen") {
  Manifest manifest;
  manifest.configurations = {configuration("sse", 1), configuration("avx512", 3, needs({"+avx512f"})),
                             configuration("avx2", 2, needs({"+avx2"}))};
  const auto choices = explain_configurations(manifest, haswell(), "");
  REQUIRE(choices.size() == 3);
  CHECK(choices[0].configuration == "avx512");
  CHECK_FALSE(choices[0].accepted);
  CHECK(choices[0].reason == "needs +avx512f, which haswell lacks here");
  CHECK(choices[1].configuration == "avx2");
  CHECK(choices[1].chosen);
  CHECK(choices[2].accepted);
  CHECK_FALSE(choices[2].chosen);
}

TEST_CASE("a configuration can be forced, but not on a host that lacks what it needs") {
  Manifest manifest;
  manifest.configurations = {configuration("sse", 1), configuration("avx2", 2, needs({"+avx2"})),
                             configuration("avx512", 3, needs({"+avx512f"}))};
  const auto sse = explain_configurations(manifest, haswell(), "sse");
  CHECK(sse.back().chosen);
  CHECK_FALSE(sse[1].accepted);
  for (const Choice& choice : explain_configurations(manifest, haswell(), "avx512")) CHECK_FALSE(choice.chosen);
}

TEST_CASE("GPUs that the user names are those of the host, with a driver that is new enough") {
  Manifest manifest;
  manifest.configurations = {configuration("cpu", 0), configuration("cuda", 1, needs({}, {}, {"nvidia-gpu"})),
                             configuration("new", 2, needs({}, {}, {"nvidia-gpu>=sm_80", "nvidia-driver>=550"}))};
  HostDescription described;
  described.host.target = haswell();
  const auto choices = [&](const std::optional<GpuArchitectures>& gpus) {
    return explain_configurations(manifest, haswell(), "", *described_host(described, "/"), gpus);
  };
  const auto chosen = [&](const std::optional<GpuArchitectures>& gpus) {
    const auto all = choices(gpus);
    return std::ranges::find(all, true, &Choice::chosen)->configuration;
  };
  CHECK(chosen(std::nullopt) == "cpu");
  CHECK(chosen(GpuArchitectures{}) == "cpu");
  CHECK(choices(GpuArchitectures{75}).front().reason ==
        "needs the device nvidia-gpu>=sm_80 on the described host with sm_75");
  CHECK(chosen(GpuArchitectures{75}) == "cuda");
  CHECK(chosen(GpuArchitectures{75, 90}) == "new");
  CHECK(choices(GpuArchitectures{90}).front().note ==
        "nvidia-driver>=550 is taken for granted: the version of the driver is not known");
  CHECK(choices(GpuArchitectures{90})[1].note.empty());

  described.host.devices = {"infiniband", "nvidia-driver=535.1", "nvidia-gpu", "nvidia-gpu=sm_90"};
  CHECK(chosen(std::nullopt) == "cuda");
  CHECK(chosen(GpuArchitectures{90}) == "cuda");  // its driver is known
  CHECK(chosen(GpuArchitectures{}) == "cpu");
  CHECK(choices(GpuArchitectures{})[1].reason == "needs the device nvidia-gpu on the described host without GPUs");
}

TEST_CASE("libraries, devices and the architecture are requirements too") {
  Manifest manifest;
  manifest.configurations = {configuration("arm", 4), configuration("mpi", 3, needs({}, {"libabsent-mpi.so.99"})),
                             configuration("gpu", 2, needs({}, {}, {"gpu"})),
                             configuration("libc", 1, needs({}, {"libc.so.6"}))};
  manifest.configurations[0].triple = "aarch64-unknown-linux-gnu";
  const auto choices = explain_configurations(manifest, haswell(), "");
  CHECK(choices[0].reason == "is for aarch64-unknown-linux-gnu");
  CHECK_THAT(choices[1].reason, Catch::Contains("libabsent-mpi.so.99"));
  CHECK_THAT(choices[2].reason, Catch::Contains("gpu"));
  CHECK(choices[3].chosen);
}

TEST_CASE("a baseline that needs a newer libc than this host has is told") {
  Manifest manifest;
  manifest.configurations = {configuration("new", 1), configuration("old", 2)};
  manifest.configurations[0].libc_floor = "GLIBC_99.1";
  manifest.configurations[1].libc_floor = "GLIBC_2.2.5";
  CHECK(missing_libc(manifest, "new") == "GLIBC_99.1");
  CHECK(missing_libc(manifest, "old").empty());
  manifest.configurations[1].libc_floor = "";
  CHECK(missing_libc(manifest, "old").empty());
}

TEST_CASE("a requirement that this version does not know is not met") {
  Manifest manifest;
  manifest.configurations = {configuration("new", 2), configuration("old", 1)};
  manifest.configurations[0].requires_.unknown = {"memory"};
  const auto choices = explain_configurations(manifest, haswell(), "");
  CHECK(choices[0].reason == "requires memory, which this version does not know");
  CHECK(choices[1].chosen);
}

TEST_CASE("it is told what other CPUs would get") {
  Manifest manifest;
  manifest.configurations = {configuration("sse", 1, needs({"+sse4.1"})), configuration("avx2", 2, needs({"+avx2"})),
                             configuration("avx512", 3, needs({"+avx512f"}))};
  std::vector<std::string> chosen;
  for (const OtherChoice& other : explain_other_cpus(manifest)) chosen.push_back(other.cpu + " " + other.configuration);
  CHECK(chosen == std::vector<std::string>{"x86-64 ", "x86-64-v2 sse", "x86-64-v3 avx2", "x86-64-v4 avx512"});
}

TEST_CASE("of the levels that a target can run, the one that requires most is chosen") {
  Manifest manifest;
  manifest.configurations = {configuration("default", 0)};
  Configuration& only = manifest.configurations.front();
  only.levels = {
      {"v3", {"+avx2"}}, {"v3b", {"+fma"}}, {"refused", {}, "a.c does not compile"}, {"v4", {"+avx512f", "+avx2"}}};
  const auto level_on = [&](const char* cpu, bool mixes = false) {
    const auto target = test::good(resolve_target("x86_64-pc-linux-gnu", {.cpu = cpu, .features = ""}));
    return choose_level(manifest, "default", target, mixes);
  };
  CHECK(level_on("nehalem").empty());
  CHECK(level_on("haswell") == "v3");
  CHECK(level_on("skylake-avx512") == "v4");
  // A program that was built for one level may not meet a library that was built for another.
  CHECK(level_on("haswell", true) == "v3");
  only.shares_data = true;
  CHECK(level_on("haswell") == "v3");
  CHECK(level_on("haswell", true).empty());
  const auto reasons = explain_levels(manifest, "default", haswell(), false);
  REQUIRE(reasons.size() == 4);
  CHECK(reasons[0].chosen);
  CHECK(reasons[1].reason == "v3 fits better");
  CHECK(reasons[2].reason == "a.c does not compile");
  CHECK(reasons[3].reason == "needs +avx512f, which haswell lacks here");
  CHECK(explain_levels(manifest, "another", haswell(), false).empty());
}

TEST_CASE("ready files are used where the target has their features and lowered files agree with them") {
  Manifest manifest;
  manifest.configurations = {configuration("default", 0)};
  Configuration& only = manifest.configurations.front();
  only.ready = {{"v3", {"+avx2"}, "v3", "default"}, {"v4", {"+avx2", "+avx512f"}, "v4", "default"}};
  const auto reasons = [&](std::string_view level, std::string_view policy) {
    std::vector<std::string> found;
    for (const ReadyChoice& choice : explain_ready(manifest, "default", haswell(), level, policy)) {
      found.push_back(choice.reason);
    }
    return found;
  };
  const std::string too_wide = "needs +avx512f, which haswell lacks here";
  CHECK(reasons("v3", "default") == std::vector<std::string>{"", too_wide});
  CHECK(reasons("", "default") == std::vector<std::string>{"", too_wide});
  CHECK(reasons("v3", "fast").front() == "made with the policy default, not fast");
  only.shares_data = true;
  CHECK(reasons("v3", "default").front().empty());
  CHECK(reasons("znver3", "default").front() ==
        "made at level v3: some files share data, which has another form at level znver3");
  CHECK(reasons("", "default").front() ==
        "made at level v3: some files share data, which has another form at no level");
  CHECK(explain_ready(manifest, "another", haswell(), "", "default").empty());
  only.libc_floor = "GLIBC_99.1";
  CHECK(reasons("v3", "default").front() == "needs GLIBC_99.1, which libc lacks here");
}

TEST_CASE("configurations of equal rank are taken in the order of their names") {
  Manifest manifest;
  manifest.configurations = {configuration("b", 1), configuration("a", 1)};
  CHECK(explain_configurations(manifest, haswell(), "").front().configuration == "a");
}

TEST_CASE("the toolchain is the one that runs on this host") {
  Manifest manifest;
  CHECK(find_toolchain(manifest) == nullptr);
  CHECK(toolchain_directory(manifest).empty());
  manifest.toolchains.resize(2);
  manifest.toolchains[0].host = "riscv64-unknown-linux-gnu";
  manifest.toolchains[1].host = host_triple();
  manifest.toolchains[1].worker = ".xaas/toolchain/here/xaas-lower";
  CHECK(find_toolchain(manifest) == &manifest.toolchains[1]);
  CHECK(toolchain_directory(manifest) == ".xaas/toolchain/here");
}

}  // namespace xaas
