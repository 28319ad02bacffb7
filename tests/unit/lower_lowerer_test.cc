// Files of an image, really lowered: a program and its library, through the cache and the worker of the image.
#include <sys/stat.h>

#include "lower/elf_identity.h"
#include "lower/host_library.h"
#include "lower/library_search.h"
#include "lower/native_install.h"
#include "tests/unit/lower_lowerer_support.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

using test::LowererFixture;

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

TEST_CASE_METHOD(LowererFixture, "code for a CPU without AVX-512 has none") {
  if (image() == nullptr) return;
  const FileRecord part = record("lib/libpart.so.1.0");
  const Lowered lowered = test::good(lowerer("skylake-avx512", "-avx512f")->lower(part, {}));
  const std::string code = test::output_of("llvm-objdump-19 -d " + unpack(lowered, "masked.so").string());
  CHECK_THAT(code, Catch::Contains("%ymm"));
  CHECK_THAT(code, !Catch::Contains("%zmm"));
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
  toolchain.worker = test::kWorkerPath;
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
