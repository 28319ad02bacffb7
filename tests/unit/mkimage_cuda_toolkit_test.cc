// clang compiles CUDA code with a toolkit that is newer than clang.
#include <catch2/catch.hpp>

#include "format/base/file.h"
#include "mkimage/capture/cuda_capture.h"
#include "mkimage/capture/cuda_toolkit.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

using Words = std::vector<std::string>;

// A toolkit of this version, as far as clang looks at it.
void make_toolkit(const std::filesystem::path& at, int version) {
  for (const char* directory : {"bin", "include", "nvvm/libdevice"})
    std::filesystem::create_directories(at / directory);
  good(write_file(at / "nvvm" / "libdevice" / "libdevice.10.bc", ""));
  good(write_file(at / "include" / "cuda.h", fmt::format("#define CUDA_VERSION {}\n", version)));
}

}  // namespace

TEST_CASE("a newer fatbinary gets the images that clang names for an older one") {
  const auto arguments = [](const Words& command) { return arguments_for_newer_toolkit("fatbinary", command); };
  CHECK(arguments({"-64", "--create", "a.fatbin", "--image=profile=sm_90a,file=a,b.o",
                   "--image=profile=compute_90,file=a.s", "--image=other"}) ==
        Words{"-64", "--create", "a.fatbin", "--image3=kind=elf,sm=90a,file=a,b.o", "--image3=kind=ptx,sm=90,file=a.s",
              "--image=other"});
  CHECK(arguments({"--image3=kind=elf,sm=80,file=a.o"}) == Words{"--image3=kind=elf,sm=80,file=a.o"});
  // All cubins for what is older than the toolkit are for its oldest architecture, so one is enough. PTX stays.
  CHECK(arguments({"--image=profile=sm_60,file=6.o", "--image=profile=compute_60,file=6.s",
                   "--image=profile=sm_70,file=7.o", "--image=profile=sm_80,file=8.o"}) ==
        Words{"--image3=kind=ptx,sm=60,file=6.s", "--image3=kind=elf,sm=75,file=7.o",
              "--image3=kind=elf,sm=80,file=8.o"});
  CHECK(arguments({"--image=profile=sm_70,file=7.o", "--image=profile=sm_75,file=75.o"}) ==
        Words{"--image3=kind=elf,sm=75,file=75.o"});
}

TEST_CASE("a newer ptxas compiles for its oldest architecture what is older") {
  const auto arguments = [](const Words& command) { return arguments_for_newer_toolkit("ptxas", command); };
  CHECK(arguments({"-m64", "--gpu-name", "sm_52", "a.s"}) == Words{"-m64", "--gpu-name", "sm_75", "a.s"});
  CHECK(arguments({"--gpu-name", "sm_75"}) == Words{"--gpu-name", "sm_75"});
  CHECK(arguments({"--gpu-name", "sm_90a"}) == Words{"--gpu-name", "sm_90a"});
  CHECK(arguments({"--version"}) == Words{"--version"});
}

TEST_CASE("clang gets options for a toolkit that is newer than it") {
  const TempDirectory work = scratch();
  CaptureEnvironment environment;
  environment.linkers = work.path() / "tools" / "linkers";
  const std::filesystem::path toolkit = work.path() / "it's new";
  make_toolkit(work.path() / "old", 12050);
  make_toolkit(toolkit, 13000);
  const auto options = [&](const Words& command) {
    return good(options_for_newer_toolkit(environment, "clang-19", command));
  };
  CHECK(options({"--cuda-path=" + (work.path() / "old").string(), "a.cu"}).empty());
  CHECK(options({"--cuda-path=" + (work.path() / "none").string(), "a.cu"}).empty());
  CHECK_FALSE(std::filesystem::exists(work.path() / "tools"));
  const Words found = options({"--cuda-path=" + toolkit.string(), "a.cu"});
  CHECK(options({"--cuda-path=" + toolkit.string(), "a.cu"}) == found);  // by another process
  REQUIRE(found.size() == 6);
  const std::filesystem::path root = work.path() / "tools" / "cuda" / toolkit.relative_path();
  CHECK(found[1] == "-B" + (root / "bin").string());
  CHECK(found[5] == (toolkit / "include" / "cccl").string());
  for (const char* program : {"fatbinary", "ptxas"}) CHECK(std::filesystem::is_symlink(root / "bin" / program));
  CHECK(good(programs_for_newer_toolkit(environment, "clang-19", {"--cuda-path=" + toolkit.string()})) ==
        root / "link");
  CHECK(std::filesystem::read_symlink(root / "link" / "nvlink") == toolkit / "bin" / "nvlink");
  CHECK(std::filesystem::is_symlink(root / "link" / "fatbinary"));
  CHECK(links_device_code({"-o", "a", "--offload-link", "a.o"}));
  CHECK_FALSE(links_device_code({"-o", "a", "a.o"}));
  const std::string include = (work.path() / "it''s new" / "include").string();
  CHECK(good(read_file(found[3])) == fmt::format("{{version: 0, roots: [{{name: '{0}/texture_fetch_functions.h', type: "
                                                 "file, external-contents: '{0}/texture_indirect_functions.h'}}]}}\n",
                                                 include));
}

TEST_CASE("clang refuses attributes that it does not know, also where it shows no warnings") {
  Words command = {"-w", "-O2", "--", "a.cu"};
  refuse_unknown_attributes(command);
  CHECK(command == Words{"-O2", "-Wno-everything", "-Werror=unknown-attributes", "--", "a.cu"});
}

TEST_CASE("PTX that clang makes has the options with which clang calls ptxas") {
  CHECK(options_for_ptxas(
            "clang version 19\n \"/bin/clang\" \"-cc1\" \"-O2\"\n"
            " \"/a \\\"b\\\"/ptxas\" \"-m64\" \"-O2\" \"--gpu-name\" \"sm_80\" \"--output-file\" \"-a.o\" "
            "\"/tmp/a.s\" \"-maxrregcount=32\" \"-v\"\n \"/bin/ptxas\" \"-O3\"\n") == "-O2 -maxrregcount=32 -v");
  CHECK(options_for_ptxas(" \"/bin/clang\" \"-cc1\"\n").empty());
}
