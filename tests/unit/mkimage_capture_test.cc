// Compiling and linking through the capturing compiler, with the real one behind it.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/process.h"
#include "mkimage/capture/captured_unit.h"
#include "mkimage/capture/compile_capture.h"
#include "mkimage/capture/link_capture.h"
#include "mkimage/capture/link_reader.h"
#include "mkimage/capture/real_linker.h"
#include "mkimage/compiler/response_file.h"
#include "mkimage/contents/build_sources.h"
#include "mkimage/contents/program_symbols.h"
#include "mkimage/contents/recipe_maker.h"
#include "mkimage/record/capture_environment.h"
#include "tests/unit/format_support.h"

namespace {

using namespace xaas;

// A build of its own: directories, compilers, and the two kinds of commands.
class Build {
 public:
  Build() {
    const std::filesystem::path& root = directory_->path();
    environment_.capture = root / "capture";
    environment_.source = root / "src";
    environment_.build = root / "build";
    environment_.prefix = "/opt/test";
    environment_.c_compiler = find_program("clang-19").value().string();
    environment_.cxx_compiler = find_program("clang++-19").value().string();
    environment_.lld = std::filesystem::canonical(environment_.c_compiler).parent_path() / kLldName;
    environment_.linkers = root / "linkers";
    std::filesystem::create_directories(environment_.linkers);
    for (const char* name : {"ld", "ld.bfd", "ld.gold", "ld.lld"}) {
      std::filesystem::create_symlink(XAAS_BIN_DIR "/xaas-cc", environment_.linkers / name);
    }
    std::filesystem::create_directories(environment_.source);
    std::filesystem::create_directories(environment_.build);
    REQUIRE(environment_.store().create());
  }

  std::string write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = environment_.source / name;
    std::ofstream(path) << text;
    return path.string();
  }
  std::string in_build(const std::string& name) const { return (environment_.build / name).string(); }

  int run(std::vector<std::string> arguments, const std::string& fallback = "") const {
    const CompilerCommand command = parse_compiler_command(arguments);
    const Compilation compilation{environment_.c_compiler, arguments, command, fallback, CompilerRole::c, arguments};
    const bool links = command.mode == CommandMode::link || command.mode == CommandMode::native_link;
    return links ? link_and_capture(environment_, compilation) : compile_and_capture(environment_, compilation);
  }
  // Runs a command as xaas-cc does: its meaning is read with its response files expanded.
  int run_expanded(const std::vector<std::string>& arguments) const {
    const CompilerCommand command = parse_compiler_command(expand_response_files(arguments));
    return link_and_capture(environment_, {environment_.c_compiler, arguments, command});
  }
  std::string compile(const std::string& name, const std::string& text, std::vector<std::string> options = {}) const {
    const std::string object = in_build(name + ".o");
    options.insert(options.end(), {"-c", write(name, text), "-o", object});
    REQUIRE(run(std::move(options)) == 0);
    return object;
  }

  const CaptureEnvironment& environment() const { return environment_; }
  std::vector<UnitRecord> units() const { return environment_.store().units().value(); }
  LinkRecord only_link() const {
    const auto links = environment_.store().links().value();
    REQUIRE(links.size() == 1);
    return links.front();
  }

 private:
  Result<TempDirectory> directory_ = TempDirectory::create(std::filesystem::temp_directory_path());
  CaptureEnvironment environment_;
};

template <typename T>
std::vector<T> all(const LinkRecord& link) {
  std::vector<T> found;
  for (const RecordedArgument& argument : link.arguments) {
    if (const T* value = std::get_if<T>(&argument)) found.push_back(*value);
  }
  return found;
}

CanonicalUnits fake_canonical(const std::vector<UnitRecord>& units) {
  CanonicalUnits result;
  for (const UnitRecord& unit : units) {
    if (unit.reason.empty()) result[unit.object] = {Digest::of("ir of " + unit.source), {}};
  }
  return result;
}

Result<Recipe> recipe_of(const Build& build, const std::string& file, const CanonicalUnits& units) {
  const std::string bytes = read_file(file).value();
  const CaptureStore store = build.environment().store();
  SymbolReader symbols(store);
  return make_recipe(build.only_link(), ElfFile::parse(bytes).value(), units, {}, "x86_64-pc-linux-gnu", symbols);
}

Result<Recipe> recipe_of(const Build& build, const std::string& file) {
  return recipe_of(build, file, fake_canonical(build.units()));
}

std::size_t count_ir(const Recipe& recipe) {
  return static_cast<std::size_t>(std::ranges::count_if(
      recipe.arguments, [](const LinkArgument& argument) { return std::holds_alternative<IrInput>(argument); }));
}

bool has_plain(const Recipe& recipe, const std::string& text) {
  return std::ranges::find(recipe.arguments, LinkArgument(text)) != recipe.arguments.end();
}

// Returns what `run` returns. Messages of compilers are lost.
template <typename Run>
int silently(const Run& run) {
  int status = -1;
  test::errors_of([&] { status = run(); });
  return status;
}

constexpr const char* kMain = "int twice(int);\nint main(void) { return twice(0); }\n";
constexpr const char* kTwice = "int twice(int x) { return 2 * x; }\n";

}  // namespace

TEST_CASE("each of several sources of one command leaves bitcode of its own", "[one-thread]") {
  const Build build;
  std::string longer = kTwice;
  for (int i = 0; i < 50; ++i) longer += "int f" + std::to_string(i) + "(int x) { return twice(x) + x; }\n";
  const std::vector<std::string> command = {"-c", build.write("a.c", kMain), build.write("b.c", longer)};
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(build.in_build(""));
  CHECK(build.run(command) == 0);
  std::filesystem::current_path(before);
  const auto units = build.units();
  REQUIRE(units.size() == 2);
  for (const UnitRecord& unit : units) {
    const std::string object = read_file(build.in_build(unit.source.ends_with("a.c") ? "a.o" : "b.o")).value();
    CHECK(unit.object == Digest::of(object));
    const std::string bitcode = read_file(build.environment().store().bitcode_path(unit.object)).value();
    CHECK(bitcode == embedded_bitcode(object).value());
  }
}

TEST_CASE("a compiled unit leaves bitcode, its source and its headers, and the object is real", "[one-thread]") {
  const Build build;
  build.write("h.h", "#define X 1\n");
  const std::string object = build.compile("a.c", "#include \"h.h\"\nint x(void) { return X; }\n", {"-mavx2"});
  const auto units = build.units();
  REQUIRE(units.size() == 1);
  CHECK(units[0].reason.empty());
  CHECK(units[0].machine_options == std::vector<std::string>{"-mavx2"});
  CHECK(std::ranges::any_of(units[0].headers, [](const std::string& name) { return name.ends_with("h.h"); }));
  const std::string bytes = read_file(object).value();
  CHECK(units[0].object == Digest::of(bytes));
  CHECK(read_file(build.environment().store().bitcode_path(units[0].object)).value().starts_with("BC"));
  CHECK(ElfFile::parse(bytes).value().find_section(".text") != nullptr);
}

TEST_CASE("what cannot be captured compiles as ever and says why", "[one-thread]") {
  const Build build;
  build.compile("a.c", kTwice, {"-fsanitize=undefined"});
  build.compile("b.S", ".globl b\nb: ret\n");
  const auto units = build.units();
  REQUIRE(units.size() == 2);
  for (const UnitRecord& unit : units) CHECK((unit.reason == "assembly" || unit.reason == "-fsanitize=undefined"));
}

TEST_CASE("a unit that only compiles as the project asked stays native", "[one-thread]") {
  const Build build;
  build.compile("a.c", "#ifdef __FXSR__\nint ok;\n#else\n#error needs fxsr\n#endif\n");
  const auto units = build.units();
  REQUIRE(units.size() == 1);
  CHECK(units[0].reason.find("needs fxsr") != std::string::npos);
}

TEST_CASE("a failed compile gives the compiler's status and leaves no record", "[one-thread]") {
  const Build build;
  CHECK(silently([&] { return build.run({"-c", build.write("bad.c", "nonsense"), "-o", build.in_build("bad.o")}); }) ==
        1);
  CHECK(build.units().empty());
}

TEST_CASE("a link is recorded with objects, libraries and options in order, and gives a recipe", "[one-thread]") {
  const Build build;
  const std::string a = build.compile("a.c", kMain);
  const std::string b = build.compile("b.c", kTwice);
  const std::string program = build.in_build("program");
  REQUIRE(build.run({a, b, "-o", program, "-lm", "-Wl,--gc-sections", "-Wl,-rpath,/somewhere", "-s"}) == 0);
  const LinkRecord link = build.only_link();
  CHECK(link.reason.empty());
  CHECK(link.output == "program");
  const auto libraries = all<RecordedLibrary>(link);
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

TEST_CASE("sources compiled and linked by one command are captured under their own names", "[one-thread]") {
  const Build build;
  const std::string program = build.in_build("program");
  REQUIRE(build.run({"-O2", build.write("a.c", kMain), build.write("b.c", kTwice), build.write("e.S", ""), "-o",
                     program}) == 0);
  CHECK(build.units().size() == 3);
  std::vector<std::string> names;
  for (const RecordedObject& object : all<RecordedObject>(build.only_link())) names.push_back(object.file.name);
  for (const char* name : {"a.c", "b.c", "e.S"}) CHECK(std::ranges::count(names, name) == 1);
  const auto recipe = recipe_of(build, program);
  REQUIRE(recipe);
  CHECK(count_ir(*recipe) == 2);
}

TEST_CASE("sources that a response file names are captured by a link, too", "[one-thread]") {
  const Build build;
  const std::string program = build.in_build("program");
  const std::string object = build.compile("c.c", "int other(void) { return 1; }\n");
  const std::string response =
      build.write("response", "-O2 " + build.write("a.c", kMain) + " " + object + " " + build.write("b.c", kTwice));
  REQUIRE(build.run_expanded({"@" + response, "-o", program}) == 0);
  CHECK(build.units().size() == 3);
  const auto recipe = recipe_of(build, program);
  REQUIRE(recipe);
  CHECK(count_ir(*recipe) == 3);
}

TEST_CASE("archives are taken apart by content, equal member names or thin ones too", "[one-thread]") {
  const bool thin = GENERATE(false, true);
  const Build build;
  const std::string a = build.compile("a.c", kMain);
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
  const Build build;
  const std::string a = build.compile("a.c", kMain);
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
    const Build build;
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
    const Build build;
    const std::vector<std::string> objects = {
        build.compile("a.c", "extern int second; int main(void) { return second; }\n"),
        build.compile("b.c", "int first = 1, second = 2;\n"), build.compile("c.c", "int third(void) { return 3; }\n")};
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
  CHECK(count_alone("-Wl,--defsym=fourth=second+4", {}) == 2);
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
    const Build build;
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
  const Build build;
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

TEST_CASE("the project's own LTO and linker choice do not change what is captured", "[one-thread]") {
  const Build build;
  const std::string a = build.compile("a.c", kMain, {"-flto"});
  const std::string b = build.compile("b.c", kTwice, {"-fno-lto"});
  const std::string program = build.in_build("program");
  REQUIRE(build.run({"-flto", "-fuse-ld=bfd", a, b, "-o", program}) == 0);
  const auto recipe = recipe_of(build, program);
  REQUIRE(recipe);
  CHECK(count_ir(*recipe) == 2);
}

TEST_CASE("a link that only another linker can do is done by it and stays native", "[one-thread]") {
  const Build build;
  const std::string a = build.compile("a.c", "int main(void) { return 0; }\n");
  const std::string program = build.in_build("program");
  REQUIRE(build.run({a, "-o", program, "-Wl,--force-exe-suffix"}) == 0);
  const LinkRecord link = build.only_link();
  CHECK(link.reason.find("lld") != std::string::npos);
  CHECK_FALSE(recipe_of(build, program));
}

TEST_CASE("a link with an argument that is not UTF-8 stays native, since no record can hold it", "[one-thread]") {
  const Build build;
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
    const Build build;
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
  const Build build;
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

TEST_CASE("links that go by the names of files stay native", "[one-thread]") {
  const Build build;
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
  const Build build;
  const std::string a = build.compile("a.c", kMain);
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
    const Build build;
    const std::string a = build.compile("a.c", "int main(void) { return 0; }\n");
    arguments.insert(arguments.end(), {a, "-o", build.in_build("program")});
    REQUIRE(build.run(arguments) == 0);
    std::vector<std::string> options;
    for (const LinkerArgument& option : all<LinkerArgument>(build.only_link())) options.push_back(to_argument(option));
    return options;
  };
  const auto plain = options_of({"-Wl,-z,start-stop-gc"});
  const auto ours = std::ranges::find(plain, "-znostart-stop-gc");
  REQUIRE(ours != plain.end());
  CHECK(std::find(ours, plain.end(), "-zstart-stop-gc") != plain.end());
  CHECK(std::ranges::count(options_of({"-fuse-ld=lld"}), "-znostart-stop-gc") == 0);
}

TEST_CASE("a linker that does not exist fails as it would without us", "[one-thread]") {
  const Build build;
  const std::string a = build.compile("a.c", "int main(void) { return 0; }\n");
  CHECK(silently([&] { return build.run({a, "-o", build.in_build("program"), "-fuse-ld=nosuch"}); }) != 0);
  CHECK(build.run({a, "-o", build.in_build("program"), "-fuse-ld=bfd"}) == 0);
  CHECK(build.only_link().reason.empty());
}

TEST_CASE("a project that calls GCC gets it for what clang cannot compile", "[one-thread]") {
  const auto gcc = find_program("gcc");
  if (!gcc) return;
  const Build build;
  const std::string nested =
      build.write("a.c", "int main(void) {\n  int one(void) { return 1; }\n  return one() - 1;\n}\n");
  const std::string object = build.in_build("a.o");
  CHECK(silently([&] { return build.run({"-c", nested, "-o", object}); }) != 0);
  REQUIRE(build.run({"-c", nested, "-o", object}, gcc->string()) == 0);
  REQUIRE(build.units().size() == 1);
  CHECK(build.units()[0].reason.starts_with("does not compile with clang"));
  CHECK(build.run({nested, "-o", build.in_build("program")}, gcc->string()) == 0);
  CHECK(run_program({build.in_build("program")})->ok());
  CHECK(silently([&] { return build.run({"-c", build.write("b.c", "nonsense"), "-o", object}, gcc->string()); }) == 1);
}

TEST_CASE("the headers behind a precompiled header are sources of the build", "[one-thread]") {
  const Build build;
  build.write("inner.h", "#define X 0\n");
  const std::string header = build.write("all.h", "#include \"inner.h\"\n");
  const std::string pch = build.in_build("all.h.pch");
  REQUIRE(build.run({"-x", "c-header", header, "-o", pch}) == 0);
  const std::string a =
      build.compile("a.c", "int main(void) { return X; }\n", {"-Xclang", "-include-pch", "-Xclang", pch});
  const auto units = build.units();
  REQUIRE(units.size() == 2);
  const auto sources = build_sources(build.environment(), units, {Digest::of(read_file(a).value())}, ".build");
  for (const char* name : {"a.c", "all.h", "inner.h"}) CHECK(sources.contains(fmt::format(".xaas/src/{}", name)));
}

TEST_CASE("a link to /dev/null leaves neither a record nor a note", "[one-thread]") {
  const Build build;
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
