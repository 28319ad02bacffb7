// Several images as one: what is in the merged image, and what is refused.
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "format/image_summary.h"
#include "format_support.h"
#include "mkimage/merge_images.h"

namespace {

using namespace xaas;
using namespace xaas::test;
namespace fs = std::filesystem;

constexpr const char* kArm = "aarch64-unknown-linux-gnu";

// An image of the program "demo" for a triple. `change` may change the manifest, and `add` adds files.
struct Demo {
  std::string triple = kTriple;
  std::vector<std::string> configurations{"default"};
  std::function<void(Manifest&)> change = [](Manifest&) {};
  std::function<void(ImageBuilder&)> add = [](ImageBuilder&) {};
};

Manifest manifest_of(const Demo& demo) {
  Manifest manifest = small_manifest();
  manifest.triples = {demo.triple};
  manifest.default_configuration = demo.configurations.front();
  manifest.configurations.assign(demo.configurations.size(), manifest.configurations.front());
  for (std::size_t i = 0; i < demo.configurations.size(); ++i) {
    manifest.configurations[i].name = demo.configurations[i];
    manifest.configurations[i].triple = demo.triple;
    manifest.configurations[i].ready = {{"cpu1", {}, {}, "default"}};
  }
  manifest.toolchains = {{demo.triple,
                          fmt::format("{}/{}/xaas-lower", kToolchainDirectory, demo.triple),
                          Digest::of("worker of " + demo.triple),
                          "19.1.7",
                          {"X86"}}};
  manifest.runtime_libraries = {{demo.triple, "libstdc++.so.6", {"GLIBC_2.17"}, {"GLIBCXX_3.4"}}};
  demo.change(manifest);
  return manifest;
}

fs::path make(const fs::path& path, const Demo& demo) {
  ImageBuilder builder(path);
  Recipe recipe = small_recipe();
  recipe.triple = demo.triple;
  const std::string json = to_json(recipe);
  const Manifest manifest = manifest_of(demo);
  builder.add(std::string(kManifestPath), to_json(manifest));
  builder.add_unindexed(ir_path(Digest::of("module")), "module");
  builder.add_unindexed(object_path(Digest::of("object")), "object");
  builder.add_unindexed(recipe_path(Digest::of(json)), json);
  builder.add(manifest.toolchains.front().worker, "worker of " + demo.triple);
  builder.add(".xaas/src/main.c", "int main(void) { return 0; }\n");
  for (const Configuration& configuration : manifest.configurations) {
    const std::string root = tree_root(manifest, configuration.name);
    const std::string code = configuration.name + " for " + demo.triple;
    builder.add(root + "bin/tool", code, Digest::of(json));
    builder.add(root + "share/data", noise(kDataSize));
    good(builder.writer().add_hard_link(root + "share/same", root + "share/data"));
    builder.records.push_back({.path = root + "share/same", .sha256 = Digest::of(noise(kDataSize)), .size = kDataSize});
    good(builder.writer().add_symlink(root + "bin/alias", "tool", {}));
    builder.add(ready_root(configuration, "cpu1") + "bin/tool", "ready " + code);
    const bool is_only = manifest.configurations.size() == 1;
    builder.add(fmt::format("{}/{}/config.h", kSourceDirectory,
                            is_only ? std::string(kBuildName) : build_directory(configuration.name)),
                "/* " + code + " */\n");
  }
  if (manifest.configurations.size() > 1) {
    good(builder.writer().add_symlink(fmt::format("{}/{}", kSourceDirectory, kBuildName),
                                      build_directory(manifest.default_configuration), {}));
  }
  demo.add(builder);
  builder.finish();
  return path;
}

class Merging {
 public:
  fs::path file(const std::string& name) const { return directory_.path() / name; }
  fs::path image(const std::string& name, const Demo& demo = {}) const { return make(file(name), demo); }
  Status merge(const std::vector<fs::path>& images) {
    Progress progress("test", Verbosity::quiet);
    return merge_images({.images = images, .output = file("out")}, progress);
  }
  std::shared_ptr<const Image> merged(const std::vector<fs::path>& images) {
    good(merge(images));
    auto image = good(Image::open(file("out")));
    const VerifyReport report = good(verify(*image));
    CHECK(report.problems == std::vector<std::string>());
    return image;
  }
  // Why these two images are not merged. Nothing is left behind.
  std::string refused(const Demo& one, const Demo& other, Code code = Code::invalid) {
    const std::vector<fs::path> images{image("one", one), image("other", other)};
    std::string why = bad(merge(images), code);
    CHECK(std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()) == 2);
    return why;
  }

 private:
  TempDirectory directory_ = scratch();
};

std::string text(const Image& image, const std::string& path) {
  return good(image.squashfs().read_all(good(image.squashfs().resolve(path)), 1 << 20));
}

std::string link(const Image& image, const std::string& path) {
  return good(image.squashfs().read_link(good(image.squashfs().resolve(path))));
}

std::uint32_t inode(const Image& image, const std::string& path) {
  return good(image.squashfs().stat(good(image.squashfs().resolve(path)))).inode;
}

}  // namespace

TEST_CASE("a merged image has the first tree at its root, and the others below .xaas/tree", "[merge]") {
  Merging merging;
  const auto image = merging.merged({merging.image("a"), merging.image("b", {.triple = kArm})});
  const Manifest& manifest = image->manifest();
  CHECK(manifest.name == "demo");
  CHECK(manifest.triples == std::vector<std::string>{kTriple, kArm});
  CHECK(manifest.default_configuration == "default");
  REQUIRE(manifest.configurations.size() == 2);
  CHECK(manifest.configurations[0].name == "default");
  CHECK(manifest.configurations[1].name == "default-aarch64");
  CHECK(manifest.configurations[1].triple == kArm);
  REQUIRE(manifest.toolchains.size() == 2);
  CHECK(manifest.toolchains[1].host == kArm);
  CHECK(text(*image, manifest.toolchains[1].worker) == fmt::format("worker of {}", kArm));

  REQUIRE(manifest.runtime_libraries.size() == 2);
  CHECK(manifest.runtime_libraries[1].triple == kArm);

  const std::string tree = tree_root(manifest, "default-aarch64");
  CHECK(tree == fmt::format(".xaas/tree/{}/default-aarch64/", kArm));
  CHECK(text(*image, "bin/tool") == fmt::format("default for {}", kTriple));
  CHECK(text(*image, tree + "bin/tool") == fmt::format("default for {}", kArm));
  CHECK(link(*image, tree + "bin/alias") == "tool");
  CHECK(link(*image, tree + ".xaas") == "../../../../.xaas");
  CHECK(inode(*image, tree + "share/data") == inode(*image, tree + "share/same"));
  CHECK(text(*image, ready_root(manifest.configurations[1], "cpu1") + "bin/tool") ==
        fmt::format("ready default for {}", kArm));
}

TEST_CASE("a merged image has the recipes of all its triples", "[merge]") {
  Merging merging;
  const auto image = merging.merged({merging.image("a"), merging.image("b", {.triple = kArm})});
  const auto record = good(image->files().find(tree_root(image->manifest(), "default-aarch64") + "bin/tool"));
  REQUIRE(record);
  CHECK(good(image->recipe(record->recipe)).triple == kArm);
  CHECK(record->promised_size == promised_size(record->size));
  CHECK(good(image->recipe(good(image->files().find("bin/tool"))->recipe)).triple == kTriple);
}

TEST_CASE("a merged image has equal content once", "[merge]") {
  Merging merging;
  const fs::path a = merging.image("a");
  const fs::path b = merging.image("b", {.triple = kArm});
  const auto image = merging.merged({a, b});
  CHECK(good(summarise(*image)).ir_modules == 1);
  const auto once = static_cast<double>(std::max(fs::file_size(a), fs::file_size(b)));
  CHECK(static_cast<double>(fs::file_size(image->path())) < 1.1 * once);
}

TEST_CASE("each configuration of a merged image has its own generated sources", "[merge]") {
  Merging merging;
  const auto image = merging.merged({merging.image("a"), merging.image("b", {.triple = kArm})});
  CHECK(link(*image, ".xaas/src/.build") == ".build-default");
  CHECK(text(*image, ".xaas/src/.build-default/config.h") == fmt::format("/* default for {} */\n", kTriple));
  CHECK(text(*image, ".xaas/src/.build-default-aarch64/config.h") == fmt::format("/* default for {} */\n", kArm));
}

TEST_CASE("names of configurations that no other image has stay", "[merge]") {
  Merging merging;
  const auto image = merging.merged({merging.image("a", {.configurations = {"SSE2", "AVX2"}}),
                                     merging.image("b", {.triple = kArm, .configurations = {"SVE", "SSE2"}})});
  std::vector<std::string> names;
  for (const Configuration& configuration : image->manifest().configurations) names.push_back(configuration.name);
  CHECK(names == std::vector<std::string>{"SSE2", "AVX2", "SVE", "SSE2-aarch64"});
  CHECK(text(*image, fmt::format(".xaas/tree/{}/SSE2-aarch64/bin/tool", kArm)) == fmt::format("SSE2 for {}", kArm));
  CHECK(text(*image, fmt::format(".xaas/tree/{}/SVE/bin/tool", kArm)) == fmt::format("SVE for {}", kArm));
  CHECK(text(*image, ".xaas/src/.build-SSE2-aarch64/config.h") == fmt::format("/* SSE2 for {} */\n", kArm));
}

TEST_CASE("more than two images become one, also in steps", "[merge]") {
  Merging merging;
  const fs::path a = merging.image("a");
  const fs::path b = merging.image("b", {.triple = kArm});
  const fs::path c = merging.image("c", {.triple = "riscv64-unknown-linux-gnu"});
  const std::string at_once = text(*merging.merged({a, b, c}), std::string(kManifestPath));
  const auto two = merging.merged({a, b});
  fs::rename(two->path(), merging.file("two"));
  CHECK(text(*merging.merged({merging.file("two"), c}), std::string(kManifestPath)) == at_once);
}

TEST_CASE("the same images give the same bytes", "[merge]") {
  Merging merging;
  const std::vector<fs::path> images{merging.image("a"), merging.image("b", {.triple = kArm})};
  good(merging.merge(images));
  const std::string once = good(read_file(merging.file("out")));
  good(merging.merge(images));
  CHECK(good(read_file(merging.file("out"))) == once);
}

TEST_CASE("places of the prefix go along", "[merge]") {
  Merging merging;
  const std::string prefix = placeholder_prefix();
  const auto with_places = [&](const std::string& triple, const std::string& before) {
    Demo demo{.triple = triple};
    demo.change = [&](Manifest& manifest) {
      manifest.prefix = prefix;
      manifest.features.incompat = {std::string(kMovablePrefix)};
    };
    demo.add = [=](ImageBuilder& builder) {
      builder.add("etc/conf", before + prefix);
      builder.records.back().place_count = 1;
      builder.records.back().is_text = true;
      builder.places = {{.offset = before.size()}};
    };
    return demo;
  };
  const auto image =
      merging.merged({merging.image("a", with_places(kTriple, "x")), merging.image("b", with_places(kArm, "four"))});
  const auto offset = [&](const std::string& path) {
    const auto record = good(image->files().find(path));
    const PrefixPlaces places = good(image->files().places(*record, prefix.size()));
    return places.text && places.list.size() == 1 ? places.list.front().offset : 0;
  };
  CHECK(is_movable(image->manifest()));
  CHECK(offset("etc/conf") == 1);
  CHECK(offset(tree_root(image->manifest(), "default-aarch64") + "etc/conf") == 4);
}

TEST_CASE("images that contradict each other are not merged, and it is said why", "[merge]") {
  Merging merging;
  const auto other = [](const std::function<void(Manifest&)>& change) {
    return Demo{.triple = kArm, .change = change};
  };
  CHECK(contains(merging.refused({}, {}), "both have programs for x86_64"));
  CHECK(contains(merging.refused({}, {.triple = "x86_64-unknown-linux-gnu"}), "both have programs for x86_64"));
  CHECK(contains(merging.refused({}, other([](Manifest& manifest) { manifest.name = "demonstration"; })),
                 "the name is \"demo\" in one and \"demonstration\" in the other"));
  CHECK(contains(merging.refused({}, other([](Manifest& manifest) { manifest.version = "2"; })),
                 "the version is \"1.0\" in one and \"2\" in the other"));
  CHECK(contains(merging.refused({}, other([](Manifest& manifest) { manifest.prefix = "/usr"; })),
                 "the prefix is \"/opt/demo\" in one and \"/usr\" in the other"));
  CHECK(contains(merging.refused({}, other([](Manifest& manifest) { manifest.main = "bin/tool"; })), "main program"));
  CHECK(contains(merging.refused({}, other([](Manifest& manifest) { manifest.policy = "max"; })), "policy"));
  CHECK(contains(merging.refused({}, other([](Manifest& manifest) {
                                   manifest.prefix = placeholder_prefix();
                                   manifest.features.incompat = {std::string(kMovablePrefix)};
                                 })),
                 "the prefix is \"/opt/demo\" in one and \"wherever it is mounted\" in the other"));
}

TEST_CASE("trees of different shape are not merged", "[merge]") {
  Merging merging;
  const Demo file{.add = [](ImageBuilder& builder) { builder.add("lib/plugins", "text"); }};
  const Demo directory{.triple = kArm, .add = [](ImageBuilder& builder) { builder.add("lib/plugins/one", "text"); }};
  CHECK(contains(merging.refused(file, directory), "lib/plugins is a file in one and a directory in the other"));
}

TEST_CASE("what this version does not know is not lost", "[merge]") {
  Merging merging;
  const Demo tomorrow{.triple = kArm, .change = [](Manifest& manifest) { manifest.features.compat = {"tomorrow"}; }};
  CHECK(contains(merging.refused({}, tomorrow, Code::unsupported), "has the feature tomorrow"));
}

TEST_CASE("of sources that differ the first image's stay", "[merge]") {
  Merging merging;
  const auto with = [](const std::string& triple, const std::string& source) {
    return Demo{.triple = triple, .add = [=](ImageBuilder& builder) { builder.add(".xaas/src/made.h", source); }};
  };
  const auto image = merging.merged({merging.image("a", with(kTriple, "one")), merging.image("b", with(kArm, "two"))});
  CHECK(text(*image, ".xaas/src/made.h") == "one");
}

TEST_CASE("a damaged image is not merged", "[merge]") {
  Merging merging;
  const Demo unlisted{.triple = kArm, .add = [](ImageBuilder& builder) { builder.add_unindexed("bin/x", "x"); }};
  CHECK(contains(merging.refused({}, unlisted), "bin/x is not in the index: the image is damaged"));
  const Demo changed{.triple = kArm, .add = [](ImageBuilder& builder) {
                       builder.add("bin/y", "y");
                       builder.records.back().sha256 = Digest::of("z");
                     }};
  CHECK(contains(merging.refused({}, changed), "bin/y does not have its digest"));
  const Demo renamed{.triple = kArm, .add = [](ImageBuilder& builder) {
                       builder.add_unindexed(ir_path(Digest::of("another module")), "changed");
                     }};
  CHECK(contains(merging.refused({}, renamed), "does not have its digest"));
}
