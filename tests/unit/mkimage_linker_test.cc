// What is read from a linker's command line, from its map, and from the file that it made.
#include <catch2/catch.hpp>
#include <filesystem>

#include "format/base/file.h"
#include "format/base/process.h"
#include "mkimage/capture/extracted_members.h"
#include "mkimage/capture/linker_command.h"
#include "mkimage/capture/real_linker.h"
#include "mkimage/compiler/compilation.h"
#include "mkimage/record/link_shape.h"

namespace {

using namespace xaas;

class Directory {
 public:
  std::string operator/(const std::string& name) const { return (directory_->path() / name).string(); }
  const std::filesystem::path& path() const { return directory_->path(); }

  // Compiles and links C; returns the shape of the result.
  LinkShape link(const std::string& code, std::vector<std::string> options) const {
    options.insert(options.begin(), {"clang-19", "-x", "c", "-", "-o", *this / "out"});
    REQUIRE(run_and_read(options, code)->status.ok());
    return link_shape(read_file(*this / "out").value()).value();
  }

 private:
  Result<TempDirectory> directory_ = TempDirectory::create(std::filesystem::temp_directory_path());
};

constexpr const char* kLibrary = "int f(void) { return 1; }\nint g(void) { return 2; }\n";

}  // namespace

TEST_CASE("names of linkers are told from others") {
  for (const char* name : {"ld", "ld.bfd", "ld.lld", "x86_64-linux-gnu-ld", "x86_64-linux-gnu-ld.gold"}) {
    INFO(name);
    CHECK(is_linker_name(name));
  }
  for (const char* name : {"ldd", "ld.so", "ldconfig", "gcc", "ld."}) {
    INFO(name);
    CHECK_FALSE(is_linker_name(name));
  }
  CHECK(is_lld_name("ld.lld"));
  CHECK_FALSE(is_lld_name("ld.bfd"));
}

TEST_CASE("output, map and kind of a link are read from its command line, with one dash or two") {
  CHECK(parse_linker_command({"a.o"}).output == "a.out");
  CHECK(parse_linker_command({"-o", "x", "a.o"}).output == "x");
  CHECK(parse_linker_command({"-ox", "a.o"}).output == "x");
  CHECK(parse_linker_command({"--output=x", "a.o"}).output == "x");
  CHECK(parse_linker_command({"-Map", "m", "a.o"}).map == "m");
  CHECK(parse_linker_command({"--Map=m", "a.o"}).map == "m");
  CHECK(parse_linker_command({"-M", "a.o"}).prints_map);
  CHECK(parse_linker_command({"-rpath", "/r", "-z", "relro", "a.o"}).is_recordable);
  for (const char* option : {"-r", "--relocatable", "-i", "--version", "--help"}) {
    INFO(option);
    CHECK_FALSE(parse_linker_command({option, "a.o"}).is_recordable);
  }
}

TEST_CASE("LLVM's plugin goes with its options, and GCC's stays for GCC's own objects") {
  std::vector<std::string> both = {"-plugin", "/l/LLVMgold.so", "-plugin-opt=mcpu=x",        "a.o",
                                   "-plugin", "/g/liblto.so",   "-plugin-opt=-fresolution=r"};
  remove_llvm_plugin(both);
  CHECK(both == std::vector<std::string>{"a.o", "-plugin", "/g/liblto.so", "-plugin-opt=-fresolution=r"});
  remove_for_lld(both);
  CHECK(both == std::vector<std::string>{"a.o"});
}

TEST_CASE("lld hides no symbol that GNU ld and gold only leave out of a table") {
  std::vector<std::string> arguments = {"-retain-symbols-file", "a", "x.o", "--retain-symbols-file=b", "-o", "y"};
  remove_for_lld(arguments);
  CHECK(arguments == std::vector<std::string>{"x.o", "-o", "y"});
}

TEST_CASE("the tests of build systems are told from what is installed") {
  for (const char* file : {"conftest", "conftest.c", "cmTC_1a2b3", "/b/CMakeFiles/CMakeScratch/TryCompile-x/a.c",
                           "/b/meson-private/tmpabc/output.exe", "/s/.sconf_temp/conftest_4f_0.c", "_configtest.c",
                           "/s/config.tests/evdev/main.cpp"}) {
    INFO(file);
    CHECK(is_probe(file));
  }
  for (const char* file : {"conftester", "a.out", "src/confection.c"}) {
    INFO(file);
    CHECK_FALSE(is_probe(file));
  }
}

TEST_CASE("the members that a link takes are read from the maps of three linkers alike") {
  const bool thin = GENERATE(false, true);
  const Directory directory;
  REQUIRE(write_file(directory / "a-member-with-a-long-name.c", "int f(void) { return 0; }\n"));
  REQUIRE(write_file(directory / "unused.c", "int unused;\n"));
  const std::string make = "cd " + directory.path().string() + " && clang-19 -c *.c && ar " + (thin ? "crT" : "cr") +
                           " libx.a *.o && clang-19 -x c -c - -o main.o";
  REQUIRE(run_and_read({"sh", "-c", make}, "int f(void);\nint main(void) { return f(); }\n")->status.ok());
  const auto members = [&](const std::string& linker) {
    const std::string list = linker == "lld" ? "-Wl,--why-extract=map" : "-Wl,-Map=map";
    const std::string link =
        "cd " + directory.path().string() + " && clang-19 -fuse-ld=" + linker + " main.o -L. -lx -o x " + list;
    REQUIRE(run_and_read({"sh", "-c", link})->status.ok());
    const std::string text = read_file(directory / "map").value();
    return linker == "lld" ? members_in_why_extract(text, directory.path())
                           : members_in_map(text, directory.path()).value();
  };
  const std::string archive = thin ? "" : directory / "libx.a";
  const std::string member = "a-member-with-a-long-name.o";
  const ExtractedMembers expected = {{archive, thin ? directory / member : member}};
  CHECK(members("bfd") == expected);
  CHECK(members("gold") == expected);
  CHECK(members("lld") == expected);
}

TEST_CASE("a map without members, or of a linker that nobody knows, is told") {
  CHECK(members_in_map("\nMerging program properties\n", "/").value().empty());
  CHECK_FALSE(members_in_map("               VMA              LMA     Size Align Out     In      Symbol\n", "/"));
  CHECK_FALSE(members_in_map("", "/"));
  CHECK(members_in_map("Archive member included to satisfy reference by file (symbol)\n\n"
                       "w.a(all.o)                    (--whole-archive)\n\n",
                       "/")
            .value()
            .empty());
}

TEST_CASE("linkers' results are equal where programs cannot tell them apart") {
  const Directory directory;
  const std::vector<std::vector<std::string>> links = {
      {"-shared", "-fPIC", "-Wl,-z,now"}, {"-shared", "-fPIC", "-Wl,-Bsymbolic"}, {"-shared", "-fPIC", "-g"}};
  for (const auto& options : links) {
    std::vector<std::string> lld = options;
    lld.emplace_back("-fuse-ld=lld");
    const auto difference = difference_of_linkers(directory.link(kLibrary, options), directory.link(kLibrary, lld));
    INFO(options.back() << ": " << difference.value_or(""));
    CHECK_FALSE(difference);
  }
}

TEST_CASE("differences are named") {
  const Directory directory;
  const LinkShape plain = directory.link(kLibrary, {"-shared", "-fPIC"});
  const auto other = [&](std::vector<std::string> options, const std::string& code = kLibrary) {
    options.insert(options.end(), {"-shared", "-fPIC"});
    return difference_of_linkers(plain, directory.link(code, std::move(options))).value_or("none");
  };
  CHECK(other({}) == "none");
  CHECK(other({"-Wl,-z,nodelete"}) == "dynamic flags (NODELETE is added)");
  CHECK(other({"-Wl,-z,execstack"}).starts_with("executable stack"));
  CHECK(other({"-Wl,--no-as-needed", "-lm"}) == "needed libraries (libm.so.6 is added)");
  CHECK(other({}, "int f(void) { return 1; }\n") == "exported symbols (g function is missing)");
  CHECK(other({}, std::string(kLibrary) + "__attribute__((section(\"mine\"))) int x = 1;\n")
            .starts_with("exported symbols (x data is added)"));
}

TEST_CASE("linkers differ where one of them calls no constructor") {
  const Directory directory;
  const std::string code =
      "static void f(void) {}\n__attribute__((section(\".ctors\"), used)) static void (*c)(void) = f;\n"
      "int main(void) { return 0; }\n";
  const auto difference =
      difference_of_linkers(directory.link(code, {"-fuse-ld=bfd"}), directory.link(code, {"-fuse-ld=lld"}));
  REQUIRE(difference);
  CHECK(difference->find(".ctors 8 is added") != std::string::npos);
}

TEST_CASE("a long list is compared by its digest in a record") {
  std::string code;
  for (int i = 0; i < 100; ++i) code += fmt::format("int f{}(void) {{ return 0; }}\n", i);
  const Directory directory;
  const LinkShape linked = abbreviated(directory.link(code, {"-shared", "-fPIC"}));
  CHECK(linked.at(std::string(aspect::kExported)).size() == 1);
  CHECK_FALSE(difference_of_installed(linked, abbreviated(directory.link(code, {"-shared", "-fPIC"}))));
  const LinkShape more = abbreviated(directory.link(code + "int g(void) { return 0; }\n", {"-shared", "-fPIC"}));
  CHECK(difference_of_installed(linked, more) == "exported symbols");
}

TEST_CASE("a damaged file has no shape") {
  const Directory directory;
  directory.link(kLibrary, {"-shared", "-fPIC"});
  const std::string bytes = read_file(directory / "out").value();
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    static_cast<void>(link_shape(bytes.substr(0, size)));  // does not crash
  }
  CHECK_FALSE(link_shape(""));
  CHECK_FALSE(link_shape(bytes.substr(0, 100)));
  std::string other = bytes;
  other[18] = 40;  // ARM
  CHECK(link_shape(other).error().code == Code::unsupported);
}
