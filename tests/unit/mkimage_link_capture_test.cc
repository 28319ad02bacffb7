// Linking through the capturing compiler: which links are recorded, and what the record holds.
#include <catch2/catch.hpp>

#include "format/base/process.h"
#include "mkimage/capture/link_reader.h"
#include "tests/unit/mkimage_capture_support.h"

namespace {

using namespace xaas;
using test::arguments_of;
using test::CapturedBuild;
using test::count_ir;
using test::kCallsTwice;
using test::kTwice;
using test::recipe_of;
using test::silently;

}  // namespace

TEST_CASE("sources compiled and linked by one command are captured under their own names", "[one-thread]") {
  const CapturedBuild build;
  const std::string program = build.in_build("program");
  REQUIRE(build.run({"-O2", build.write("a.c", kCallsTwice), build.write("b.c", kTwice), build.write("e.S", ""), "-o",
                     program}) == 0);
  CHECK(build.units().size() == 3);
  std::vector<std::string> names;
  for (const RecordedObject& object : arguments_of<RecordedObject>(build.only_link()))
    names.push_back(object.file.name);
  for (const char* name : {"a.c", "b.c", "e.S"}) CHECK(std::ranges::count(names, name) == 1);
  const auto recipe = recipe_of(build, program);
  REQUIRE(recipe);
  CHECK(count_ir(*recipe) == 2);
}

TEST_CASE("sources that a response file names are captured by a link, too", "[one-thread]") {
  const CapturedBuild build;
  const std::string program = build.in_build("program");
  const std::string object = build.compile("c.c", "int other(void) { return 1; }\n");
  const std::string response = build.write(
      "response", "-O2 " + build.write("a.c", kCallsTwice) + " " + object + " " + build.write("b.c", kTwice));
  REQUIRE(build.run_expanded({"@" + response, "-o", program}) == 0);
  CHECK(build.units().size() == 3);
  const auto recipe = recipe_of(build, program);
  REQUIRE(recipe);
  CHECK(count_ir(*recipe) == 3);
}

TEST_CASE("the project's own LTO and linker choice do not change what is captured", "[one-thread]") {
  const CapturedBuild build;
  const std::string a = build.compile("a.c", kCallsTwice, {"-flto"});
  const std::string b = build.compile("b.c", kTwice, {"-fno-lto"});
  const std::string program = build.in_build("program");
  REQUIRE(build.run({"-flto", "-fuse-ld=bfd", a, b, "-o", program}) == 0);
  const auto recipe = recipe_of(build, program);
  REQUIRE(recipe);
  CHECK(count_ir(*recipe) == 2);
}

TEST_CASE("a link that only another linker can do is done by it and stays native", "[one-thread]") {
  const CapturedBuild build;
  const std::string a = build.compile("a.c", "int main(void) { return 0; }\n");
  const std::string program = build.in_build("program");
  REQUIRE(build.run({a, "-o", program, "-Wl,--force-exe-suffix"}) == 0);
  const LinkRecord link = build.only_link();
  CHECK(link.reason.find("lld") != std::string::npos);
  CHECK_FALSE(recipe_of(build, program));
}

TEST_CASE("a link with an argument that is not UTF-8 stays native, since no record can hold it", "[one-thread]") {
  const CapturedBuild build;
  const auto reason_of = [&](const std::string& response) {
    LinkFiles link;
    link.files.emplace("response.txt", response);
    link.response = link.files.at("response.txt");
    return read_link(link, build.environment()).value().reason;
  };
  CHECK(reason_of("--defsym=gr\xc3\xb6\xc3\x9f=1\n").empty());
  CHECK(reason_of("--defsym=gr\xf6\xdf=1\n") == "its link has an argument that is not UTF-8");
  CHECK(reason_of("--gr\xf6\xdf\n") == "its link has an argument that is not UTF-8");
  CHECK(reason_of("-o gr\xf6\xdf\n").empty());  // a recipe does not have this argument
}

TEST_CASE("links that go by the names of files stay native", "[one-thread]") {
  const CapturedBuild build;
  const std::string a = build.compile("a.c", "int main(void) { return 0; }\n");
  const std::string all = build.write("all.ld", "SECTIONS { .mine : { KEEP(*(.mine)) } } INSERT AFTER .text;\n");
  const std::string one = build.write("one.ld", "SECTIONS { .mine : { KEEP(*a.o(.mine)) } } INSERT AFTER .text;\n");
  const std::string program = build.in_build("program");
  std::string option;
  SECTION("libraries to exclude") { option = "-Wl,--exclude-libs,ALL"; }
  SECTION("a script that names files") { option = "-Wl,-T," + one; }
  SECTION("a script for all files") { option = "-Wl,-T," + all; }
  REQUIRE(build.run({a, "-o", program, option}) == 0);
  INFO(build.only_link().reason);
  CHECK(build.only_link().reason.empty() == option.ends_with("all.ld"));
}

TEST_CASE("an archive with LLVM bitcode in it is not recorded", "[one-thread]") {
  const CapturedBuild build;
  const std::string a = build.compile("a.c", kCallsTwice);
  const std::string bitcode = build.in_build("twice.o");
  REQUIRE(run_program({"clang-19", "-c", "-flto", build.write("b.c", kTwice), "-o", bitcode})->ok());
  const std::string archive = build.in_build("libtwice.a");
  REQUIRE(run_program({"llvm-ar-19", "qcs", archive, bitcode})->ok());
  const std::string program = build.in_build("program");
  REQUIRE(build.run({a, archive, "-fuse-ld=lld", "-o", program}) == 0);
  CHECK(build.only_link().reason.find("LLVM bitcode") != std::string::npos);
}

TEST_CASE("GNU ld's defaults are in front of what the project says, and only where it does not ask for lld",
          "[one-thread]") {
  const auto options_of = [](std::vector<std::string> arguments) {
    const CapturedBuild build;
    const std::string a = build.compile("a.c", "int main(void) { return 0; }\n");
    arguments.insert(arguments.end(), {a, "-o", build.in_build("program")});
    REQUIRE(build.run(arguments) == 0);
    std::vector<std::string> options;
    for (const LinkerArgument& option : arguments_of<LinkerArgument>(build.only_link()))
      options.push_back(to_argument(option));
    return options;
  };
  const auto plain = options_of({"-Wl,-z,start-stop-gc"});
  const auto ours = std::ranges::find(plain, "-znostart-stop-gc");
  REQUIRE(ours != plain.end());
  CHECK(std::find(ours, plain.end(), "-zstart-stop-gc") != plain.end());
  CHECK(std::ranges::count(options_of({"-fuse-ld=lld"}), "-znostart-stop-gc") == 0);
}

TEST_CASE("a linker that does not exist fails as it would without us", "[one-thread]") {
  const CapturedBuild build;
  const std::string a = build.compile("a.c", "int main(void) { return 0; }\n");
  CHECK(silently([&] { return build.run({a, "-o", build.in_build("program"), "-fuse-ld=nosuch"}); }) != 0);
  CHECK(build.run({a, "-o", build.in_build("program"), "-fuse-ld=bfd"}) == 0);
  CHECK(build.only_link().reason.empty());
}

TEST_CASE("a link to /dev/null leaves neither a record nor a note", "[one-thread]") {
  const CapturedBuild build;
  const std::string a = build.compile("a.c", "int main(void) { return 0; }\n");
  REQUIRE(build.run({a, "-o", "/dev/null"}) == 0);
  CHECK(build.environment().store().links().value().empty());
  CHECK(build.environment().store().notes().empty());
}

TEST_CASE("a record of a link reads back as it was written", "[one-thread]") {
  LinkRecord record{"00ff", "a", "", {}, Digest::of("c"), {"libc.so.6"}};
  record.arguments.emplace_back(LinkerArgument{"z", "now"});
  record.arguments.emplace_back(LinkerArgument{"gc-sections", std::nullopt});
  record.arguments.emplace_back(RecordedObject{{Digest::of("o"), "a.o"}});
  record.arguments.emplace_back(RecordedArchive{{Digest::of("l"), "l.a"}, {{Digest::of("m"), "m.o"}}, true});
  record.arguments.emplace_back(RecordedLibrary{"libc.so.6", "/lib/libc.so.6"});
  record.arguments.emplace_back(RecordedFileOption{"--script=", {Digest::of("s"), "s.ld"}});
  const auto read = parse_link_record(to_json(record));
  REQUIRE(read);
  CHECK(*read == record);
}
