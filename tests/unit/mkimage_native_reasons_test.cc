#include <catch2/catch.hpp>

#include "mkimage/contents/native_reasons.h"

using namespace xaas;

namespace {

Digest digest(const std::string& name) { return Digest::of(name); }

RecordedFile file(const std::string& name) { return {digest(name), name}; }

// One configuration with these units, sorted as a store has them.
ImageContents contents_with(const std::map<std::string, std::string>& reasons) {
  ImageContents contents;
  ConfigurationContents& configuration = contents.configurations.emplace_back();
  for (const auto& [object, reason] : reasons) {
    UnitRecord unit;
    unit.object = digest(object);
    unit.reason = reason;
    configuration.units.push_back(unit);
  }
  std::ranges::sort(configuration.units, {}, &UnitRecord::object);
  return contents;
}

void add_program(ImageContents& contents, const std::string& path, const std::string& reason,
                 const std::vector<RecordedArgument>& arguments = {}) {
  InstalledProgram program{path, path, LinkRecord{}, std::nullopt, reason};
  program.link->arguments = arguments;
  if (reason.empty()) program.recipe = Recipe{};
  contents.configurations.front().programs.push_back(program);
}

}  // namespace

TEST_CASE("nothing is said where everything is lowered") {
  ImageContents contents = contents_with({});
  contents.canonical.units[digest("a.o")] = {digest("ir"), {}, {}};
  add_program(contents, "bin/a", "", {RecordedObject{file("a.o")}, RecordedObject{file("/usr/lib/crt1.o")}});
  CHECK(describe_native(contents).empty());
}

TEST_CASE("programs are counted by reason, the most frequent first, before units") {
  ImageContents contents = contents_with({{"s.o", "assembly"}});
  add_program(contents, "bin/a", "", {RecordedObject{file("s.o")}});
  add_program(contents, "bin/b", "no captured link made it");
  add_program(contents, "bin/c", "it was changed after its link");
  add_program(contents, "bin/d", "it was changed after its link");
  CHECK(describe_native(contents) ==
        std::vector<std::string>{"not lowered: 2 programs (bin/c, …): it was changed after its link",
                                 "not lowered: 1 program (bin/b): no captured link made it",
                                 "1 unit stays as compiled (s.o): assembly"});
}

TEST_CASE("units that differ in the compiler's message only are counted together, each once") {
  ImageContents contents = contents_with({{"a.o", "does not compile with clang (a.c:1: error: x)"},
                                          {"b.o", "does not compile with clang (b.c:2: error: y)"},
                                          {"c.o", ""}});
  contents.configurations.front().names[digest("a.o")] = "src/a.c";
  contents.canonical.failures[digest("c.o")] = "it has \x1b in its name";
  const std::vector<RecordedArgument> arguments = {RecordedObject{file("a.o")},
                                                   RecordedArchive{file("lib.a"), {file("b.o"), file("c.o")}, false},
                                                   RecordedArchive{file("/usr/lib/libm.a"), {file("m.o")}, true},
                                                   RecordedArchive{file("old/lib.a"), {file("old.o")}, true}};
  add_program(contents, "bin/a", "", arguments);
  add_program(contents, "bin/b", "", arguments);
  CHECK(describe_native(contents) ==
        std::vector<std::string>{
            "2 units stay as compiled (src/a.c, …): does not compile with clang (a.c:1: error: x)",
            "1 unit stays as compiled (lib.a(c.o)): it has \\033 in its name",
            "1 unit stays as compiled (old/lib.a(old.o)): not as a captured compiler left it: prebuilt, made by an "
            "assembler of its own, changed afterwards, or made by ld -r"});
}

TEST_CASE("there are at most eight reasons, and none is long") {
  ImageContents contents = contents_with({});
  for (int i = 0; i < 8; ++i)
    add_program(contents, fmt::format("bin/{}", i), std::string(1000, static_cast<char>('a' + i)));
  CHECK(describe_native(contents).size() == 8);
  CHECK(describe_native(contents).front().size() < 200);
  add_program(contents, "bin/9", "another");
  add_program(contents, "bin/10", "another");
  const auto lines = describe_native(contents);
  REQUIRE(lines.size() == 9);
  CHECK(lines.front() == "not lowered: 2 programs (bin/9, …): another");
  CHECK(lines.back() == "… see --report");
}
