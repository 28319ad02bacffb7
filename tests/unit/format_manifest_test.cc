// The manifest and its feature flags.
#include <fmt/format.h>

#include "format/manifest.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

Manifest full_manifest() {
  Manifest manifest = small_manifest();
  manifest.features.compat = {"two", "three"};
  manifest.configurations.front().rank = -3;
  manifest.configurations.front().requires_ = {.features = {"+avx2"}, .libraries = {"libm.so.6"}, .devices = {"cuda"}};
  manifest.configurations.front().points = {{"simd", "avx2"}};
  manifest.configurations.front().levels = {{"x86-64-v3", {"+avx2"}}, {"x86-64-v4", {}, "main.c does not compile"}};
  manifest.configurations.front().ready = {{"x86-64-v3", {"+avx2"}, "", "default"},
                                           {"x86-64-v4", {"+avx2", "+avx512f"}, "x86-64-v4", "fast"}};
  manifest.configurations.front().shares_data = true;
  manifest.runtime_libraries = {
      {"x86_64-pc-linux-gnu", "libstdc++.so.6", {"GLIBC_2.18"}, {"libstdc++.so.6", "GLIBCXX_3.4.30"}}};
  manifest.configurations.front().slots = {{"blas", {"libblas.so.3"}, {"ddot_", "dgemm_@V1"}}, {"mpi", {}, {}}};
  manifest.toolchains.push_back({.host = "x86_64-pc-linux-gnu",
                                 .worker = ".xaas/toolchain/x86_64-pc-linux-gnu/xaas-lower",
                                 .digest = Digest::of("w"),
                                 .llvm = "19.1.7",
                                 .targets = {"x86", "aarch64"}});
  return manifest;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a manifest survives being written and read") {
  const Manifest manifest = full_manifest();
  const Manifest read = good(parse_manifest(to_json(manifest)));
  CHECK(to_json(read) == to_json(manifest));
  CHECK(read.configurations.front().rank == -3);
  CHECK(read.configurations.front().requires_.devices == std::vector<std::string>{"cuda"});
  CHECK(read.configurations.front().points.at("simd") == "avx2");
  CHECK(read.configurations.front().levels == manifest.configurations.front().levels);
  CHECK(read.runtime_libraries == manifest.runtime_libraries);
  CHECK(read.configurations.front().ready == manifest.configurations.front().ready);
  CHECK(read.configurations.front().shares_data);
  CHECK(read.configurations.front().slots == manifest.configurations.front().slots);
  CHECK(read.toolchains.front().digest == Digest::of("w"));
  CHECK(read.configurations.front().libc_floor == "GLIBC_2.34");
  CHECK(read.configurations.front().host_libraries == std::vector<std::string>{"libc.so.6"});
}

TEST_CASE("a manifest may name a main program, by a path in the tree") {
  Manifest manifest = small_manifest();
  CHECK(to_json(manifest).find("\"main\"") == std::string::npos);
  CHECK(good(parse_manifest(to_json(manifest))).main.empty());
  manifest.main = "bin/tool";
  CHECK(good(parse_manifest(to_json(manifest))).main == "bin/tool");
  for (const char* path : {"/bin/tool", "../tool", "bin//tool", "bin/"}) {
    manifest.main = path;
    CHECK(contains(bad(parse_manifest(to_json(manifest)), Code::invalid), "main"));
  }
}

TEST_CASE("a manifest without a policy has the default one") {
  Manifest manifest = full_manifest();
  manifest.configurations.front().ready.clear();
  CHECK(to_json(manifest).find("policy") == std::string::npos);
  CHECK(good(parse_manifest(to_json(manifest))).policy == kDefaultPolicy);
  manifest.policy = "max";
  CHECK(good(parse_manifest(to_json(manifest))).policy == "max");
}

TEST_CASE("a level that says more than this version knows is not used") {
  const std::string text = to_json(full_manifest());
  const Manifest newer = good(parse_manifest(replaced(text, "\"x86-64-v3\",", "\"x86-64-v3\", \"memory\": 7,")));
  CHECK(contains(newer.configurations.front().levels.front().problem, "memory"));
  bad(parse_manifest(replaced(text, "\"x86-64-v3\"", "\"x86-64-v4\"")), Code::invalid);
  bad(parse_manifest(replaced(text, "\"x86-64-v3\"", "\"\"")), Code::invalid);
}

TEST_CASE("a slot that says more than this version knows is left out") {
  const std::string text = to_json(full_manifest());
  const Manifest newer = good(parse_manifest(replaced(text, "\"blas\",", "\"blas\", \"colour\": 7,")));
  REQUIRE(newer.configurations.front().slots.size() == 1);
  CHECK(newer.configurations.front().slots.front().name == "mpi");
  bad(parse_manifest(replaced(text, "\"blas\"", "\"mpi\"")), Code::invalid);
  bad(parse_manifest(replaced(text, "\"blas\"", "\"../blas\"")), Code::invalid);
  bad(parse_manifest(replaced(text, "\"libblas.so.3\"", "\"../libblas.so.3\"")), Code::invalid);
}

TEST_CASE("a newer format version is refused as such") {
  const std::string text = R"({"format": 2, "new": "shape"})";
  CHECK(contains(bad(parse_manifest(text), Code::unsupported), "newer"));
}

TEST_CASE("unknown keys of a manifest are ignored") {
  good(parse_manifest(replaced(to_json(full_manifest()), "\"name\"", "\"colour\": 7, \"name\"")));
}

TEST_CASE("missing keys and wrong types of a manifest are named") {
  const std::string text = to_json(full_manifest());
  CHECK(contains(bad(parse_manifest(replaced(text, "\"libc_floor\"", "\"x\"")), Code::invalid), "libc_floor"));
  CHECK(contains(bad(parse_manifest(replaced(text, "\"demo\"", "7")), Code::invalid), "name"));
  CHECK(contains(bad(parse_manifest(replaced(text, "-3", "\"high\"")), Code::invalid), "configurations[0]"));
  CHECK(contains(bad(parse_manifest(replaced(text, "\"host_libraries\"", "\"x\"")), Code::invalid), "host_libraries"));
  bad(parse_manifest("7"), Code::invalid);
}

TEST_CASE("a manifest that contradicts itself is refused") {
  const std::string text = to_json(full_manifest());
  for (const char* prefix : {"opt/demo", "/", "/opt//demo", "/opt/demo/", "/opt/./demo", "/opt/../demo", "//opt"}) {
    INFO(prefix);
    CHECK(contains(bad(parse_manifest(replaced(text, "/opt/demo", prefix)), Code::invalid), "prefix"));
  }
  bad(parse_manifest(replaced(text, "\"default_configuration\": \"default\"", "\"default_configuration\": \"other\"")),
      Code::invalid);
  bad(parse_manifest(replaced(text, "\"name\": \"default\"", "\"name\": \"../up\"")), Code::invalid);
  Manifest twice = full_manifest();
  twice.configurations.push_back(twice.configurations.front());
  bad(parse_manifest(to_json(twice)), Code::invalid);
}

TEST_CASE("a rank has 32 bits") {
  const std::string text = to_json(full_manifest());
  for (const char* rank : {"-2147483648", "2147483647"}) good(parse_manifest(replaced(text, "-3", rank)));
  for (const char* rank : {"-2147483649", "2147483648"}) bad(parse_manifest(replaced(text, "-3", rank)), Code::invalid);
}

TEST_CASE("what a configuration requires and this version does not know is kept by name") {
  const std::string text = replaced(to_json(full_manifest()), "\"features\": [\n", "\"memory\": 7, \"features\": [\n");
  CHECK(good(parse_manifest(text)).configurations.front().requires_.unknown == std::vector<std::string>{"memory"});
}

TEST_CASE("feature flags decide what an old program does with a newer image") {
  Manifest manifest = small_manifest();
  good(check_readable(manifest));
  good(check_lowerable(manifest));
  manifest.features.compat = {"x-compat"};
  good(check_lowerable(manifest));
  manifest.features.lower_incompat = {"x-lower"};
  good(check_readable(manifest));
  CHECK(contains(bad(check_lowerable(manifest), Code::unsupported), "x-lower"));
  manifest.features.incompat = {"x-all"};
  CHECK(contains(bad(check_readable(manifest), Code::unsupported), "x-all"));
  bad(check_lowerable(manifest), Code::unsupported);
}

TEST_CASE("what an unknown feature changed is reported as the feature, not as damage") {
  Manifest manifest = small_manifest();
  manifest.features.incompat = {"x-all"};
  const std::string text = replaced(to_json(manifest), "\"configurations\": [", "\"configurations\": 7, \"old\": [");
  CHECK(contains(bad(parse_manifest(text), Code::unsupported), "x-all"));
}

TEST_CASE("lists that an unknown feature of lowering changed are empty, and the baseline can be served") {
  Manifest manifest = full_manifest();
  const auto with_list = [&](std::string_view name) {
    const std::string list = fmt::format("\"{}\": [", name);
    return parse_manifest(replaced(to_json(manifest), list, fmt::format("\"{}\": 7, \"old-{}\": [", name, name)));
  };
  bad(with_list("configurations"), Code::invalid);
  bad(with_list("toolchains"), Code::invalid);
  manifest.features.lower_incompat = {"x-lower"};
  const Manifest without_configurations = good(with_list("configurations"));
  CHECK(without_configurations.configurations.empty());
  CHECK(without_configurations.toolchains.size() == 1);
  const Manifest without_toolchains = good(with_list("toolchains"));
  CHECK(without_toolchains.configurations.size() == 1);
  CHECK(without_toolchains.toolchains.empty());
  good(check_readable(without_toolchains));
  bad(check_lowerable(without_toolchains), Code::unsupported);
  bad(parse_manifest(replaced(to_json(manifest), "\"prefix\"", "\"x\"")), Code::invalid);
}
