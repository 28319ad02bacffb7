// Recipes that are made of the records of a build, and the files that are no longer what their link made.
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "format/base/file.h"
#include "format/base/process.h"
#include "tests/unit/mkimage_capture_support.h"

namespace {

using namespace xaas;
using test::arguments_of;
using test::CapturedBuild;
using test::count_ir;
using test::fake_canonical;
using test::kCallsTwice;
using test::kTwice;
using test::recipe_of;

bool has_plain(const Recipe& recipe, const std::string& text) {
  return std::ranges::find(recipe.arguments, LinkArgument(text)) != recipe.arguments.end();
}

}  // namespace

TEST_CASE("a link is recorded with objects, libraries and options in order, and gives a recipe", "[one-thread]") {
  const CapturedBuild build;
  const std::string a = build.compile("a.c", kCallsTwice);
  const std::string b = build.compile("b.c", kTwice);
  const std::string program = build.in_build("program");
  REQUIRE(build.run({a, b, "-o", program, "-lm", "-Wl,--gc-sections", "-Wl,-rpath,/somewhere", "-s"}) == 0);
  const LinkRecord link = build.only_link();
  CHECK(link.reason.empty());
  CHECK(link.output == "program");
  const auto libraries = arguments_of<RecordedLibrary>(link);
  CHECK(std::ranges::count(libraries, "libc.so.6", &RecordedLibrary::soname) == 1);
  CHECK(std::ranges::count(libraries, "libm.so.6", &RecordedLibrary::soname) == 1);
  const auto recipe = recipe_of(build, program);
  REQUIRE(recipe);
  CHECK(recipe->kind == LinkKind::pie);
  CHECK(count_ir(*recipe) == 2);
  CHECK(has_plain(*recipe, "--gc-sections"));
  CHECK(has_plain(*recipe, "--strip-all"));
  CHECK(has_plain(*recipe, "--rpath=/somewhere"));
  CHECK(has_plain(*recipe, "--dynamic-linker=/lib64/ld-linux-x86-64.so.2"));
  CHECK_FALSE(has_plain(*recipe, "--pie"));
}

TEST_CASE("archives are taken apart by content, equal member names or thin ones too", "[one-thread]") {
  const bool thin = GENERATE(false, true);
  const CapturedBuild build;
  const std::string a = build.compile("a.c", kCallsTwice);
  std::filesystem::create_directories(build.in_build("x"));
  const std::string first = build.in_build("x/same.o");
  const std::string second = build.in_build("same.o");
  std::filesystem::rename(build.compile("b.c", kTwice), first);
  std::filesystem::rename(build.compile("c.c", "int other(void) { return 1; }\n"), second);
  const std::string archive = build.in_build("libboth.a");
  REQUIRE(run_program({"llvm-ar-19", thin ? "qcsT" : "qcs", archive, first, second})->ok());
  const std::string program = build.in_build("program");
  REQUIRE(build.run({a, "-L" + build.in_build(""), "-lboth", "-o", program}) == 0);
  const auto recipe = recipe_of(build, program);
  REQUIRE(recipe);
  std::size_t members = 0;
  for (const LinkArgument& argument : recipe->arguments) {
    const auto* found = std::get_if<ArchiveInput>(&argument);
    if (found == nullptr) continue;
    CHECK(found->name == "libboth.a");
    for (const auto& member : found->members) members += std::holds_alternative<IrInput>(member) ? 1 : 0;
  }
  CHECK(members == 2);
}

TEST_CASE("an object that was changed after compiling is native", "[one-thread]") {
  const CapturedBuild build;
  const std::string a = build.compile("a.c", kCallsTwice);
  const std::string b = build.compile("b.c", kTwice);
  REQUIRE(run_program({"llvm-objcopy-19", "--strip-debug", "--add-section=.x=/dev/null", b})->ok());
  const std::string program = build.in_build("program");
  REQUIRE(build.run({a, b, "-o", program}) == 0);
  const auto recipe = recipe_of(build, program);
  REQUIRE(recipe);
  CHECK(count_ir(*recipe) == 1);
}

TEST_CASE("units that compute are alone where native code changes how the CPU rounds", "[one-thread]") {
  const auto is_alone = [](const std::string& called) {
    const CapturedBuild build;
    const std::string a = build.compile("a.c", "int main(void) { return 0; }\n");
    const std::string native = build.in_build("native.o");
    const std::string text = "int fesetround(int), fegetround(void); int f(void) { return " + called + "; }\n";
    REQUIRE(run_program({"clang-19", "-c", build.write("native.c", text), "-o", native})->ok());
    const std::string program = build.in_build("program");
    REQUIRE(build.run({a, native, "-o", program, "-lm"}) == 0);
    CanonicalUnits units = fake_canonical(build.units());
    units.begin()->second.context.has_arithmetic = true;
    const auto recipe = recipe_of(build, program, units);
    REQUIRE(recipe);
    return std::ranges::any_of(recipe->arguments, [](const LinkArgument& argument) {
      const auto* unit = std::get_if<IrInput>(&argument);
      return unit != nullptr && unit->alone.has_value();
    });
  };
  CHECK(is_alone("fesetround(0x800)"));
  CHECK_FALSE(is_alone("fegetround()"));
}

TEST_CASE("only units that name what has several names are alone", "[one-thread]") {
  const auto count_alone = [](const std::string& option, const std::set<std::string>& doubled) {
    const CapturedBuild build;
    const std::vector<std::string> objects = {
        build.compile("a.c", "extern int second; int main(void) { return second; }\n"),
        build.compile("b.c", "int first = 1, second = 2;\n"), build.compile("c.c", "int third(void) { return 3; }\n"),
        build.compile("d.c", "extern int fifth __attribute__((weak)); int* d(void) { return &fifth; }\n")};
    const std::string program = build.in_build("program");
    std::vector<std::string> arguments = {"-o", program, option};
    arguments.insert(arguments.end(), objects.begin(), objects.end());
    REQUIRE(build.run(arguments) == 0);
    CanonicalUnits units = fake_canonical(build.units());
    units.begin()->second.context.doubled_names = doubled;
    const auto recipe = recipe_of(build, program, units);
    REQUIRE(recipe);
    return std::ranges::count_if(recipe->arguments, [](const LinkArgument& argument) {
      const auto* unit = std::get_if<IrInput>(&argument);
      return unit != nullptr && unit->alone.has_value();
    });
  };
  CHECK(count_alone("-O2", {}) == 0);
  CHECK(count_alone("-O2", {"first", "other"}) == 1);
  CHECK(count_alone("-O2", {"second", "other"}) == 2);
  CHECK(count_alone("-O2", {"fifth", "other"}) == 1);
  CHECK(count_alone("-Wl,--defsym=fourth=second+4", {}) == 2);
  CHECK(count_alone("-Wl,--defsym=fifth=second", {}) == 3);
  CHECK(count_alone("-Wl,--defsym,fourth=(third)", {}) == 1);
  CHECK(count_alone("-Wl,--defsym=fourth=0x10*2", {}) == 0);
}

TEST_CASE("the kind of link is told from the record and the file", "[one-thread]") {
  struct Case {
    std::vector<std::string> options;
    LinkKind kind;
  };
  const Case cases[] = {{{"-shared", "-fPIC"}, LinkKind::shared},
                        {{"-pie"}, LinkKind::pie},
                        {{"-no-pie"}, LinkKind::no_pie},
                        {{"-static"}, LinkKind::static_no_pie},
                        {{"-static-pie"}, LinkKind::static_pie}};
  for (const Case& one : cases) {
    const CapturedBuild build;
    const std::string a = build.compile("a.c", "int main(void) { return 0; }\n");
    const std::string output = build.in_build("output");
    std::vector<std::string> arguments = {a, "-o", output};
    arguments.insert(arguments.end(), one.options.begin(), one.options.end());
    REQUIRE(build.run(arguments) == 0);
    const auto recipe = recipe_of(build, output);
    INFO(one.options.front() << ": " << (recipe ? "" : recipe.error().message));
    REQUIRE(recipe);
    CHECK(std::string(to_string(recipe->kind)) == to_string(one.kind));
  }
}

TEST_CASE("a version script is stored and named by the recipe; the soname is the installed one", "[one-thread]") {
  const CapturedBuild build;
  const std::string a = build.compile("a.c", kTwice, {"-fPIC"});
  const std::string script = build.write("a.map", "V1 { global: twice; local: *; };\n");
  const std::string library = build.in_build("liba.so");
  REQUIRE(build.run({"-shared", a, "-o", library, "-Wl,--version-script=" + script, "-Wl,-soname,liba.so.1"}) == 0);
  const auto recipe = recipe_of(build, library);
  INFO((recipe ? "" : recipe.error().message));
  REQUIRE(recipe);
  CHECK(has_plain(*recipe, "--soname=liba.so.1"));
  std::vector<FileOption> options;
  for (const LinkArgument& argument : recipe->arguments) {
    if (const auto* option = std::get_if<FileOption>(&argument)) options.push_back(*option);
  }
  REQUIRE(options.size() == 1);
  CHECK(options[0].option == "--version-script=");
  CHECK(read_file(build.environment().store().object_path(options[0].digest)).value().starts_with("V1"));
}

TEST_CASE("a file that was only stripped, or given another rpath or interpreter, is still what its link made",
          "[one-thread]") {
  const std::vector<std::vector<std::string>> commands = {
      {"strip", "-s"},
      {"llvm-strip-19", "-s"},
      {"strip", "--strip-debug"},
      {"patchelf", "--set-rpath", "/a/much/longer/rpath/than/there/was:/and/one/more/to/make/the/file/grow"},
      {"patchelf", "--force-rpath", "--set-rpath", "$ORIGIN/../lib"},
      {"patchelf", "--remove-rpath"},
      {"patchelf", "--set-interpreter", "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"},
      {"objcopy", "--compress-debug-sections"}};
  const std::string kind = GENERATE("-pie", "-no-pie", "-shared");
  for (const auto& command : commands) {
    if (kind == "-shared" && command.size() > 1 && command[1] == "--set-interpreter") continue;
    const CapturedBuild build;
    const std::string a =
        build.compile("a.c", "#include <stdio.h>\nint main(void) { return puts(\"text\"); }\n", {"-g", "-fPIC"});
    const std::string output = build.in_build("output");
    REQUIRE(build.run({a, kind, "-o", output, "-Wl,-rpath,/before"}) == 0);
    std::vector<std::string> arguments = command;
    arguments.push_back(output);
    REQUIRE(run_program(arguments)->ok());
    const auto recipe = recipe_of(build, output);
    INFO(kind << ", " << command[0] << " " << command[1] << ": " << (recipe ? "" : recipe.error().message));
    CHECK(recipe);
  }
}

TEST_CASE("a file whose contents or libraries were changed after its link stays native", "[one-thread]") {
  const CapturedBuild build;
  const std::string a = build.compile("a.c", "#include <stdio.h>\nint main(void) { return puts(\"text\"); }\n");
  const std::string program = build.in_build("program");
  REQUIRE(build.run({a, "-o", program, "-Wl,--no-as-needed", "-lm", "-ldl"}) == 0);
  REQUIRE(recipe_of(build, program));
  const std::string bytes = read_file(program).value();
  const std::string data = build.write("data", std::string(9, 'x'));
  const std::vector<std::vector<std::string>> commands = {{"llvm-objcopy-19", "--update-section", ".rodata=" + data},
                                                          {"patchelf", "--remove-needed", "libm.so.6"},
                                                          {"patchelf", "--add-needed", "libother.so.1"},
                                                          {"sh", "-c", "cat \"$0\" >>\"$1\"", data}};
  for (std::vector<std::string> command : commands) {
    REQUIRE(write_file(program, bytes));
    command.push_back(program);
    REQUIRE(run_program(command)->ok());
    INFO(command[0] << " " << command[1]);
    const auto recipe = recipe_of(build, program);
    REQUIRE_FALSE(recipe);
    const std::string& message = recipe.error().message;
    CHECK((message.starts_with("it was changed after its link") || message.starts_with("it needs libother")));
  }
}
