// Building on the host: what it offers, and the recipe that mkxaas gets. Systems are small trees, and programs in them
// are shell scripts.
#include <filesystem>

#include "lower/library_search.h"
#include "lower/source_build/build_recipe.h"
#include "lower/source_build/host_offer.h"
#include "lower/source_build/source_build.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

using test::contains;

// A system that has what mkxaas itself needs.
class BuildSystem {
 public:
  BuildSystem() {
    surroundings.root = root_.path();
    surroundings.triple = test::kTriple;
    surroundings.environment["PATH"] = "/usr/bin";
    for (const char* name : {"clang-19", "llvm-objcopy-19", "patchelf"}) program(name, "echo clang version 19.1.7");
  }
  void file(const std::string& path, const std::string& text) {
    fs::create_directories(surroundings.at(path).parent_path());
    test::good(write_file(surroundings.at(path), text));
  }
  void program(const std::string& name, const std::string& body) {
    file("/usr/bin/" + name, "#!/bin/sh\n" + body + "\n");
    fs::permissions(surroundings.at("/usr/bin/" + name), fs::perms::owner_all);
  }
  void library(const std::string& path, const std::string& soname) {
    file(path, test::compile_c("int f(void) { return 1; }", "-shared -fPIC -nostdlib -Wl,-soname," + soname));
  }
  HostOffer offer(const HostBuild& build) const {
    return find_offer(surroundings, test::good(resolve_target(test::kTriple, {.cpu = "x86-64-v2", .features = ""})),
                      build);
  }
  std::string problem(const HostBuild& build) const {
    const HostOffer found = offer(build);
    REQUIRE(found.problems.size() == 1);
    return found.problems.front();
  }

  Surroundings surroundings;

 private:
  TempDirectory root_ = test::scratch();
};

HostBuild links(const std::string& library, std::vector<std::string> headers = {}) {
  HostBuild build;
  build.links = {library};
  build.headers = std::move(headers);
  return build;
}

}  // namespace

TEST_CASE("tools count with their versions, from the first directory that has them") {
  BuildSystem host;
  host.program("sdkcc", "echo 'SDK compiler, release 12.1'");
  HostBuild build;
  build.tools = {"sdkcc>=12.1"};
  const HostOffer found = host.offer(build);
  CHECK(found.problems.empty());
  CHECK(found.tools.back().version == "12.1");
  CHECK(found.tools.back().path == "/usr/bin/sdkcc");
  build.tools = {"sdkcc>=12.2"};
  CHECK(host.problem(build) == "needs sdkcc 12.2, and /usr/bin/sdkcc is 12.1");
  build.tools = {"other"};
  CHECK(host.problem(build) == "needs other, which is not in PATH");
  host.program("silent", "exit 0");
  build.tools = {"silent>=1"};
  CHECK(host.problem(build) == "needs silent 1, and /usr/bin/silent does not say its version");
}

TEST_CASE("a library is what a linker would take, and the soname in it") {
  BuildSystem host;
  CHECK(host.problem(links("libz.so")) == "needs libz.so to link with, which is not there");
  host.file("/usr/include/zlib.h", "\n");
  CHECK(contains(host.problem(links("libz.so", {"zlib.h"})), "which is not there, but its header "));
  host.library("/usr/lib/libz.so.1", "libz.so.1");
  CHECK(contains(host.problem(links("libz.so")), "needs libz.so to link with"));
  fs::create_symlink("libz.so.1", host.surroundings.at("/usr/lib/libz.so"));
  const HostOffer found = host.offer(links("libz.so", {"zlib.h"}));
  CHECK(found.problems.empty());
  REQUIRE(found.libraries.size() == 1);
  CHECK(found.libraries.front().soname == "libz.so.1");
  CHECK(contains(host.problem(links("libz.so.2")), "is libz.so.1"));
  CHECK(host.problem(links("libz.so", {"other.h"})) == "needs the header other.h");
}

TEST_CASE("a linker's script stands for the library that it names") {
  BuildSystem host;
  host.file("/usr/lib/libm.so", "/* GNU ld script */\nGROUP ( /lib64/libm.so.6  AS_NEEDED ( /lib64/libmvec.so.1 ) )\n");
  CHECK(contains(host.problem(links("libm.so")), "stands for libm.so.6, which is not there"));
  host.library("/usr/lib/libm.so.6", "libm.so.6");
  CHECK(host.offer(links("libm.so")).problems.empty());
}

TEST_CASE("a CPU without the features is told of") {
  const BuildSystem host;
  HostBuild build;
  build.features = {"+avx2"};
  CHECK(host.problem(build) == "needs +avx2, which x86-64-v2 lacks");
}

TEST_CASE("the recipe for one configuration has its values, in the order of its name") {
  Manifest manifest = test::small_manifest();
  manifest.features.incompat = {"movable-prefix"};
  manifest.name = "a \"b\"";
  manifest.source.emplace();
  manifest.source->build = "make\n$MPI";
  manifest.source->levels = {"x86-64-v3"};
  manifest.source->slots = {"blas", "tomorrow"};
  manifest.source->cuda_families = {80, 90};
  manifest.source->copied = {{"notes", "share/notes"}};
  SourceConfiguration configuration{
      "host+avx2", {{"a", "avx2"}, {"mpi", "host"}}, {{"a", "-mavx2"}, {"mpi", "--mpi"}}, HostBuild{}};
  configuration.on_host->features = {"+avx2"};
  const std::string text = build_recipe(manifest, configuration);
  CHECK(contains(text, "name = \"a \\\"b\\\"\"\n"));
  CHECK(contains(text, "build = \"make\\n$MPI\"\n"));
  CHECK(contains(text, "levels = [\"x86-64-v3\"]\n"));
  CHECK(contains(text, "bundle = false\n"));
  CHECK(contains(text, "slots = [\"blas\"]\n"));
  CHECK(contains(text, "cuda = {families = [80,90]}\n"));
  CHECK(contains(text, "files = [{from = \"notes\", to = \"share/notes\"}]\n"));
  CHECK_FALSE(contains(text, "prefix"));
  CHECK(contains(text,
                 "\n[[points]]\nname = \"mpi\"\nvalues = [{name = \"host\", substitute = \"--mpi\", features = "
                 "[\"+avx2\"], libraries = [], devices = []}]\n\n[[points]]\nname = \"a\"\nvalues = [{name = "
                 "\"avx2\", substitute = \"-mavx2\"}]\n"));
}

TEST_CASE("a program is linked with what its own rpath names on this host") {
  const TempDirectory directory = test::scratch();
  const fs::path library = directory.path() / "libxaasnowhere.so.1";
  test::good(write_file(library, test::compile_c("int f(void) { return 1; }",
                                                 "-shared -fPIC -nostdlib -Wl,-soname,libxaasnowhere.so.1")));
  test::ImageBuilder builder(directory.path() / "demo.xaas");
  builder.add(std::string(kManifestPath), to_json(test::small_manifest()));
  builder.add("bin/app",
              test::compile_c("int main(void) { return 0; }", "-Wl,-rpath," + directory.path().string() + ":relative"));
  builder.add("bin/other", test::compile_c("int main(void) { return 0; }", ""));
  builder.finish();
  const auto image = test::good(Image::open(directory.path() / "demo.xaas"));
  const auto find = [&](const char* user) {
    return find_library(*image, "libxaasnowhere.so.1", user, {}, test::kTriple);
  };
  const FoundLibrary found = test::good(find("bin/app"));
  CHECK(found.path == library);
  CHECK(found.identity == test::good(identify_library(library)));
  CHECK_FALSE(found.in_image);
  test::bad(find("bin/other"), Code::not_found);
}

TEST_CASE("values of points are read") {
  CHECK(test::good(parse_point_values({"mpi=host", "a="})) ==
        std::map<std::string, std::string>{{"mpi", "host"}, {"a", ""}});
  test::bad(parse_point_values({"mpi"}), Code::invalid);
  test::bad(parse_point_values({"=host"}), Code::invalid);
}

TEST_CASE("an add-on is found under its key, whole, and no other") {
  const TempDirectory directory = test::scratch();
  const auto cache = Cache::open(directory.path() / "cache");
  const Digest source = Digest::of("source");
  const Digest key = Digest::of("key");
  test::good(write_file(directory.path() / "made", "an image"));
  AddOnRecord record;
  record.configuration = "host";
  record.libraries = {{"libz.so.1", "/nowhere/libz.so.1", "build-id:00"}};
  record.tools = {{"clang-19", "19.1.7"}};
  CHECK_FALSE(find_add_on(*cache, source, key));
  const AddOn stored = test::good(store_add_on(*cache, source, key, directory.path() / "made", record));
  const auto found = find_add_on(*cache, source, key);
  REQUIRE(found);
  CHECK(found->record.configuration == "host");
  CHECK(found->record.libraries == record.libraries);
  CHECK(found->record.size == 8);
  CHECK(add_ons_of(source, directory.path() / "cache").size() == 1);
  CHECK_FALSE(find_add_on(*cache, source, Digest::of("other")));
  CHECK_FALSE(find_add_on(*cache, Digest::of("other"), key));
  CHECK(contains(problem_of(found->record), "/nowhere/libz.so.1, which is gone"));
  test::good(write_file(stored.file, "an imagE"));
  CHECK_FALSE(find_add_on(*cache, source, key));
  CHECK_FALSE(fs::exists(stored.file));
}

}  // namespace xaas
