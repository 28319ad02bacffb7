// What a fat binary gets for the GPUs of a host, and how ptxas is run.
#include <fmt/ranges.h>

#include <array>

#include "format/base/elf_file.h"
#include "format/fatbin.h"
#include "lower/device_code.h"
#include "lower/device_use.h"
#include "lower/fatbins.h"
#include "tests/unit/lower_support.h"

using namespace xaas;
using namespace xaas::test;
using Catch::Matchers::Contains;

namespace {

DeviceCode code(DeviceCodeKind kind, std::uint32_t architecture, std::uint64_t flags = 0) {
  DeviceCode code;
  code.form.kind = kind;
  code.form.architecture = architecture;
  code.form.flags = flags;
  if (kind == DeviceCodeKind::ptx) code.form.options = "";
  return code;
}
DeviceCode ptx(std::uint32_t architecture, std::uint64_t flags = 0) {
  return code(DeviceCodeKind::ptx, architecture, flags);
}
DeviceCode elf(std::uint32_t architecture, std::uint64_t flags = 0) {
  return code(DeviceCodeKind::elf, architecture, flags);
}

// "cubin of 0 for sm_90; kept 0 3"
std::string planned(const std::vector<DeviceCode>& codes, const GpuArchitectures& gpus, CubinSource source) {
  const FatbinPlan plan = plan_fatbin(codes, gpus, source);
  std::string text;
  for (const CubinPlan& cubin : plan.cubins)
    text += fmt::format("cubin of {} for sm_{}; ", cubin.code, cubin.architecture);
  text += "kept";
  for (const std::size_t index : plan.kept) text += fmt::format(" {}", index);
  return text;
}

std::string planned(const std::vector<DeviceCode>& codes, const GpuArchitectures& gpus, bool has_ptxas) {
  return planned(codes, gpus, has_ptxas ? CubinSource::ptxas : CubinSource::none);
}

// An image that holds the contents of `codes`, which get their digests.
std::shared_ptr<const Image> image_with(const std::filesystem::path& path, std::vector<DeviceCode>& codes) {
  ImageBuilder builder(path);
  builder.add(std::string(kManifestPath), to_json(small_manifest()));
  for (DeviceCode& code : codes) {
    const std::string content = fmt::format("content for {}", architecture_name(code.form));
    code.digest = Digest::of(content);
    builder.add_unindexed(object_path(code.digest), content);
  }
  builder.finish();
  return good(Image::open(path));
}

// A program that stands in for ptxas. It needs a library, as ptxas does.
std::filesystem::path stand_in(const std::filesystem::path& directory, const std::string& body,
                               const std::string& name = "ptxas") {
  const std::filesystem::path path = directory / name;
  good(
      write_file(path.string() + ".c",
                 "#include <fcntl.h>\n#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
                 "#include <unistd.h>\nint main(int argc, char** argv) {\n" +
                     body + "}\n"));
  run("clang-19 -O1 -Wno-everything -o " + path.string() + " " + path.string() + ".c -lm");
  return path;
}

}  // namespace

TEST_CASE("GPUs are named by their architectures") {
  CHECK(good(parse_gpus("sm_90")) == GpuArchitectures{90});
  CHECK(good(parse_gpus("sm_90,sm_80,sm_90")) == GpuArchitectures{80, 90});
  CHECK(good(parse_gpus("none")).empty());
  CHECK(describe_gpus({80, 90}) == "sm_80 sm_90");
  for (const char* text : {"90", "sm_", "sm_9x", "sm_90a", "compute_90", "sm_90,", "sm_90,,sm_80", "sm_0"}) {
    INFO(text);
    const auto gpus = parse_gpus(text);
    if (std::string_view(text) == "sm_90,") continue;  // an empty piece at the end counts for nothing
    REQUIRE_FALSE(gpus);
    CHECK_THAT(gpus.error().message, Contains("is no architecture of GPUs"));
  }
}

TEST_CASE("a GPU gets a cubin of the highest family that is not above it, with the PTX beside it") {
  const std::vector<DeviceCode> codes = {ptx(75), ptx(80), ptx(90)};
  CHECK(planned(codes, {75}, true) == "cubin of 0 for sm_75; kept 0");
  CHECK(planned(codes, {86}, true) == "cubin of 1 for sm_86; kept 1");
  CHECK(planned(codes, {90}, true) == "cubin of 2 for sm_90; kept 2");
  CHECK(planned(codes, {120}, true) == "cubin of 2 for sm_120; kept 2");
  CHECK(planned(codes, {86, 89, 90}, true) ==
        "cubin of 1 for sm_86; cubin of 1 for sm_89; cubin of 2 for sm_90; kept 1 2");
  CHECK(planned(codes, {90}, false) == "kept 2");
}

TEST_CASE("where no GPU is known, or one would get nothing, the fat binary stays as it was") {
  const std::vector<DeviceCode> codes = {elf(80), ptx(80), ptx(90)};
  CHECK(planned(codes, {}, true) == "kept 0 1 2");
  CHECK(planned(codes, {70}, true) == "kept 0 1 2");
  CHECK(planned(codes, {70, 90}, true) == "kept 0 1 2");
}

TEST_CASE("the project's own code for exactly the GPU is kept, and other code of its own if there is no ptxas") {
  const std::vector<DeviceCode> codes = {elf(80), elf(86), ptx(80), ptx(90)};
  CHECK(planned(codes, {86}, true) == "kept 1 2");
  CHECK(planned(codes, {89}, true) == "cubin of 2 for sm_89; kept 2");
  CHECK(planned(codes, {89}, false) == "kept 1 2");
  CHECK(planned(codes, {90}, false) == "kept 3");
  CHECK(planned({elf(80), ptx(90)}, {86}, true) == "kept 0");
}

TEST_CASE("code for a single architecture or family is kept for GPUs of its generation, which get no other cubin") {
  const std::vector<DeviceCode> codes = {elf(90, kFatbinArchitectureOnly), ptx(80), ptx(90, kFatbinArchitectureOnly),
                                         elf(100, kFatbinFamilyOnly)};
  CHECK(planned(codes, {90}, true) == "kept 0 1 2");
  CHECK(planned(codes, {103}, true) == "kept 1 3");
  CHECK(planned({ptx(80), ptx(90, kFatbinArchitectureOnly)}, {90}, true) == "cubin of 0 for sm_90; kept 0 1");
  CHECK(planned(codes, {80}, true) == "cubin of 1 for sm_80; kept 1");
}

TEST_CASE("only known options go to ptxas") {
  CHECK(good(ptxas_options("")).empty());
  CHECK(good(ptxas_options(" -v --maxrregcount=32  -O2 ")) ==
        std::vector<std::string>{"-v", "--maxrregcount=32", "-O2"});
  for (const char* options :
       {"-o", "x", "--options-file=x", "-maxrregcount=../x", "-v=1", "-maxrregcount", "-maxrregcount=", "-fmad -v",
        "--fmad ../x", "--fmad false false", "-arch=sm_90", "-m 64", "--input-as-string=x", "-O", "-Ox", "-O2=2"}) {
    INFO(options);
    CHECK_FALSE(ptxas_options(options));
  }
  std::vector<DeviceCode> codes = {ptx(80)};
  codes[0].form.options = "--unknown";
  CHECK(planned(codes, {80}, true) == "kept 0");
}

TEST_CASE("what a GPU runs of a unit is said, and what it lacks") {
  std::vector<DeviceCode> codes = {elf(80), elf(90, kFatbinArchitectureOnly), ptx(80), ptx(90)};
  // What GPUs run, and the shortcomings.
  const auto said = [&](const GpuArchitectures& gpus, CubinSource source) {
    const FatbinPlan plan = plan_fatbin(codes, gpus, source);
    std::string text;
    for (const GpuPlan& one : plan.gpus) {
      constexpr std::array kWays = {"nothing", "made", "own", "driver"};
      text += fmt::format("{} {} {}; ", one.gpu, kWays.at(static_cast<std::size_t>(one.way)), one.form);
    }
    return fmt::format("{}{}", text, fmt::join(shortcomings(codes, plan), "; "));
  };
  CHECK(said({80, 86, 90}, CubinSource::ptxas) == "80 own sm_80; 86 made compute_80; 90 own sm_90a; ");
  CHECK(said({86, 120}, CubinSource::none) == "86 own sm_80; 120 driver compute_90; ");
  CHECK(said({75, 86}, CubinSource::ptxas) ==
        "75 nothing ; 86 own sm_80; it has nothing that sm_75 can run: it has PTX 80, 90 and cubins 80, 90a");
  codes = {elf(90, kFatbinArchitectureOnly), ptx(100, kFatbinFamilyOnly)};
  CHECK(said({90, 103}, CubinSource::ptxas) == "90 own sm_90a; 103 driver compute_100f; ");
  CHECK(said({100, 120}, CubinSource::ptxas) ==
        "100 driver compute_100f; 120 nothing ; it has nothing that sm_120 can run: it has PTX 100f and cubins 90a");
  codes = {ptx(80)};
  codes[0].form.options = "--unknown";
  CHECK(said({86, 90}, CubinSource::ptxas) ==
        "86 driver compute_80; 90 driver compute_80; no cubin is made for sm_86 sm_90: unknown option of ptxas: "
        "--unknown");
  CHECK(said({86}, CubinSource::none) == "86 driver compute_80; ");
  CHECK(said({}, CubinSource::ptxas).empty());
}

TEST_CASE("what the GPUs run of a program is the sum of its units") {
  Recipe recipe;
  IrInput unit{.digest = Digest::of("a"), .name = "a.cu", .features = {}};
  unit.device = {ptx(75), ptx(80), ptx(90)};
  recipe.arguments.emplace_back(unit);
  unit.digest = Digest::of("b");
  recipe.arguments.emplace_back(unit);
  unit.digest = Digest::of("c");
  unit.device = {elf(90), ptx(90)};
  recipe.arguments.emplace_back(unit);
  unit.links = {"_of_a"};  // its own code is that of others
  recipe.arguments.emplace_back(unit);
  const DeviceUse use = device_use("bin/app", recipe, {80, 90}, true);
  CHECK(describe(use) ==
        "sm_80: cubins made of compute_80 (2 of 3 units), nothing that it can run (1 of 3 units); sm_90: cubins made "
        "of compute_90 (2 of 3 units), the build's cubins for sm_90 (1 of 3 units); it has PTX 75, 80, 90 and cubins "
        "90");
  CHECK(use.idle_gpus().empty());
  Recipe odd;
  unit.links.clear();
  unit.device = {elf(80), ptx(80)};
  unit.device[1].form.options = "--unknown";
  odd.arguments.emplace_back(unit);
  CHECK(describe(device_use("bin/app", odd, {80, 86, 90}, true)) ==
        "sm_80: the build's cubins for sm_80; sm_86: the build's cubins for sm_80, since ptxas is not run: unknown "
        "option of ptxas: --unknown; sm_90: the driver compiles compute_80, since ptxas is not run: unknown option of "
        "ptxas: --unknown");
  CHECK(device_use("bin/app", recipe, {70, 90}, false).idle_gpus() == GpuArchitectures{70});
  CHECK(describe(device_use("bin/app", recipe, {}, true)).empty());

  GpuCodeCounter counter;
  counter.add(recipe);
  counter.add(recipe);
  CHECK(describe(counter.count()) == "PTX 75, 80, 90 and cubins 90; 1 of 3 CUDA units has less PTX");
  CHECK(describe(GpuCodeCounter().count()).empty());
}

TEST_CASE("options go to ptxas as nvcc writes them, with a value behind \"=\" or as the next word") {
  for (const char* options :
       {"--fmad false", "-fmad=false", "-split-compile=2", "--warn-on-spills", "--def-load-cache=cg -warn-lmem-usage",
        "-w", "-allow-expensive-optimizations=true", "--suppress-stack-size-warning", "--device-stack-protector=true",
        "--Ofast-compile=mid", "-Ofc max", "-ewp", "-regUsageLevel=5", "--maxntid 32,1,1", "-e _Z1kPf",
        "-g --dont-merge-basicblocks --return-at-end", "-maxrregcount=archmax --opt-level 2", "--compile-only"}) {
    INFO(options);
    CHECK(fmt::format("{}", fmt::join(good(ptxas_options(options)), " ")) == options);
  }
  // A newer ptxas warns of more.
  CHECK(good(ptxas_options("-Werror -v --warning-as-error")) == std::vector<std::string>{"-v"});
}

TEST_CASE("a fat binary holds what was planned, in order") {
  const TempDirectory directory = scratch();
  std::vector<DeviceCode> codes = {elf(80), ptx(80), ptx(90)};
  const auto image = image_with(directory.path() / "image", codes);
  const MadeFatbin made = good(make_fatbin(*image, codes, {90}, nullptr, directory.path(), {}));
  CHECK(made.warnings.empty());
  const auto entries = good(parse_fatbin(made.bytes));
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].content == "content for compute_90");
  CHECK(good(parse_fatbin(good(make_fatbin(*image, codes, {}, nullptr, directory.path(), {})).bytes)).size() == 3);
}

TEST_CASE("ptxas sees its input and nothing else, and what it refuses is as it was built") {
  const TempDirectory directory = scratch();
  std::vector<DeviceCode> codes = {elf(80), ptx(80), ptx(90)};
  codes[2].form.options = "-O1 -maxrregcount=32";
  const auto image = image_with(directory.path() / "image", codes);
  good(write_file(directory.path() / "secret", "secret"));
  // Writes an ELF file for GPUs with its arguments behind the header. Fails if it can see more than it should.
  const auto path = stand_in(directory.path(), R"(
    char line[4096] = "", text[100] = "";
    if (argc < 7 || open(")" + (directory.path() / "secret").string() +
                                                   R"(", O_RDONLY) >= 0 || open("/etc/passwd", O_RDONLY) >= 0) return 2;
    char temporary[100];
    snprintf(temporary, sizeof temporary, "%s/XXXXXX", getenv("TMPDIR"));
    if (mkstemp(temporary) < 0) return 3;
    FILE* in = fopen("code.ptx", "r");
    fgets(text, sizeof text, in);
    for (int i = 1; i < argc; ++i) strcat(strcat(line, argv[i]), " ");
    unsigned char head[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0x41, 8};
    head[16] = 2; head[18] = 190; head[20] = 1; head[52] = 64;
    FILE* out = fopen(argv[argc - 1], "w");
    fwrite(head, 64, 1, out);
    fprintf(out, "%s| %s %.0f", line, text, sqrt(argc * argc));
    return fclose(out);)");
  const auto ptxas = good(Ptxas::open(path));
  CHECK(ptxas->digest() == Digest::of(good(read_file(path))));
  const MadeFatbin made = good(make_fatbin(*image, codes, {90}, ptxas.get(), directory.path(), {}));
  CHECK(made.warnings.empty());
  const auto entries = good(parse_fatbin(made.bytes));
  REQUIRE(entries.size() == 2);
  CHECK(architecture_name(entries[0]) == "sm_90");
  CHECK_THAT(entries[0].content.substr(64),
             Contains("-arch=sm_90 -m64 -O1 -maxrregcount=32 code.ptx -o code.cubin | content for compute_90 8"));
  CHECK(entries[1].content == "content for compute_90");

  const auto refusing =
      good(Ptxas::open(stand_in(directory.path(), "fputs(\"no such code\\nmore\\n\", stderr); return 1;")));
  const MadeFatbin whole = good(make_fatbin(*image, codes, {90}, refusing.get(), directory.path(), {}));
  CHECK(whole.warnings == std::vector<std::string>{"ptxas does not compile it for sm_90: no such code"});
  CHECK(good(parse_fatbin(whole.bytes)).size() == 3);
  CHECK(ptxas->digest() != refusing->digest());
  const auto failing = [&](const std::string& body) {
    const auto tool = good(Ptxas::open(stand_in(directory.path(), body)));
    return bad(make_fatbin(*image, codes, {90}, tool.get(), directory.path(), {}), Code::failed);
  };
  CHECK_THAT(failing("fputs(\"cannot open code.cubin\\n\", stderr); return 1;"),
             Contains("ptxas does not work here: cannot open code.cubin"));
  CHECK_THAT(
      failing("fputs(\"ptxas info : 0 bytes gmem\\nptxas fatal : Could not open output file\\n\", stderr); return 1;"),
      Contains("ptxas does not work here: ptxas fatal"));
  CHECK_THAT(failing("return 127;"), Contains("does not work here"));
  CHECK_THAT(failing("return fclose(fopen(argv[argc - 1], \"w\"));"), Contains("ptxas has made no whole cubin"));
  const auto crashing = good(Ptxas::open(stand_in(directory.path(), "__builtin_trap();")));
  const auto crash = make_fatbin(*image, codes, {90}, crashing.get(), directory.path(), {});
  REQUIRE_FALSE(crash);
  CHECK_THAT(crash.error().message, Contains("signal"));
  std::stop_source stop;
  stop.request_stop();
  CHECK(make_fatbin(*image, codes, {90}, ptxas.get(), directory.path(), stop.get_token()).error().code ==
        Code::interrupted);
}

TEST_CASE("linked code is made for exactly each GPU, unless the project has made it") {
  const std::vector<DeviceCode> codes = {elf(80), elf(86)};
  CHECK(planned({}, {80, 90}, CubinSource::nvlink) == "cubin of 0 for sm_80; cubin of 0 for sm_90; kept");
  CHECK(planned(codes, {86}, CubinSource::nvlink) == "kept 1");
  CHECK(planned(codes, {89}, CubinSource::nvlink) == "cubin of 0 for sm_89; kept");
  CHECK(planned(codes, {89}, CubinSource::none) == "kept 1");
  CHECK(planned(codes, {90}, CubinSource::none) == "kept 0 1");
  CHECK(planned(codes, {}, CubinSource::nvlink) == "kept 0 1");
}

TEST_CASE("nvlink is given what it reads of a host's object") {
  const std::string object = nvlink_object("fat binary", {{".nvHRDE", {}}, {".nvHRKE", {"_Z1*", "_Z2*"}}});
  const ElfFile elf_file = good(ElfFile::parse(object));
  CHECK(elf_file.kind() == ElfKind::relocatable);
  const auto content_of = [&](std::string_view name) {
    const ElfSection* section = elf_file.find_section(name);
    return section == nullptr ? std::string("none") : std::string(section->data);
  };
  CHECK(content_of("__nv_relfatbin") == "fat binary");
  CHECK(content_of(".nvHRKE") == std::string("_Z1*\0_Z2*\0", 10));
  CHECK(content_of(".nvHRDE") == std::string(1, '\0'));
  CHECK(content_of(".nvHRKI") == "none");  // nvlink drops what such a section does not name, so none may be added
  CHECK(content_of(".nvFatBinSegment").empty());
}

TEST_CASE("a link unit gets what nvlink makes of the units that it names, and otherwise what the build linked") {
  const TempDirectory directory = scratch();
  std::vector<DeviceCode> codes = {ptx(80), elf(75)};
  ImageBuilder builder(directory.path() / "image");
  builder.add(std::string(kManifestPath), to_json(small_manifest()));
  for (DeviceCode& code : codes) {
    code.digest = Digest::of(architecture_name(code.form));
    builder.add_unindexed(object_path(code.digest), architecture_name(code.form));
  }
  const std::string native = std::string("!<arch>\nnative ") + "__fatbinwrap_of_native" + '\0';
  builder.add_unindexed(object_path(Digest::of(native)), native);
  builder.finish();
  const auto image = good(Image::open(directory.path() / "image"));

  LinkPlan plan;
  IrInput unit{.digest = Digest::of("unit"), .name = "a.cu", .features = {}};
  unit.device = {codes[0]};
  unit.relocatable = {"_of_a", {{".nvHRKE", {"kernel of a"}}}};
  plan.recipe.arguments.emplace_back(unit);
  unit.relocatable = {"_of_b", {}};
  plan.recipe.arguments.emplace_back(unit);
  IrInput link{.digest = Digest::of("link"), .name = "link.stub", .features = {}};
  link.device = {codes[1]};
  link.links = {"_of_b", "_of_native", "_of_a"};
  plan.recipe.arguments.emplace_back(link);
  plan.recipe.arguments.emplace_back(ObjectInput{Digest::of(native), "/cuda/libcudadevrt.a"});
  plan.gpus = {90};
  // Tells its arguments and what it finds in each input.
  const std::string telling = R"code(
    unsigned char head[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0x41, 8};
    head[16] = 2; head[18] = 190; head[20] = 1; head[52] = 64;
    FILE* out = fopen(argv[argc - 1], "w");
    fwrite(head, 64, 1, out);
    for (int i = 1; i < argc; ++i) fprintf(out, "%s ", argv[i]);
    for (int i = 1; i < argc - 2; ++i) {
      char text[9999];
      if (argv[i][0] == '-') continue;
      FILE* in = fopen(argv[i], "r");
      int size = fread(text, 1, sizeof text, in);
      for (int at = 0; at + 11 < size; ++at) {
        if (!memcmp(text + at, "compute_80", 10)) fputs("(compute_80)", out);
        if (!memcmp(text + at, "kernel of a", 11)) fputs("(kernel of a)", out);
      }
    }
    return fclose(out);)code";
  plan.nvlink = good(Nvlink::open(stand_in(directory.path(), telling, "nvlink")));
  // The last fat binary, which is that of the link unit, and the warnings.
  const auto made = [&] {
    const std::vector<LinkUnit> units = link_units(plan.recipe);
    MadeFatbins all = good(make_fatbins(*image, plan, units, 2, directory.path(), {}));
    REQUIRE(all.fatbins.size() == 3);
    CHECK(all.fatbins.back().unit == &units.back());
    return std::pair(good(parse_fatbin(all.fatbins.back().bytes)), all.warnings);
  };
  const auto [entries, warnings] = made();
  CHECK(warnings.empty());
  REQUIRE(entries.size() == 1);
  CHECK(architecture_name(entries[0]) == "sm_90");
  CHECK_THAT(entries[0].content.substr(64),
             Contains("-arch=sm_90 -m64 -Werror -suppress-stack-size-warning 0.o "
                      "libcudadevrt.a 2.o -o linked.cubin (compute_80)(compute_80)(kernel of a)"));

  SECTION("what is debugged is linked so") {
    for (auto& argument : plan.recipe.arguments) {
      if (auto* one = std::get_if<IrInput>(&argument); one != nullptr) one->device[0].form.flags |= kFatbinDebug;
    }
    const auto debugged = made().first;
    CHECK((debugged[0].flags & kFatbinDebug) != 0);
    CHECK_THAT(debugged[0].content.substr(64), Contains("-suppress-stack-size-warning -g 0.o"));
  }
  SECTION("an input that the link does not have") {
    std::get<IrInput>(plan.recipe.arguments[2]).links.emplace_back("_of_nobody");
    const auto [as_built, why] = made();
    REQUIRE(as_built.size() == 1);
    CHECK(architecture_name(as_built[0]) == "sm_75");
    CHECK(why == std::vector<std::string>{"link.stub: it links code of _of_nobody, which is no input of the link: it "
                                          "stays as it was built"});
  }
  SECTION("what nvlink refuses") {
    plan.nvlink = good(Nvlink::open(stand_in(directory.path(), "fputs(\"no such code\\n\", stderr); return 1;")));
    const auto [as_built, why] = made();
    CHECK(architecture_name(as_built.at(0)) == "sm_75");
    CHECK(why == std::vector<std::string>{"link.stub: nvlink does not link it for sm_90: no such code"});
  }
  SECTION("no nvlink") {
    plan.nvlink = nullptr;
    const auto [as_built, why] = made();
    CHECK(architecture_name(as_built.at(0)) == "sm_75");
    CHECK(why.empty());
  }
}
