// Which CPU features a configuration requires, according to the options of its units.
#include <algorithm>
#include <catch2/catch.hpp>

#include "format/base/process.h"
#include "mkimage/contents/image_contents.h"

namespace {

using namespace xaas;
using Options = std::vector<std::string>;

// A configuration of linked units, given as names and their options.
ConfigurationContents configuration(const std::map<std::string, Options>& units) {
  ConfigurationContents result;
  for (const auto& [name, options] : units) {
    UnitRecord unit;
    unit.object = Digest::of(name + std::to_string(result.units.size()));
    unit.compiler = "/usr/bin/clang-19";
    unit.source = name + ".c";
    unit.target = name + ".o";
    unit.asked_machine_options = options;
    result.linked.insert(unit.object);
    result.units.push_back(std::move(unit));
  }
  return result;
}

// Whether each configuration requires the feature.
std::vector<bool> require(const std::vector<ConfigurationContents>& configurations, const std::string& feature) {
  ImageContents contents;
  contents.configurations = configurations;
  std::vector<bool> result;
  find_required_features(find_program("clang-19").value().string(), contents);
  for (const ConfigurationContents& one : contents.configurations) {
    result.push_back(std::ranges::count(one.required_features, feature) == 1);
  }
  return result;
}

using Answers = std::vector<bool>;

}  // namespace

TEST_CASE("what all units ask for is required, what some ask for is for run time") {
  CHECK(require({configuration({{"a", {"-mavx2"}}, {"b", {"-mavx2", "-mfma"}}})}, "+avx2") == Answers{true});
  CHECK(require({configuration({{"a", {"-mavx2"}}, {"b", {"-mavx2", "-mfma"}}})}, "+fma") == Answers{false});
  CHECK(require({configuration({{"a", {"-mavx2"}}, {"b", {}}})}, "+avx2") == Answers{false});
}

TEST_CASE("what units ask for in one configuration and not in others is required") {
  // "plain" is a part of something else, which is compiled the same way in all configurations.
  const auto sse = configuration({{"a", {"-msse4.1"}}, {"b", {"-msse4.1"}}, {"plain", {}}});
  const auto avx = configuration({{"a", {"-mavx2"}}, {"b", {"-mavx2"}}, {"plain", {}}});
  CHECK(require({sse, avx}, "+avx2") == Answers{false, true});
  CHECK(require({sse, avx}, "+sse4.1") == Answers{true, true});
  CHECK(require({sse}, "+sse4.1") == Answers{false});
}

TEST_CASE("a unit for run time is none of a configuration's, also beside its options") {
  const auto plain = configuration({{"a", {}}, {"b", {}}, {"wide", {"-mavx512f"}}});
  const auto avx = configuration({{"a", {"-mavx2"}}, {"b", {"-mavx2"}}, {"wide", {"-mavx512f", "-mavx2"}}});
  CHECK(require({plain, avx}, "+avx512f") == Answers{false, false});
  CHECK(require({plain, avx}, "+avx2") == Answers{false, true});
}

TEST_CASE(
    "a feature that very few units ask for, of many that vary, is for run time in whatever configurations they do") {
  std::map<std::string, std::vector<std::string>> sse;
  std::map<std::string, std::vector<std::string>> avx;
  for (int i = 0; i < 30; ++i) {
    sse[std::to_string(i)] = {"-msse4.1"};
    avx[std::to_string(i)] = {"-mavx2"};
  }
  sse["asks the CPU"] = {"-msse4.1"};
  avx["asks the CPU"] = {"-mavx2", "-mavx512f"};
  CHECK(require({configuration(sse), configuration(avx)}, "+avx512f") == Answers{false, false});
  CHECK(require({configuration(sse), configuration(avx)}, "+avx2") == Answers{false, true});
  avx["another"] = avx["asks the CPU"];
  CHECK(require({configuration(sse), configuration(avx)}, "+avx512f") == Answers{false, true});
}

TEST_CASE("a unit that only some configurations have is required as it is") {
  const auto plain = configuration({{"a", {}}, {"b", {}}});
  const auto with = configuration({{"a", {}}, {"b", {}}, {"kernel", {"-mavx512f"}}});
  CHECK(require({plain, with}, "+avx512f") == Answers{false, true});
}

TEST_CASE("native units and options of another compiler count as well") {
  auto native = configuration({{"a", {"-mavx512f", "-mno-such-thing"}}, {"b", {"-mavx512f"}}});
  for (UnitRecord& unit : native.units) {
    unit.reason = "compiled by gfortran";
    unit.compiler = "/usr/bin/gfortran";
  }
  CHECK(require({native}, "+avx512f") == Answers{true});
  native.linked.clear();
  CHECK(require({native}, "+avx512f") == Answers{false});
}

TEST_CASE("only units that need more than their configuration requires have a native object") {
  const Digest object = Digest::of("object");
  Recipe recipe;
  recipe.arguments = {IrInput{Digest::of("own"), "own.c", {"+avx", "+avx2"}, object},
                      IrInput{Digest::of("less"), "less.c", {"-avx2"}, object},
                      ArchiveInput{"lib.a", {IrInput{Digest::of("wide"), "wide.c", {"+avx2", "+avx512f"}, object}}}};
  ImageContents contents;
  contents.configurations.resize(2);
  for (ConfigurationContents& one : contents.configurations) one.programs = {{"bin/a", "a", {}, recipe, {}}};
  contents.configurations.front().required_features = {"+avx", "+avx2"};
  leave_out_native_objects(contents);
  const auto natives = [&](std::size_t i) {
    const auto& arguments = contents.configurations[i].programs.front().recipe->arguments;
    return std::vector<bool>{std::get<IrInput>(arguments[0]).native.has_value(),
                             std::get<IrInput>(arguments[1]).native.has_value(),
                             std::get<IrInput>(std::get<ArchiveInput>(arguments[2]).members[0]).native.has_value()};
  };
  CHECK(natives(0) == std::vector<bool>{false, false, true});
  CHECK(natives(1) == std::vector<bool>{true, false, true});
}

TEST_CASE("what the recipe declares is required") {
  auto declared = configuration({{"a", {}}});
  declared.plan.requires_.features = {"+aes"};
  CHECK(require({declared}, "+aes") == Answers{true});
}
