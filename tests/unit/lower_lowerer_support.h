// What the tests of Lowerer share: an image with a program and its library, and lowerers with a cache of their own.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lower/lowerer.h"
#include "tests/unit/clang_units.h"
#include "tests/unit/lower_support.h"

namespace xaas::test {

inline constexpr const char* kWorkerPath = ".xaas/toolchain/x86_64-pc-linux-gnu/xaas-lower";
inline constexpr const char* kUsesPart = R"(
#include <stdio.h>
int part(int);
int main(int argc, char** argv) { (void)argv; printf("%d\n", part(argc)); return 0; }
)";
inline constexpr const char* kPart = R"(
int part(int x) { return x * 42; }
void add(double* restrict a, const double* restrict b, int n) { for (int i = 0; i < n; i++) a[i] += b[i]; }
)";

// The worker that this build made. Empty if it is not static, as in builds with sanitizers, because then it cannot be
// confined.
inline std::string worker_bytes() {
  std::string bytes = good(read_file(XAAS_BIN_DIR "/xaas-lower"));
  const std::string headers = output_of("llvm-readelf-19 -l " XAAS_BIN_DIR "/xaas-lower");
  const bool is_static = headers.find("INTERP") == std::string::npos;
  return is_static ? bytes : "";
}

// An image with bin/app, which needs lib/libpart.so.1, and with files that cannot be lowered, each for another reason.
class TestImage {
 public:
  explicit TestImage(const std::string& worker) {
    ImageBuilder builder(path());
    builder.add_unindexed(kWorkerPath, worker);
    Manifest manifest = small_manifest();
    manifest.toolchains = {
        {.host = kTriple, .worker = kWorkerPath, .digest = Digest::of(worker), .llvm = "19.1.7", .targets = {"X86"}}};
    builder.add(std::string(kManifestPath), to_json(manifest));

    const std::string baseline = compile_c(kPart, "-O2 -shared -fPIC -Wl,-soname,libpart.so.1");
    add(builder, "lib/libpart.so.1.0", baseline, LinkKind::shared,
        {"-soname=libpart.so.1", unit(builder, "part.o", kPart)});
    good(builder.writer().add_symlink("lib/libpart.so.1", "libpart.so.1.0", {}));
    good(builder.writer().add_symlink("lib/loop.so", "loop.so", {}));
    good(builder.writer().add_symlink("lib/out.so", "../../etc/passwd", {}));
    good(builder.writer().add_symlink("lib/absolute.so", "/opt/demo/lib/libpart.so.1", {}));

    const IrInput main = unit(builder, "main.o", kUsesPart);
    const IrInput times = unit(builder, "times.o", "int times(int x) { return x * 7; }");
    const IrInput plus = unit(builder, "plus.o", "int times(int x); int plus(int x) { return times(x) + 1; }");
    const IrInput minus = unit(builder, "minus.o", "int times(int x); int minus(int x) { return times(x) - 1; }");
    add(builder, "lib/plus.so", baseline, LinkKind::shared, {times, plus});
    add(builder, "lib/minus.so", baseline, LinkKind::shared, {times, minus});
    const ObjectInput start = start_file(builder);
    std::vector<LinkArgument> program = {start,
                                         "-dynamic-linker",
                                         "/lib64/ld-linux-x86-64.so.2",
                                         "-rpath",
                                         "$ORIGIN/../lib",
                                         main,
                                         LibraryInput{"libpart.so.1"},
                                         LibraryInput{"libc.so.6"}};
    add(builder, "bin/app", "a baseline", LinkKind::pie, program);
    program.push_back(LibraryInput{"libabsent.so.7"});
    add(builder, "bin/orphan", "a baseline", LinkKind::pie, program);
    add(builder, "lib/wide.so", baseline, LinkKind::shared,
        {unit(builder, "wide.o", kPart, "-mavx512f", {"+avx512f"})});
    add(builder, "bin/broken", "a baseline", LinkKind::pie, {start, main});
    builder.add("share/data", "data");
    builder.finish();
  }

  std::filesystem::path path() const { return directory_.path() / "demo.xaas"; }
  std::shared_ptr<const Image> open() const { return good(Image::open(path())); }

 private:
  static void add(ImageBuilder& builder, const std::string& path, const std::string& baseline, LinkKind kind,
                  std::vector<LinkArgument> arguments) {
    Recipe recipe;
    recipe.kind = kind;
    recipe.arguments = std::move(arguments);
    recipe.triple = kTriple;
    recipe.output = path;
    const std::string text = to_json(recipe);
    builder.add_unindexed(recipe_path(Digest::of(text)), text);
    builder.add(path, baseline, Digest::of(text));
  }

  IrInput unit(ImageBuilder& builder, const std::string& name, const std::string& source, const std::string& flags = "",
               std::vector<std::string> features = {}) {
    const std::string bitcode = clang_.canonical(source, flags);
    const Digest digest = Digest::of(bitcode);
    if (stored_.insert(digest).second) builder.add_unindexed(ir_path(digest), bitcode);
    return {digest, name, std::move(features)};
  }

  static ObjectInput start_file(ImageBuilder& builder) {
    std::string path = output_of("clang-19 -print-file-name=Scrt1.o");
    path.pop_back();
    const std::string object = good(read_file(path));
    builder.add_unindexed(object_path(Digest::of(object)), object);
    return {Digest::of(object), "Scrt1.o"};
  }

  TempDirectory directory_ = scratch();
  ClangUnits clang_;
  std::set<Digest> stored_;
};

struct LowererFixture {
  TempDirectory root = scratch();

  // Null when no worker can run.
  static const TestImage* image() {
    static const std::string worker = worker_bytes();
    if (worker.empty()) {
      WARN("the worker of this build is not static: not tested");
      return nullptr;
    }
    static const TestImage made(worker);
    return &made;
  }

  // Removes the linked files, but not their modules.
  void clear_linked() const { std::filesystem::remove_all(root.path() / "cache" / kCacheEntries); }

  std::unique_ptr<Lowerer> lowerer(const std::string& cpu = "", const std::string& features = "",
                                   const char* policy = "default") const {
    LowererOptions options;
    options.target = {.cpu = cpu, .features = features};
    options.cache = root.path() / "cache";
    options.policy = good(find_policy(policy));
    options.jobs = 1;
    return good(Lowerer::create(image()->open(), options));
  }

  static FileRecord record(std::string_view path) {
    auto found = good(image()->open()->files().find(path));
    REQUIRE(found);
    return *found;
  }

  std::filesystem::path unpack(const Lowered& lowered, const std::filesystem::path& name) const {
    const std::filesystem::path path = root.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::string bytes(lowered.size, '\0');
    REQUIRE(pread(lowered.file.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    good(write_file(path, bytes));
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
};

}  // namespace xaas::test
