// Descriptions of hosts, and what is decided for a described host.
#include "lower/check.h"
#include "lower/host_description.h"
#include "lower/library_search.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace {

// A host like a cluster of 2018, without looking at this one.
HostDescription old_cluster() {
  HostDescription description;
  description.host.target = test::good(resolve_target(test::kTriple, {.cpu = "skylake-avx512", .features = ""}));
  description.host.model = "Some CPU";
  description.host.cores = 20;
  description.host.threads = 40;
  description.host.cache_bytes = {32 << 10, 1 << 20};
  description.host.memory_bytes = 96ULL << 30;
  description.host.devices = {"infiniband"};
  description.host.kernel = "Linux 4.18.0";
  description.libc = "GLIBC_2.28";
  description.libraries["libc.so.6"] = {
      "/lib64/libc.so.6",
      "build-id:0123",
      {{"GLIBC_2.2.5", "GLIBC_2.28"}, std::vector<std::string>{"__libc_start_main", "puts"}}};
  description.libraries["ld-linux-x86-64.so.2"] = {
      "/lib64/ld-linux-x86-64.so.2", "build-id:4567", {{"GLIBC_2.2.5"}, std::vector<std::string>{}}};
  return description;
}

std::string error_of(std::string_view text) {
  const auto parsed = parse_host_description(text, "host.json");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message.find('\n') == std::string::npos);
  return parsed.error().message;
}

// The description's text with one piece replaced.
std::string with(const std::string& from, const std::string& to) {
  std::string text = to_json(old_cluster());
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// Images of one program or library, for hosts that are described.
class Checked {
 public:
  Checked& add(const std::string& path, const std::string& source, const std::string& options) {
    builder_.add(path, test::compile_c(source, options));
    return *this;
  }
  // With one configuration that requires this.
  ImageCheck on(HostDescription description, Requirements requirements = {}) {
    Manifest manifest = test::small_manifest();
    manifest.configurations.front().requires_ = std::move(requirements);
    builder_.add(std::string(kManifestPath), to_json(manifest));
    builder_.finish();
    LowererOptions options;
    options.host = described_host(std::move(description), "/");
    return test::good(check_image(*test::good(Image::open(path_)), options));
  }

 private:
  TempDirectory directory_ = test::scratch();
  std::filesystem::path path_ = directory_.path() / "image.xaas";
  test::ImageBuilder builder_{path_};
};

constexpr const char* kHello = "int puts(const char*); int main(void) { return puts(\"hello\"); }";
// A program without a start file, so that it needs no version of this machine's libc but what it says.
constexpr const char* kBare = "-O1 -fno-builtin -nostartfiles -Wl,-e,main";

}  // namespace

TEST_CASE("a description of a host is read as it was written", "[one-thread]") {
  const HostDescription written = old_cluster();
  const HostDescription read = test::good(parse_host_description(to_json(written), "host.json"));
  CHECK(to_json(read) == to_json(written));
  CHECK(read.host.target == written.host.target);
  CHECK(read.libraries.at("libc.so.6").identity == "build-id:0123");
}

TEST_CASE("a description that is damaged or something else is refused with a line that says what", "[one-thread]") {
  CHECK_THAT(error_of("[]"), Catch::Contains("host.json must be a JSON object"));
  CHECK_THAT(error_of("{"), Catch::Contains("host.json: not valid JSON"));
  CHECK_THAT(error_of("{}"), Catch::Contains("no description of a host: xaas-lower describe-host writes one"));
  CHECK_THAT(error_of(with("\"version\": 1,", "\"version\": 2,")), Catch::Contains("of version 2"));
  CHECK_THAT(error_of(with("\"cores\": 20", "\"cores\": 0")), Catch::Contains("\"cores\""));
  CHECK_THAT(error_of(with("\"cores\": 20", "\"hearts\": 20")), Catch::Contains("\"hearts\""));
  CHECK_THAT(error_of(with("\"+64bit\"", "\"64bit\"")), Catch::Contains("must begin with + or -"));
  CHECK_THAT(error_of(with("build-id:0123", "md5:0123")), Catch::Contains("libraries[1]: key \"identity\""));
  CHECK_THAT(error_of(with("\"/lib64/libc.so.6\"", "\"libc.so.6\"")), Catch::Contains("must be absolute"));
  CHECK_THAT(error_of(with("\"libc.so.6\"", "\"ld-linux-x86-64.so.2\"")), Catch::Contains("is there twice"));
  CHECK_THAT(error_of(with("\"fuse\": false", "\"fuse\": 0")), Catch::Contains("\"fuse\""));
}

TEST_CASE("every description that is cut off is refused", "[one-thread]") {
  const std::string text = to_json(old_cluster());
  for (std::size_t size = 0; size + 2 < text.size(); size += 7) {
    CHECK_FALSE(parse_host_description(std::string_view(text).substr(0, size), "host.json"));
  }
}

TEST_CASE("this host's description has its CPU, its libc and the symbols of libc", "[long]") {
  const HostDescription here = test::good(describe_this_host());
  CHECK(here.host.target == test::good(resolve_target(host_triple(), {})));
  CHECK(here.libc.starts_with("GLIBC_2."));
  const auto& libc = here.libraries.at("libc.so.6");
  CHECK(libc.identity == test::good(this_host()->library_identity("libc.so.6", host_triple())));
  REQUIRE(libc.interface.symbols);
  CHECK(std::ranges::binary_search(*libc.interface.symbols, "printf"));
  const HostDescription read = test::good(parse_host_description(to_json(here), "host.json"));
  CHECK(to_json(read) == to_json(here));
}

TEST_CASE("a described host answers for itself, and not for this one", "[one-thread]") {
  const auto host = described_host(old_cluster(), "/");
  CHECK(test::good(host->target(test::kTriple, {})).cpu == "skylake-avx512");
  CHECK(test::good(host->target(test::kTriple, {})) == old_cluster().host.target);
  CHECK(test::good(host->target(test::kTriple, {.cpu = "haswell", .features = ""})).cpu == "haswell");
  CHECK_FALSE(host->target("riscv64-unknown-linux-gnu", {}));
  CHECK(host->devices() == std::vector<std::string>{"infiniband"});
  CHECK(host->find_library("libc.so.6", test::kTriple) == "/lib64/libc.so.6");
  CHECK_FALSE(host->find_library("libm.so.6", test::kTriple));
  CHECK_FALSE(host->find_library("libc.so.6", "aarch64-unknown-linux-gnu"));
  CHECK(host->libc_has("GLIBC_2.28", test::kTriple));
  CHECK_FALSE(host->libc_has("GLIBC_2.34", test::kTriple));
}

TEST_CASE("a CPU that this version does not know is described by its features", "[one-thread]") {
  HostDescription description = old_cluster();
  description.host.target.cpu = "a-cpu-of-tomorrow";
  description.host.target.features.emplace_back("+a-feature-of-tomorrow");
  const Target target = test::good(described_host(description, "/")->target(test::kTriple, {}));
  CHECK(target.cpu == "x86-64-v4");
  CHECK(target.features == old_cluster().host.target.features);
}

TEST_CASE("the content of a described host's library is used only if it is that library", "[one-thread]") {
  const TempDirectory root = test::scratch();
  std::filesystem::create_directories(root.path() / "lib64");
  const std::string options = "-shared -fPIC -nostdlib -fuse-ld=lld -Wl,--build-id=0x";
  const auto put = [&](const std::string& id) {
    test::good(write_file(root.path() / "lib64/libc.so.6", test::compile_c("int f(void) { return 1; }", options + id)));
  };
  const auto host = described_host(old_cluster(), root.path());
  CHECK_FALSE(host->library_content("/lib64/libc.so.6", "build-id:0123"));
  put("9999");
  const auto refused = host->library_content("/lib64/libc.so.6", "build-id:0123");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::unsupported);
  CHECK_THAT(refused.error().message, Catch::Contains("--host-root"));
  put("0123");
  CHECK(test::good(host->library_content("/lib64/libc.so.6", "build-id:0123"))
            .starts_with("\x7f"
                         "ELF"));
}

TEST_CASE("a program runs where its libraries and their versions are", "[one-thread]") {
  const auto check =
      Checked().add("bin/bare", "int main(void) { return 0; }", std::string(kBare) + " -nostdlib").on(old_cluster());
  REQUIRE(check.files.size() == 1);
  CHECK(check.files[0].missing.empty());
  CHECK(check.files[0].is_program);
  CHECK(check.runs());
}

TEST_CASE("it is told which version of libc a program lacks", "[one-thread]") {
  // This machine's start file asks for the version of libc of this machine.
  HostDescription host = old_cluster();
  host.libraries["libc.so.6"].interface.versions = {"GLIBC_2.2"};
  const auto check = Checked().add("bin/hello", kHello, "").on(host);
  REQUIRE(check.files.size() == 1);
  REQUIRE(check.files[0].missing.size() == 1);
  CHECK_THAT(check.files[0].missing[0], Catch::Contains("GLIBC_2.") && Catch::Contains("the described host"));
  CHECK_FALSE(check.runs());
}

TEST_CASE("it is told which library a program lacks, and which program a library of the image lets down",
          "[one-thread]") {
  const TempDirectory directory = test::scratch();
  const auto library = [&](const std::string& name, const std::string& options) {
    const std::string bytes = test::compile_c("int " + name + "(void) { return 1; }",
                                              "-shared -fPIC -nostdlib -Wl,-soname,lib" + name + ".so.1 " + options);
    test::good(write_file(directory.path() / ("lib" + name + ".so"), bytes));
    return "-L" + directory.path().string() + " -Wl,--no-as-needed -l" + name + " ";
  };
  const std::string absent = library("absent", "");
  library("part", absent);
  const std::string both = "-L" + directory.path().string() + " -Wl,--no-as-needed -lpart -Wl,--allow-shlib-undefined ";
  Checked image;
  image.add("bin/app", "int main(void) { return 0; }", std::string(kBare) + " -nostdlib " + both);
  image.add("lib/libpart.so.1", "int part(void) { return 1; }",
            "-shared -fPIC -nostdlib -Wl,-soname,libpart.so.1 " + absent);
  const auto check = image.on(old_cluster());
  REQUIRE(check.files.size() == 2);
  const FileCheck& app = check.files[0];
  CHECK(app.libraries == std::vector<LibraryUse>{{"libpart.so.1", "lib/libpart.so.1", true}});
  REQUIRE(app.missing.size() == 1);
  CHECK_THAT(app.missing[0], Catch::Contains("its library libpart.so.1 does not run") &&
                                 Catch::Contains("libabsent.so.1") && Catch::Contains("the described host"));
  CHECK_THAT(check.files[1].missing.at(0), Catch::StartsWith("the library libabsent.so.1"));
}

TEST_CASE("it is told which device or feature no configuration does without", "[one-thread]") {
  const std::string options = std::string(kBare) + " -nostdlib";
  const auto gpu = Checked()
                       .add("bin/bare", "int main(void) { return 0; }", options)
                       .on(old_cluster(), {.features = {}, .libraries = {}, .devices = {"nvidia-gpu"}});
  CHECK_FALSE(gpu.runs());
  CHECK_THAT(gpu.problem, Catch::Contains("needs the device nvidia-gpu on the described host"));
  HostDescription turing = old_cluster();
  turing.host.devices = {"nvidia-gpu", "nvidia-gpu=sm_75"};
  const auto old_gpu = Checked()
                           .add("bin/bare", "int main(void) { return 0; }", options)
                           .on(turing, {.features = {}, .libraries = {}, .devices = {"nvidia-gpu>=sm_80"}});
  CHECK_THAT(old_gpu.problem, Catch::Contains("needs the device nvidia-gpu>=sm_80 on the described host"));
  CHECK(Checked()
            .add("bin/bare", "int main(void) { return 0; }", options)
            .on(turing, {.features = {}, .libraries = {}, .devices = {"nvidia-gpu>=sm_75"}})
            .problem.empty());
  const auto feature = Checked()
                           .add("bin/bare", "int main(void) { return 0; }", options)
                           .on(old_cluster(), {.features = {"+amx-int8"}, .libraries = {}, .devices = {}});
  CHECK_FALSE(feature.runs());
  CHECK_THAT(feature.problem, Catch::Contains("+amx-int8"));
}

TEST_CASE("a host of another architecture runs nothing, and is told so", "[one-thread]") {
  HostDescription arm = old_cluster();
  arm.host.target = {.triple = "aarch64-unknown-linux-gnu", .cpu = "neoverse-v2", .features = {"+neon", "+sve2"}};
  const auto check = Checked().add("bin/hello", kHello, "").on(arm);
  CHECK_FALSE(check.runs());
  CHECK_THAT(check.problem, Catch::Contains("is for x86_64-pc-linux-gnu"));
  CHECK(check.explanation.target.triple == arm.host.target.triple);
  CHECK(check.explanation.target.cpu == arm.host.target.cpu);
}

TEST_CASE("what is no program or library of the tree is not checked", "[one-thread]") {
  Checked image;
  image.add("lib/part.o", "int part(void) { return 1; }", "-c");
  image.add(".xaas/src/tool", kHello, "");
  image.add("lib/another-machine.so", "int part(void) { return 1; }", "-shared -nostdlib -m32");
  const auto check = image.on(old_cluster());
  CHECK(check.files.empty());
  CHECK(check.runs());
}

}  // namespace xaas
