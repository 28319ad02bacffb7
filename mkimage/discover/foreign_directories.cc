// See foreign_directories.h.
#include "mkimage/discover/foreign_directories.h"

#include <array>

#include "format/base/split.h"
#include "format/base/text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr auto kForeignNames = std::to_array<std::string_view>({
    "3rdparty",   "3rd_party",    "3rd-party", "_deps",      "bench",       "benchmark",   "benchmarks",
    "contrib",    "dependencies", "deps",      "doc",        "docs",        "example",     "examples",
    "extern",     "external",     "externals", "googletest", "libs_ext",    "samples",     "subprojects",
    "submodules", "test",         "testing",   "tests",      "third-party", "third_party", "thirdparty",
    "tpl",        "tpls",         "unittest",  "unittests",  "vendor",      "vendored",
});

}  // namespace

bool is_foreign_directory(std::string_view path) {
  bool found = false;
  for_each_piece(path, '/', [&](std::string_view part) { found = found || is_in(kForeignNames, lower_case(part)); });
  return found;
}

}  // namespace xaas
