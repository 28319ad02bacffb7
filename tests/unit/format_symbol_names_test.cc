#include "format/base/symbol_names.h"
#include "tests/unit/lower_support.h"

namespace xaas::test {
namespace {

TEST_CASE("symbols have their versions, whether they are defined or needed") {
  const TempDirectory directory = scratch();
  good(write_file(directory.path() / "map", "V1 { global: f; };\n"));
  const std::string bytes = compile_c("int f(void) { return 1; }\nint g(void);\nint h(void) { return g() + f(); }\n",
                                      "-shared -fPIC -Wl,--version-script=" + (directory.path() / "map").string());
  const ElfFile elf = good(ElfFile::parse(bytes));
  const SymbolNames defined = good(defined_symbols(elf));
  CHECK(defined.contains("f"));
  CHECK(defined.contains("f@V1"));
  CHECK(defined.contains("h"));
  CHECK(good(undefined_symbols(elf)).contains("g"));
  SymbolNames wanted = {"f@V1", "f@V2", "g", "h"};
  good(remove_defined(wanted, elf));
  CHECK(wanted == SymbolNames{"f@V2", "g"});
}

}  // namespace
}  // namespace xaas::test
