// Files of an image, really lowered: a program and its library, through the cache and the worker of the image.
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>

#include "lower/elf_identity.h"
#include "lower/host_library.h"
#include "lower/library_search.h"
#include "lower/lowerer.h"
#include "lower/native_install.h"
#include "tests/unit/clang_units.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr const char* kWorkerPath = ".xaas/toolchain/x86_64-pc-linux-gnu/xaas-lower";
constexpr const char* kProgram = R"(
#include <stdio.h>
int part(int);
int main(int argc, char** argv) { (void)argv; printf("%d\n", part(argc)); return 0; }
)";
constexpr const char* kLibrary = R"(
int part(int x) { return x * 42; }
void add(double* restrict a, const double* restrict b, int n) { for (int i = 0; i < n; i++) a[i] += b[i]; }
)";

// The worker that this build made. Empty if it is not static, as in builds with sanitizers, because then it cannot be
// confined.
std::string worker_bytes() {
  std::string bytes = test::good(read_file(XAAS_BIN_DIR "/xaas-lower"));
  const std::string headers = test::output_of("llvm-readelf-19 -l " XAAS_BIN_DIR "/xaas-lower");
  const bool is_static = headers.find("INTERP") == std::string::npos;
  return is_static ? bytes : "";
}

// An image with bin/app, which needs lib/libpart.so.1, and with files that cannot be lowered, each for another reason.
class TestImage {
 public:
  explicit TestImage(const std::string& worker) {
    test::ImageBuilder builder(path());
    builder.add_unindexed(kWorkerPath, worker);
    Manifest manifest = test::small_manifest();
    manifest.toolchains = {{.host = test::kTriple,
                            .worker = kWorkerPath,
                            .digest = Digest::of(worker),
                            .llvm = "19.1.7",
                            .targets = {"X86"}}};
    builder.add(std::string(kManifestPath), to_json(manifest));

    const std::string baseline = test::compile_c(kLibrary, "-O2 -shared -fPIC -Wl,-soname,libpart.so.1");
    add(builder, "lib/libpart.so.1.0", baseline, LinkKind::shared,
        {"-soname=libpart.so.1", unit(builder, "part.o", kLibrary)});
    test::good(builder.writer().add_symlink("lib/libpart.so.1", "libpart.so.1.0", {}));
    test::good(builder.writer().add_symlink("lib/loop.so", "loop.so", {}));
    test::good(builder.writer().add_symlink("lib/out.so", "../../etc/passwd", {}));
    test::good(builder.writer().add_symlink("lib/absolute.so", "/opt/demo/lib/libpart.so.1", {}));

    const IrInput main = unit(builder, "main.o", kProgram);
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
        {unit(builder, "wide.o", kLibrary, "-mavx512f", {"+avx512f"})});
    add(builder, "bin/broken", "a baseline", LinkKind::pie, {start, main});
    builder.add("share/data", "data");
    builder.finish();
  }

  fs::path path() const { return directory_.path() / "demo.xaas"; }
  std::shared_ptr<const Image> open() const { return test::good(Image::open(path())); }

 private:
  static void add(test::ImageBuilder& builder, const std::string& path, const std::string& baseline, LinkKind kind,
                  std::vector<LinkArgument> arguments) {
    Recipe recipe;
    recipe.kind = kind;
    recipe.arguments = std::move(arguments);
    recipe.triple = test::kTriple;
    recipe.output = path;
    const std::string text = to_json(recipe);
    builder.add_unindexed(recipe_path(Digest::of(text)), text);
    builder.add(path, baseline, Digest::of(text));
  }

  IrInput unit(test::ImageBuilder& builder, const std::string& name, const std::string& source,
               const std::string& flags = "", std::vector<std::string> features = {}) {
    const std::string bitcode = clang_.canonical(source, flags);
    const Digest digest = Digest::of(bitcode);
    if (stored_.insert(digest).second) builder.add_unindexed(ir_path(digest), bitcode);
    return {digest, name, std::move(features)};
  }

  static ObjectInput start_file(test::ImageBuilder& builder) {
    std::string path = test::output_of("clang-19 -print-file-name=Scrt1.o");
    path.pop_back();
    const std::string object = test::good(read_file(path));
    builder.add_unindexed(object_path(Digest::of(object)), object);
    return {Digest::of(object), "Scrt1.o"};
  }

  TempDirectory directory_ = test::scratch();
  test::ClangUnits clang_;
  std::set<Digest> stored_;
};

struct LowererFixture {
  TempDirectory root = test::scratch();

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
  void clear_linked() const { fs::remove_all(root.path() / "cache" / kCacheEntries); }

  std::unique_ptr<Lowerer> lowerer(const std::string& cpu = "", const std::string& features = "",
                                   const char* policy = "default") const {
    LowererOptions options;
    options.target = {.cpu = cpu, .features = features};
    options.cache = root.path() / "cache";
    options.policy = test::good(find_policy(policy));
    options.jobs = 1;
    return test::good(Lowerer::create(image()->open(), options));
  }

  static FileRecord record(std::string_view path) {
    auto found = test::good(image()->open()->files().find(path));
    REQUIRE(found);
    return *found;
  }

  fs::path unpack(const Lowered& lowered, const fs::path& name) const {
    const fs::path path = root.path() / name;
    fs::create_directories(path.parent_path());
    std::string bytes(lowered.size, '\0');
    REQUIRE(pread(lowered.file.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    test::good(write_file(path, bytes));
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }
};

Error error_of(const Result<Lowered>& result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find('\n') == std::string::npos);
  return result.error();
}

}  // namespace

TEST_CASE_METHOD(LowererFixture, "a program and its library are lowered, run, and are found again in the cache") {
  if (image() == nullptr) return;
  const auto lowerer = this->lowerer();
  CHECK_FALSE(test::good(lowerer->find(record("bin/app"))));
  const Lowered app = test::good(lowerer->lower(record("bin/app"), {}));
  const Lowered part = test::good(lowerer->lower(record("lib/libpart.so.1.0"), {}));
  CHECK_FALSE(app.from_cache);
  unpack(part, "lib/libpart.so.1");
  CHECK(test::output_of(unpack(app, "bin/app").string()) == "42\n");

  const auto again = test::good(lowerer->find(record("bin/app")));
  REQUIRE(again);
  CHECK(again->from_cache);
  CHECK(again->key == app.key);
  CHECK(again->size == app.size);
  CHECK(test::good(this->lowerer()->lower(record("bin/app"), {})).from_cache);
  CHECK(fs::is_empty(root.path() / "cache" / kCacheScratch));
}

TEST_CASE_METHOD(LowererFixture, "a lowered file has its key as build-id, and no padding") {
  if (image() == nullptr) return;
  const Lowered app = test::good(lowerer()->lower(record("bin/app"), {}));
  const ElfIdentity identity = test::good(read_elf_identity(app.file.get()));
  CHECK(identity.build_id == app.key.hex().substr(0, 40));
  struct stat status{};
  REQUIRE(fstat(app.file.get(), &status) == 0);
  CHECK(static_cast<std::uint64_t>(status.st_size) == app.size);
  CHECK(app.size < record("bin/app").promised_size);
}

TEST_CASE_METHOD(LowererFixture, "the key depends on the target and the policy, and on nothing of this process") {
  if (image() == nullptr) return;
  const FileRecord part = record("lib/libpart.so.1.0");
  const Digest key = test::good(lowerer()->key(part));
  CHECK(test::good(lowerer()->key(part)) == key);
  CHECK(test::good(lowerer("haswell")->key(part)) != test::good(lowerer("haswell", "-fma")->key(part)));
  CHECK(test::good(lowerer("haswell")->key(part)) != test::good(lowerer("broadwell")->key(part)));
}

TEST_CASE_METHOD(LowererFixture, "code for a CPU without AVX-512 has none") {
  if (image() == nullptr) return;
  const FileRecord part = record("lib/libpart.so.1.0");
  const Lowered lowered = test::good(lowerer("skylake-avx512", "-avx512f")->lower(part, {}));
  const std::string code = test::output_of("llvm-objdump-19 -d " + unpack(lowered, "masked.so").string());
  CHECK_THAT(code, Catch::Contains("%ymm"));
  CHECK_THAT(code, !Catch::Contains("%zmm"));
}

TEST_CASE_METHOD(LowererFixture,
                 "what another link of the image has made of a unit is not made again, unless it was damaged") {
  if (image() == nullptr) return;
  const auto lower = [&](const char* path, const char* policy = "default") {
    return test::good(lowerer("haswell", "", policy)->lower(record(path), {}));
  };
  const Lowered plus = lower("lib/plus.so");
  CHECK(plus.modules_made == 2);
  CHECK(plus.units_prepared == 2);
  const Lowered minus = lower("lib/minus.so");
  CHECK(minus.modules_made == 1);
  CHECK(minus.units_prepared == 1);
  const Lowered most = lower("lib/minus.so", "max");
  CHECK(most.modules_made == 2);
  CHECK(most.units_prepared == 2);

  const auto bytes_of = [](const Lowered& lowered) { return test::good(Digest::of_file(lowered.file.get())); };
  clear_linked();
  const Lowered again = lower("lib/plus.so");
  CHECK_FALSE(again.from_cache);
  CHECK(again.modules_made == 0);
  CHECK(again.units_prepared == 0);
  CHECK(bytes_of(again) == bytes_of(plus));

  clear_linked();
  std::vector<fs::path> modules;
  for (const auto& entry : fs::recursive_directory_iterator(root.path() / "cache" / kCacheModules)) {
    if (entry.is_regular_file()) modules.push_back(entry.path());
  }
  CHECK(modules.size() == 3);  // a pack for each link
  for (const fs::path& module : modules) fs::resize_file(module, fs::file_size(module) - 1);
  const Lowered mended = lower("lib/plus.so");
  CHECK(mended.modules_made == 2);
  CHECK(mended.units_prepared == 2);
  CHECK(bytes_of(mended) == bytes_of(plus));
}

TEST_CASE_METHOD(LowererFixture, "what a site's cache has is not lowered again, unless others can write there") {
  if (image() == nullptr) return;
  const FileRecord part = record("lib/libpart.so.1.0");
  const Digest key = test::good(lowerer()->lower(part, {})).key;
  const fs::path site = root.path() / "site";
  fs::rename(root.path() / "cache", site);
  const std::string names = "/nonexistent:" + site.string();
  setenv("XAAS_SITE_CACHES", names.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  const auto reader = lowerer();
  fs::permissions(site, fs::perms::all);
  const auto distrustful = lowerer();
  unsetenv("XAAS_SITE_CACHES");  // NOLINT(concurrency-mt-unsafe)
  CHECK_FALSE(test::good(distrustful->find(part)));
  const auto found = test::good(reader->find(part));
  REQUIRE(found);
  CHECK(found->key == key);
  REQUIRE(reader->place(key));
  CHECK(reader->place(key)->string().starts_with(fs::canonical(site).string()));
  CHECK_FALSE(fs::exists(reader->cache().data_path(key)));
  const fs::path there = *reader->place(key);
  fs::resize_file(there, 100);
  CHECK_FALSE(test::good(reader->find(part)));
  CHECK(fs::exists(there));  // the owner of the site cache removes it
}

TEST_CASE_METHOD(LowererFixture, "too little memory costs threads, and with one thread left is too little no more") {
  if (image() == nullptr) return;
  LowererOptions options;
  options.cache = root.path() / "cache";
  options.jobs = 4;
  options.memory = 1 << 20;
  const auto lowerer = test::good(Lowerer::create(image()->open(), options));
  const Lowered plus = test::good(lowerer->lower(record("lib/plus.so"), {}));
  CHECK(plus.peak_bytes > options.memory);
}

TEST_CASE_METHOD(LowererFixture, "a job that is saved makes the same bytes by hand") {
  if (image() == nullptr) return;
  const fs::path directory = root.path() / "saved";
  test::good(lowerer()->save_job(record("lib/plus.so"), directory));
  test::run("cd " + directory.string() + " && ./xaas-lower --worker <job.json >answer");
  CHECK(test::good(parse_job_result(test::good(read_file(directory / "answer")))).ok);
  const Lowered lowered = test::good(lowerer()->lower(record("lib/plus.so"), {}));
  CHECK(Digest::of(test::good(read_file(directory / "output"))) == test::good(Digest::of_file(lowered.file.get())));
  CHECK_FALSE(lowerer()->save_job(record("lib/plus.so"), directory));  // the directory exists already
}

TEST_CASE_METHOD(LowererFixture, "however many ask for a file, it is lowered once") {
  if (image() == nullptr) return;
  const auto one = lowerer();
  const auto other = lowerer();  // as another process would have it
  const FileRecord part = record("lib/libpart.so.1.0");
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const auto lowered = (i % 2 == 0 ? one : other)->lower(part, {});
      if (lowered && !lowered->from_cache) ++made;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 1);
}

TEST_CASE_METHOD(LowererFixture, "a damaged cache entry is made again") {
  if (image() == nullptr) return;
  const FileRecord part = record("lib/libpart.so.1.0");
  const Lowered first = test::good(lowerer()->lower(part, {}));
  fs::resize_file(lowerer()->cache().data_path(first.key), 100);
  const Lowered second = test::good(lowerer()->lower(part, {}));
  CHECK_FALSE(second.from_cache);
  CHECK(second.size == first.size);
}

TEST_CASE_METHOD(LowererFixture, "without a cache a file is lowered and usable all the same") {
  if (image() == nullptr) return;
  test::good(write_file(root.path() / "cache", "in the way"));
  const Lowered lowered = test::good(lowerer()->lower(record("lib/libpart.so.1.0"), {}));
  CHECK_FALSE(lowered.warnings.empty());
  CHECK(test::good(read_elf_identity(lowered.file.get())).type == ET_DYN);
}

TEST_CASE_METHOD(LowererFixture, "what cannot be lowered says why in one line") {
  if (image() == nullptr) return;
  const auto lowerer = this->lowerer("haswell");
  const Error missing = error_of(lowerer->lower(record("bin/orphan"), {}));
  CHECK(missing.code == Code::not_found);
  CHECK_THAT(missing.message, Catch::Contains("libabsent.so.7") && Catch::Contains("bin/orphan"));
  const Error wide = error_of(lowerer->lower(record("lib/wide.so"), {}));
  CHECK(wide.code == Code::unsupported);
  CHECK_THAT(wide.message, Catch::Contains("+avx512f") && Catch::Contains("wide.o"));
  const Error broken = error_of(lowerer->lower(record("bin/broken"), {}));
  CHECK(broken.code == Code::failed);
  CHECK_THAT(broken.message, Catch::Contains("bin/broken"));
}

TEST_CASE_METHOD(LowererFixture, "lowering that is stopped is interrupted and leaves nothing") {
  if (image() == nullptr) return;
  std::stop_source stop;
  stop.request_stop();
  const auto lowerer = this->lowerer();
  CHECK(error_of(lowerer->lower(record("bin/app"), stop.get_token())).code == Code::interrupted);
  CHECK_FALSE(test::good(lowerer->find(record("bin/app"))));
  CHECK(fs::is_empty(root.path() / "cache" / kCacheScratch));
}

TEST_CASE_METHOD(LowererFixture, "symlinks lead to libraries inside the image and nowhere else") {
  if (image() == nullptr) return;
  const auto image = this->image()->open();
  CHECK(follow_in_image(*image, "lib/libpart.so.1") == "lib/libpart.so.1.0");
  CHECK(follow_in_image(*image, "/lib/../lib/./libpart.so.1") == "lib/libpart.so.1.0");
  CHECK(follow_in_image(*image, "lib/absolute.so") == "lib/libpart.so.1.0");
  for (const char* path : {"lib/loop.so", "lib/out.so", "lib", "absent", "", "../lib/libpart.so.1"}) {
    CHECK_FALSE(follow_in_image(*image, path));
  }
}

TEST_CASE_METHOD(LowererFixture, "an image's own library goes before the host's, and its content is its identity") {
  if (image() == nullptr) return;
  const auto image = this->image()->open();
  const auto find = [&](const char* soname) { return find_library(*image, soname, "bin/app", {}, test::kTriple); };
  const FoundLibrary part = test::good(find("libpart.so.1"));
  CHECK(part.in_image);
  CHECK(part.identity == record("lib/libpart.so.1.0").sha256.to_string());
  const FoundLibrary libc = test::good(find("libc.so.6"));
  CHECK_FALSE(libc.in_image);
  CHECK_THAT(libc.identity, Catch::StartsWith("build-id:") || Catch::StartsWith("sha256:"));
  CHECK_FALSE(find("../libpart.so.1"));
}

TEST_CASE("an image without a toolchain or a fitting configuration cannot be lowered, and says so") {
  const TempDirectory root = test::scratch();
  const auto create = [&](const Manifest& manifest) {
    test::ImageBuilder builder(root.path() / "demo.xaas");
    builder.add(std::string(kManifestPath), to_json(manifest));
    builder.finish();
    LowererOptions options;
    options.cache = root.path() / "cache";
    const auto lowerer = Lowerer::create(test::good(Image::open(root.path() / "demo.xaas")), options);
    REQUIRE_FALSE(lowerer);
    CHECK(lowerer.error().code == Code::unsupported);
    return lowerer.error().message;
  };
  Manifest manifest = test::small_manifest();
  CHECK_THAT(create(manifest), Catch::Contains("no toolchain"));
  Toolchain toolchain;
  toolchain.host = host_triple();
  toolchain.worker = kWorkerPath;
  manifest.toolchains = {toolchain};
  manifest.configurations[0].requires_.features = {"+avx99"};
  CHECK_THAT(create(manifest), Catch::Contains("+avx99"));
}

TEST_CASE("a worker that is not the one the manifest names is not run") {
  const TempDirectory root = test::scratch();
  const auto image = test::image_with_wrong_worker(root.path() / "demo.xaas", test::small_manifest());
  LowererOptions options;
  options.cache = root.path() / "cache";
  const auto lowerer = test::good(Lowerer::create(image, options));
  const Error error = error_of(lowerer->lower(*test::good(image->files().find("bin/app")), {}));
  CHECK(error.code == Code::invalid);
  CHECK_THAT(error.message, Catch::Contains("damaged"));
}

TEST_CASE_METHOD(LowererFixture, "xaas-lower lowers, explains and keeps its exit statuses") {
  if (image() == nullptr) return;
  const std::string tool = "XAAS_CACHE=" + (root.path() / "cache").string() + " " XAAS_BIN_DIR "/xaas-lower ";
  const std::string file = image()->path().string();
  const std::string out = (root.path() / "out").string();
  CHECK_THAT(test::output_of(tool + "-o " + out + " " + file + " /lib/libpart.so.1"),
             Catch::Contains("lib/libpart.so.1.0") && Catch::Contains("lowered"));
  CHECK_THAT(test::output_of("llvm-nm-19 -D " + out), Catch::Contains(" part"));
  CHECK_THAT(test::output_of(tool + "--json " + file + " lib/libpart.so.1.0"), Catch::Contains("\"how\":\"cached\""));
  CHECK_THAT(test::output_of(tool + file + " 2>&1 || true"), Catch::Contains("bin/app") &&
                                                                 Catch::Contains("libabsent.so.7") &&
                                                                 Catch::Contains("could not be lowered"));
  CHECK_THAT(test::output_of(tool + "explain " + file),
             Catch::Contains("chosen") && Catch::Contains("missing   libabsent.so.7"));
  CHECK_THAT(test::output_of(tool + "cache stats"), Catch::Contains(" entries"));
  CHECK_THAT(test::output_of(tool + file + " share/data 2>&1; echo $?"), Catch::EndsWith("1\n"));
  CHECK_THAT(test::output_of(tool + "--nonsense 2>/dev/null; echo $?"), Catch::EndsWith("2\n"));
  CHECK_THAT(test::output_of(tool + "2>/dev/null; echo $?"), Catch::EndsWith("2\n"));
}

TEST_CASE_METHOD(LowererFixture, "an installation has what can be lowered, and baselines of the rest") {
  if (image() == nullptr) return;
  Progress progress("test", Verbosity::normal);  // quiet would say no warnings
  NativeOptions options;
  options.lowerer.cache = root.path() / "cache";
  options.lowerer.jobs = 1;
  const fs::path app = root.path() / "app";
  const std::string said =
      test::errors_of([&] { test::good(install_native(image()->open(), options, app, {}, progress)); });
  for (const char* path : {"bin/orphan", "bin/broken"}) {
    CHECK(test::contains(said, fmt::format("{}: not lowered, the baseline takes its place", path)));
    CHECK(test::good(read_file(app / path)) == "a baseline");
  }
  CHECK(test::output_of((app / "bin/app").string()) == "42\n");
  CHECK(fs::file_size(app / "bin/app") == test::good(lowerer()->lower(record("bin/app"), {})).size);

  struct stat before{};
  struct stat after{};
  REQUIRE(stat(app.c_str(), &before) == 0);
  // The baselines are tried again, and nothing comes of it.
  test::errors_of([&] { test::good(install_native(image()->open(), options, app, {}, progress)); });
  REQUIRE(stat(app.c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);

  options.strict = true;
  const Status refused = install_native(image()->open(), options, root.path() / "strict", {}, progress);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains(": not lowered: "));
  CHECK_FALSE(fs::exists(root.path() / "strict"));
}

}  // namespace xaas
