// Helpers of the tests of lower/: shell commands that must work, and small programs that are compiled in the test.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "lower/target.h"
#include "tests/unit/format_support.h"

namespace xaas::test {

// Runs a shell command that must succeed.
inline void run(const std::string& command) {
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);  // NOLINT(concurrency-mt-unsafe)
}

// Returns the standard output of a shell command that must succeed.
inline std::string output_of(const std::string& command) {
  const TempDirectory directory = scratch();
  const std::filesystem::path file = directory.path() / "output";
  run("{ " + command + "; } > " + file.string());
  return good(read_file(file));
}

// Compiles C source text with clang. Returns the bytes of the result.
inline std::string compile_c(std::string_view source, const std::string& options) {
  const TempDirectory directory = scratch();
  good(write_file(directory.path() / "unit.c", source));
  run("cd " + directory.path().string() + " && clang-19 -std=gnu11 " + options + " unit.c -o result");
  return good(read_file(directory.path() / "result"));
}

// Writes an image whose one program, "bin/app", cannot be lowered, because the worker is not the one that the manifest
// names. `manifest` gets the toolchain.
inline std::shared_ptr<const Image> image_with_wrong_worker(const std::filesystem::path& path, Manifest manifest) {
  const std::string worker = fmt::format("{}/{}/xaas-lower", kToolchainDirectory, kTriple);
  manifest.toolchains = {{.host = host_triple(),
                          .worker = worker,
                          .digest = Digest::of("the right one"),
                          .llvm = "19.1.7",
                          .targets = {"X86"}}};
  ImageBuilder builder(path);
  builder.add(std::string(kManifestPath), to_json(manifest));
  builder.add_unindexed(worker, "a wrong one");
  Recipe recipe;
  recipe.triple = kTriple;
  builder.add_unindexed(recipe_path(Digest::of(to_json(recipe))), to_json(recipe));
  builder.add("bin/app", "a baseline", Digest::of(to_json(recipe)));
  builder.finish();
  return good(Image::open(path));
}

}  // namespace xaas::test
