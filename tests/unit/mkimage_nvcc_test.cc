// What nvcc is asked for in a build, and what becomes of the names of its files.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "format/base/file.h"
#include "format/base/split.h"
#include "mkimage/capture/nvcc_command.h"
#include "mkimage/capture/nvcc_source.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

using Words = std::vector<std::string>;
using Numbers = std::vector<unsigned>;

// The architectures of which a command gets PTX.
Numbers added(const Words& command, const Numbers& families = {75, 80, 90}) {
  NvccFamilies result = nvcc_families(command, families);
  result.own.merge(result.more);
  CHECK(result.more.empty());
  return {result.own.begin(), result.own.end()};
}

// A build whose nvcc is a script: it refuses the architectures that `refused` names, and lists its commands in a file.
class ScriptedNvcc {
 public:
  explicit ScriptedNvcc(const std::string& refused) {
    environment_.capture = directory_.path() / "capture";
    environment_.source = directory_.path();
    environment_.cuda_families = {75, 80, 90};
    good(environment_.store().create());
    good(write_file(nvcc(), fmt::format("#!/bin/sh\n"
                                        "echo \"$* capture=$XAAS_CAPTURE\" >>{}\n"
                                        "for word; do case $word in {}) "
                                        "echo 'a.cu(2): error: too old for it' >&2; exit 1;; esac; done\n",
                                        log().string(), refused)));
    std::filesystem::permissions(nvcc(), std::filesystem::perms::owner_all);
  }

  bool compile(const Words& command) const {
    Words arguments = {nvcc().string()};
    arguments.insert(arguments.end(), command.begin(), command.end());
    return compile_with_families(environment_, arguments);
  }
  std::string commands() const { return good(read_file(log())); }
  Words notes() const { return environment_.store().notes(); }

 private:
  std::filesystem::path nvcc() const { return directory_.path() / "nvcc"; }
  std::filesystem::path log() const { return directory_.path() / "log"; }

  TempDirectory directory_ = scratch();
  CaptureEnvironment environment_;
};

std::string last_line(std::string_view text) {
  text.remove_suffix(1);
  return std::string(text.substr(text.rfind('\n') + 1));
}

}  // namespace

TEST_CASE("nvcc compiles for the families, from the lowest architecture that the project names on") {
  CHECK(added({"-c", "a.cu"}) == Numbers{75, 80, 90});
  CHECK(added({"-x", "cu", "-c", "a.cpp"}) == Numbers{75, 80, 90});
  CHECK(added({"-x=cu", "a.cpp", "-o", "a"}) == Numbers{75, 80, 90});
  CHECK(added({"-arch=sm_80", "-c", "a.cu"}) == Numbers{80, 90});
  CHECK(added({"-arch", "sm_86", "-c", "a.cu"}) == Numbers{86, 90});
  CHECK(added({"--gpu-architecture=compute_80", "--gpu-code=sm_86", "-c", "a.cu"}) == Numbers{80, 90});
  CHECK(added({"-gencode", "arch=compute_86,code=[compute_86,sm_86]", "-c", "a.cu"}) == Numbers{86, 90});
  CHECK(added({"--generate-code=arch=compute_75,code=sm_80", "-c", "a.cu"}) == Numbers{75, 80, 90});
  CHECK(added({"-gencode=arch=compute_120,code=sm_120", "-c", "a.cu"}) == Numbers{120});
  CHECK(added({"-c", "a.cu"}, {}).empty());
}

TEST_CASE("PTX for a single architecture or family makes no family of it") {
  CHECK(added({"-gencode", "arch=compute_90a,code=sm_90a", "-c", "a.cu"}).empty());
  CHECK(added({"-arch=sm_100f", "-c", "a.cu"}).empty());
  CHECK(added({"-gencode=arch=compute_80,code=sm_80", "-gencode=arch=compute_90a,code=sm_90a", "-c", "a.cu"}) ==
        Numbers{80});
}

TEST_CASE("commands of nvcc that families would break or not change are left alone") {
  for (const char* option : {"-ptx", "--ptx", "-cubin", "-E", "-M", "-dlink", "--device-link", "-dlto", "-lib",
                             "-optix-ir", "-fatbin", "--dryrun", "--version", "-arch=all", "-arch=all-major",
                             "--options-file=x", "-gencode=arch=compute_80,code=lto_80"}) {
    INFO(option);
    CHECK(added({option, "-c", "a.cu"}).empty());
  }
  CHECK(added({"-c", "a.cpp"}).empty());
  CHECK(added({"a.o", "-o", "a"}).empty());
}

TEST_CASE("the value of an option of nvcc is no option") {
  CHECK(added({"-Xlinker", "-h", "-Xcompiler", "-E", "-c", "a.cu"}) == Numbers{75, 80, 90});
  CHECK(added({"-std", "c++17", "-I", "ptx", "-c", "a.cu"}) == Numbers{75, 80, 90});
}

TEST_CASE("what options files and the user's variables say to nvcc is a part of the command") {
  const TempDirectory directory = scratch();
  const std::string file = (directory.path() / "a.rsp").string();
  const std::string inner = (directory.path() / "b.rsp").string();
  good(write_file(file, "-I\"/with blank\" -isystem=/b\n -optf " + inner + " "));
  good(write_file(inner, "-arch=native"));
  CHECK(whole_nvcc_command({"--options-file", file, "-c", "a.cu"}) ==
        Words{"-I/with blank", "-isystem=/b", "-arch=native", "-c", "a.cu"});
  CHECK(whole_nvcc_command({"-c", "-optf=" + inner + "," + inner, "a.cu"}) ==
        Words{"-c", "-arch=native", "-arch=native", "a.cu"});
  CHECK(whole_nvcc_command({"-optf", "/missing", "-c", "a.cu"}) == Words{"-optf", "/missing", "-c", "a.cu"});
  setenv("NVCC_PREPEND_FLAGS", "-O1", 1);                   // NOLINT(concurrency-mt-unsafe)
  setenv("NVCC_APPEND_FLAGS", "-arch=sm_90 -DX='a b'", 1);  // NOLINT(concurrency-mt-unsafe)
  CHECK(whole_nvcc_command({"a.cu"}) == Words{"-O1", "a.cu", "-arch=sm_90", "-DX=a b"});
  for (const char* name : {"NVCC_PREPEND_FLAGS", "NVCC_APPEND_FLAGS"}) unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
}

TEST_CASE("relocatable code is compiled for the families, too") {
  for (const Words& option : {Words{"-dc"}, Words{"--device-c"}, Words{"-rdc=true", "-c"}, Words{"-rdc", "true", "-c"},
                              Words{"-rdc=false", "-c"}}) {
    INFO(option.front());
    Words command = option;
    command.insert(command.end(), {"a.cu", "-arch=sm_80"});
    CHECK(added(command) == Numbers{80, 90});
  }
}

TEST_CASE("nvcc leaves out only the families for which the source does not compile") {
  const ScriptedNvcc build("*compute_75*");
  CHECK(build.compile({"-gencode=arch=compute_70,code=sm_70", "-c", "a.cu", "-o", "a.o"}));
  CHECK(last_line(build.commands()) ==
        "-gencode=arch=compute_70,code=sm_70 -c a.cu -o a.o -gencode=arch=compute_70,code=compute_70 "
        "-gencode=arch=compute_80,code=compute_80 -gencode=arch=compute_90,code=compute_90 capture=");
  const Words notes = build.notes();
  REQUIRE(notes.size() == 1);
  CHECK(contains(notes[0], "a.cu for compute_75, so there is no PTX of that: error: too old for it"));
}

TEST_CASE("nvcc tries a family alone, away from the files of the build and from the capture") {
  setenv("XAAS_CAPTURE", "/capture", 1);  // NOLINT(concurrency-mt-unsafe)
  const ScriptedNvcc build("*compute_90*");
  CHECK(build.compile({"-arch", "sm_80", "-c", "a.cu", "-o", "a.o", "-odir", "objects", "-MD", "-MF", "a.d"}));
  unsetenv("XAAS_CAPTURE");  // NOLINT(concurrency-mt-unsafe)
  const std::string commands = build.commands();
  const std::vector<std::string_view> lines = split(commands, '\n');
  REQUIRE(lines.size() >= 4);
  CHECK(lines[0] ==
        "-arch sm_80 -c a.cu -o a.o -odir objects -MD -MF a.d -gencode=arch=compute_80,code=compute_80 "
        "-gencode=arch=compute_90,code=compute_90 capture=/capture");
  CHECK(lines[1].starts_with("-c a.cu -gencode=arch=compute_80,code=compute_80 -odir /"));
  CHECK(lines[1].ends_with(" capture="));
  CHECK(lines[2].starts_with("-c a.cu -gencode=arch=compute_90,code=compute_90 -odir /"));
  CHECK(lines[2].ends_with(" capture="));
  CHECK(lines[3] ==
        "-arch sm_80 -c a.cu -o a.o -odir objects -MD -MF a.d -gencode=arch=compute_80,code=compute_80 "
        "capture=/capture");
}

TEST_CASE("nvcc compiles as the project asks where no family is left, or where the project's own command fails") {
  const ScriptedNvcc specific("*compute_90,code=compute_90");
  CHECK_FALSE(specific.compile({"-gencode=arch=compute_90a,code=sm_90a", "-c", "a.cu"}));
  const ScriptedNvcc broken("a.cu");
  CHECK_FALSE(broken.compile({"-arch=sm_80", "-c", "a.cu"}));
  const std::string commands = broken.commands();  // for all architectures, and for the project's own
  CHECK(std::ranges::count(commands, '\n') == 2);
}

TEST_CASE("code that is optimised at the link is told from other code") {
  CHECK(optimises_at_link({"-dlto", "-dc", "a.cu"}));
  CHECK(optimises_at_link({"-gencode", "arch=compute_80,code=lto_80", "-dc", "a.cu"}));
  CHECK_FALSE(optimises_at_link({"-arch=sm_80", "-rdc=true", "-c", "a.cu"}));
}

TEST_CASE("the GPU of the build machine is nobody's choice") {
  Words command = {"-O2", "-arch=native", "-c", "a.cu"};
  CHECK(remove_native_gpu(command) == Words{"-arch=native"});
  CHECK(command == Words{"-O2", "-c", "a.cu"});
  command = {"--gpu-architecture", "native", "-c", "a.cu"};
  CHECK(remove_native_gpu(command) == Words{"--gpu-architecture", "native"});
  CHECK(command == Words{"-c", "a.cu"});
  command = {"-Xcompiler", "-march=x", "-arch=sm_80", "a.cu"};
  CHECK(remove_native_gpu(command).empty());
  CHECK(command.size() == 4);
}

TEST_CASE("names of nvcc's files say nothing of its process and of architectures") {
  const std::string source = "/tmp/tmpxft_00007c72_00000000-6_a.compute_80.cudafe1.cpp";
  CHECK(without_nvcc_names("tmpxft_00007c72_00000000-6_a.compute_80.cudafe1.cpp", source) == "a.cudafe1.cpp");
  CHECK(without_nvcc_names("# 1 \"/tmp/tmpxft_00007c72_00000000-12_a.fatbin.c\"\n\"tmpxft_00007c72_00000000-x\"\n",
                           source) == "# 1 \"a.fatbin.c\"\n\"tmpxft_00007c72_00000000-x\"\n");
  CHECK(without_nvcc_names("/tmp/other \".compute_80\" tmpxft_1_1-6_b.c", source) ==
        "/tmp/other \".compute_80\" tmpxft_1_1-6_b.c");
  CHECK(without_nvcc_names("tmpxft_1_2-3_my.compute_x.cudafe1.stub.c", "tmpxft_1_2-3_my.compute_x.cudafe1.cpp") ==
        "my.cudafe1.stub.c");
  CHECK(without_nvcc_names("tmpxft_1_2-3_a.cudafe1.cpp", "tmpxft_1_2-3_a.cudafe1.cpp") == "a.cudafe1.cpp");
}

TEST_CASE("host code of nvcc is compiled from a copy with names of its own") {
  const TempDirectory work = scratch();
  const TempDirectory build = scratch();
  const std::string run = (work.path() / "tmpxft_00007c72_00000000-").string();
  good(write_file(run + "6_a.compute_80.cudafe1.cpp",
                  "#include \"tmpxft_00007c72_00000000-6_a.compute_80.cudafe1.stub.c\"\n"));
  good(write_file(run + "6_a.compute_80.cudafe1.stub.c", "#include \"tmpxft_00007c72_00000000-3_a.fatbin.c\"\n"));
  good(write_file(run + "3_a.fatbin.c", "asm(\n\".quad 0x1\\n\"\n\".text\\n\");\nint fatbin;\n"));
  good(write_file(work.path() / "tmpxft_00000001_00000000-3_b.fatbin.c", "another run\n"));
  CaptureEnvironment environment;
  environment.build = build.path();
  environment.prefix = "/opt/app";
  Words arguments = {"-c", "-O2", run + "6_a.compute_80.cudafe1.cpp", "-o", "a.o"};
  std::filesystem::path copy;
  {
    const auto source = good(NvccSource::take(environment, arguments));
    REQUIRE(source);
    CHECK(source->name() == "a.cudafe1.cpp");
    REQUIRE(arguments.size() == 6);
    copy = arguments[3];
    CHECK(copy.filename() == "a.cudafe1.cpp");
    CHECK(arguments[0] == "-ffile-prefix-map=" + copy.parent_path().string() + "=/opt/app/.xaas/src/.build");
    CHECK(good(read_file(copy)) == "#include \"a.cudafe1.stub.c\"\n");
    CHECK(good(read_file(copy.parent_path() / "a.cudafe1.stub.c")) == "#include \"a.fatbin.c\"\n");
    // Debug information must tell neither the digest nor the length of the fat binary.
    CHECK(good(read_file(copy.parent_path() / "a.fatbin.c")) ==
          "asm(\n\".quad 0x1\\n\"\n\".text\\n\");\n#line 1 \"a.fatbin.c\"\nint fatbin;\n");
    CHECK_FALSE(std::filesystem::exists(copy.parent_path() / "b.fatbin.c"));
  }
  CHECK_FALSE(std::filesystem::exists(copy.parent_path()));
  Words others = {"-c", "a.cpp"};
  CHECK_FALSE(good(NvccSource::take(environment, others)).has_value());
  CHECK(others == Words{"-c", "a.cpp"});
}

TEST_CASE("what a link unit of nvcc includes is a copy with names of its own") {
  const TempDirectory work = scratch();
  const TempDirectory build = scratch();
  const std::string run = (work.path() / "tmpxft_00007c72_00000000-").string();
  good(write_file(run + "13_p_dlink.reg.c", "int registers;\n"));
  good(write_file(run + "14_p_dlink.fatbin.c", "int fatbin;\n"));
  CaptureEnvironment environment;
  environment.build = build.path();
  environment.prefix = "/opt/app";
  Words arguments = {"-c", "-DFATBINFILE=\"" + run + "14_p_dlink.fatbin.c\"",
                     "-DREGISTERLINKBINARYFILE=\"" + run + "13_p_dlink.reg.c\"", "/cuda/bin/crt/link.stub"};
  const auto source = good(NvccSource::take(environment, arguments));
  REQUIRE(source);
  CHECK(source->name().empty());
  REQUIRE(arguments.size() == 5);
  const std::string directory = arguments[0].substr(18, arguments[0].rfind('=') - 18);
  CHECK(arguments[0] == "-ffile-prefix-map=" + directory + "=/opt/app/.xaas/src/.build");
  CHECK(arguments[2] == "-DFATBINFILE=\"" + directory + "/p_dlink.fatbin.c\"");
  CHECK(arguments[3] == "-DREGISTERLINKBINARYFILE=\"" + directory + "/p_dlink.reg.c\"");
  CHECK(arguments[4] == "/cuda/bin/crt/link.stub");
  CHECK(good(read_file(directory + "/p_dlink.reg.c")) == "int registers;\n");
  CHECK(good(read_file(directory + "/p_dlink.fatbin.c")) == "int fatbin;\n");
}
