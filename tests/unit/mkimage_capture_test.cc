// Compiling and linking through the capturing compiler, with the real one behind it.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "format/file.h"
#include "mkimage/capture_environment.h"
#include "mkimage/compile_capture.h"
#include "mkimage/elf_file.h"
#include "mkimage/link_capture.h"
#include "mkimage/process.h"
#include "mkimage/recipe_maker.h"

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

  int run(std::vector<std::string> arguments) const {
    const CompilerCommand command = parse_compiler_command(arguments);
    const Compilation compilation{environment_.c_compiler, std::move(arguments), command};
    const bool links = command.mode == CommandMode::link || command.mode == CommandMode::native_link;
    return links ? link_and_capture(environment_, compilation) : compile_and_capture(environment_, compilation);
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

Result<Recipe> recipe_of(const Build& build, const std::string& file) {
  const std::string bytes = read_file(file).value();
  return make_recipe(build.only_link(), ElfFile::parse(bytes).value(), fake_canonical(build.units()), {},
                     "x86_64-pc-linux-gnu");
}

std::size_t count_ir(const Recipe& recipe) {
  return static_cast<std::size_t>(std::ranges::count_if(
      recipe.arguments, [](const LinkArgument& argument) { return std::holds_alternative<IrInput>(argument); }));
}

bool has_plain(const Recipe& recipe, const std::string& text) {
  return std::ranges::find(recipe.arguments, LinkArgument(text)) != recipe.arguments.end();
}

constexpr const char* kMain = "int twice(int);\nint main(void) { return twice(0); }\n";
constexpr const char* kTwice = "int twice(int x) { return 2 * x; }\n";

}  // namespace

TEST_CASE("a compiled unit leaves bitcode, its source and its headers, and the object is real") {
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

TEST_CASE("what cannot be captured compiles as ever and says why") {
  const Build build;
  build.compile("a.c", kTwice, {"-fsanitize=undefined"});
  build.compile("b.S", ".globl b\nb: ret\n");
  const auto units = build.units();
  REQUIRE(units.size() == 2);
  for (const UnitRecord& unit : units) CHECK((unit.reason == "assembly" || unit.reason == "-fsanitize=undefined"));
}

TEST_CASE("a unit that only compiles as the project asked stays native") {
  const Build build;
  build.compile("a.c", "#ifdef __FXSR__\nint ok;\n#else\n#error needs fxsr\n#endif\n");
  const auto units = build.units();
  REQUIRE(units.size() == 1);
  CHECK(units[0].reason.find("needs fxsr") != std::string::npos);
}

TEST_CASE("a failed compile gives the compiler's status and leaves no record") {
  const Build build;
  const int null = dup(2);
  REQUIRE(freopen("/dev/null", "w", stderr) != nullptr);
  const int status = build.run({"-c", build.write("bad.c", "nonsense"), "-o", build.in_build("bad.o")});
  dup2(null, 2);
  close(null);
  CHECK(status == 1);
  CHECK(build.units().empty());
}

TEST_CASE("a link is recorded with objects, libraries and options in order, and gives a recipe") {
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

TEST_CASE("sources compiled and linked by one command are captured under their own names") {
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

TEST_CASE("archives are taken apart by content, equal member names or thin ones too") {
  const bool thin = GENERATE(false, true);
  const Build build;
  const std::string a = build.compile("a.c", kMain);
  std::filesystem::create_directories(build.in_build("x"));
  const std::string first = build.in_build("x/same.o");
  const std::string second = build.in_build("same.o");
  std::filesystem::rename(build.compile("b.c", kTwice), first);
  std::filesystem::rename(build.compile("c.c", "int other(void) { return 1; }\n"), second);
  const std::string archive = build.in_build("libboth.a");
  REQUIRE(run_program({"llvm-ar-19", thin ? "qcST" : "qcS", archive, first, second})->ok());
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

TEST_CASE("an object that was changed after compiling is native") {
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

TEST_CASE("the kind of link is told from the record and the file") {
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
    INFO(one.options.front());
    REQUIRE(recipe);
    CHECK(std::string(to_string(recipe->kind)) == to_string(one.kind));
  }
}

TEST_CASE("a version script is stored and named by the recipe; the soname is the installed one") {
  const Build build;
  const std::string a = build.compile("a.c", kTwice, {"-fPIC"});
  const std::string script = build.write("a.map", "V1 { global: twice; local: *; };\n");
  const std::string library = build.in_build("liba.so");
  REQUIRE(build.run({"-shared", a, "-o", library, "-Wl,--version-script=" + script, "-Wl,-soname,liba.so.1"}) == 0);
  const auto recipe = recipe_of(build, library);
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

TEST_CASE("the project's own LTO and linker choice do not change what is captured") {
  const Build build;
  const std::string a = build.compile("a.c", kMain, {"-flto"});
  const std::string b = build.compile("b.c", kTwice, {"-fno-lto"});
  const std::string program = build.in_build("program");
  REQUIRE(build.run({"-flto", "-fuse-ld=bfd", a, b, "-o", program}) == 0);
  const auto recipe = recipe_of(build, program);
  REQUIRE(recipe);
  CHECK(count_ir(*recipe) == 2);
}

TEST_CASE("a link that only another linker can do is done by it and stays native") {
  const Build build;
  const std::string a = build.compile("a.c", "int main(void) { return 0; }\n");
  const std::string program = build.in_build("program");
  REQUIRE(build.run({a, "-o", program, "-Wl,--force-exe-suffix"}) == 0);
  const LinkRecord link = build.only_link();
  CHECK(link.reason.find("lld") != std::string::npos);
  CHECK_FALSE(recipe_of(build, program));
}

TEST_CASE("a record of a link reads back as it was written") {
  LinkRecord record{"00ff", "a", "", {}};
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
