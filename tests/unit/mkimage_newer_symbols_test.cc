#include <fmt/ranges.h>

#include "mkimage/contents/newer_symbols.h"
#include "tests/unit/lower_support.h"

namespace {

using xaas::NewerSymbol;
using xaas::RecordedFile;
using xaas::test::compile_c;
using xaas::test::good;

constexpr const char* kOpens = "int fsopen(const char*, int); int f(void) { return fsopen(0, 0); }";
constexpr const char* kPicks = "int fspick(int, const char*, int); int g(void) { return fspick(0, 0, 0); }";
constexpr const char* kMain =
    "int puts(const char*); int f(void), g(void); int main(void) { return f() + g() + puts(0); }";

// A link of three files, recorded, and the program that it made.
class RecordedLink {
 public:
  RecordedLink() {
    good(store_.create());
    std::string command = "cd " + directory_.path().string() + " && clang-19 -o program";
    for (const char* source : {kMain, kOpens, kPicks}) {
      const std::string name = fmt::format("{}.o", objects_.size());
      const std::string bytes = compile_c(source, "-O2 -c");
      good(xaas::write_file(directory_.path() / name, bytes));
      objects_.push_back(record(name, bytes));
      command += " " + name;
    }
    xaas::test::run(command);
  }

  // A file of the link, in the store.
  RecordedFile record(const std::string& name, const std::string& bytes) const {
    const RecordedFile file{xaas::Digest::of(bytes), name};
    good(store_.add_object(file.digest, bytes));
    return file;
  }
  RecordedFile archive(const std::string& name, const std::vector<std::string>& members) const {
    xaas::test::run(fmt::format("cd {} && ar rc {} {}", directory_.path().string(), name, fmt::join(members, " ")));
    return record(name, good(xaas::read_file(directory_.path() / name)));
  }
  const std::vector<RecordedFile>& objects() const { return objects_; }

  std::vector<NewerSymbol> symbols(std::vector<xaas::RecordedArgument> arguments, bool has_recipe = true) const {
    xaas::InstalledProgram program;
    program.path = "program";
    program.link.emplace().arguments = std::move(arguments);
    if (has_recipe) program.recipe.emplace();
    std::vector<xaas::InstalledProgram> programs = {program};
    xaas::SymbolReader reader(store_);
    add_newer_symbols(directory_.path(), {{objects_[1].digest, "opens.c"}}, reader, programs);
    CHECK(programs[0].recipe.has_value() == has_recipe);
    return has_recipe ? programs[0].recipe->newer_symbols : std::vector<NewerSymbol>();
  }

 private:
  xaas::TempDirectory directory_ = xaas::test::scratch();
  xaas::CaptureStore store_{directory_.path() / "capture", "default"};
  std::vector<RecordedFile> objects_;
};

}  // namespace

TEST_CASE("a recipe says which units need functions that the oldest hosts lack", "[compiler]") {
  const RecordedLink link;
  const auto& [main, opens, picks] = std::tie(link.objects()[0], link.objects()[1], link.objects()[2]);
  using Object = xaas::RecordedObject;
  const std::vector<NewerSymbol> expected = {{"fsopen", {"opens.c"}}, {"fspick", {"2.o"}}};
  CHECK(link.symbols({Object{main}, Object{opens}, Object{picks}}) == expected);
  // Members of archives, and archives that are kept as they are, count as well.
  const xaas::RecordedArchive parts{{{}, "libparts.a"}, {opens, picks}, false};
  CHECK(link.symbols({Object{main}, parts}) == expected);
  const xaas::RecordedArchive whole{link.archive("libwhole.a", {"1.o", "2.o"}), {}, true};
  CHECK(link.symbols({Object{main}, Object{picks}, whole, whole}) ==
        std::vector<NewerSymbol>{{"fsopen", {"libwhole.a"}}, {"fspick", {"2.o", "libwhole.a"}}});
  CHECK(link.symbols({Object{main}, Object{opens}}, false).empty());
}
