#include <catch2/catch.hpp>

#include "lower/older_libc.h"
#include "lower/target.h"
#include "tests/unit/oldest_libc.h"

namespace {

using xaas::LibraryInput;
using xaas::LinkArgument;

bool names(const LinkArgument& argument, std::string_view soname) {
  const auto* library = std::get_if<LibraryInput>(&argument);
  return library != nullptr && library->soname == soname;
}

bool says(const LinkArgument& argument, std::string_view option) {
  const auto* text = std::get_if<std::string>(&argument);
  return text != nullptr && *text == option;
}

}  // namespace

TEST_CASE("an image made with a newer libc than the host's is known by the version in its manifest") {
  xaas::Manifest manifest;
  manifest.configurations.resize(3);
  const char* const versions[] = {"GLIBC_99.1", xaas::test::kOldestLibc, ""};
  for (std::size_t i = 0; i < 3; ++i) {
    manifest.configurations[i].name = std::to_string(i);
    manifest.configurations[i].triple = xaas::host_triple();
    manifest.configurations[i].libc = versions[i];
  }
  CHECK(xaas::has_older_libc(manifest, "0"));
  for (const char* other : {"1", "2", "none"}) CHECK_FALSE(xaas::has_older_libc(manifest, other));
}

TEST_CASE("a link with an older libc looks for start code first and for moved functions last") {
  xaas::Recipe recipe;
  recipe.triple = xaas::host_triple();
  recipe.arguments = {"--gc-sections", LibraryInput{"libc.so.6"}};
  xaas::Recipe is_static = recipe;
  xaas::link_with_older_libc(recipe, true);
  REQUIRE(recipe.arguments.size() > 8);
  CHECK(says(recipe.arguments[1], "--as-needed"));
  CHECK(names(recipe.arguments[2], "libxaas-start.so"));
  CHECK(says(recipe.arguments[3], "--pop-state"));
  CHECK(names(recipe.arguments[5], "libc.so.6"));
  CHECK(says(recipe.arguments[7], "--as-needed"));
  CHECK(names(*(recipe.arguments.end() - 4), "libxaas-resolver.so"));
  CHECK(names(*(recipe.arguments.end() - 3), "libxaas-libc.so"));
  CHECK(says(recipe.arguments.back(), "-znopack-relative-relocs"));
  CHECK(std::ranges::any_of(recipe.arguments, [](const auto& one) { return names(one, "libdl.so.2"); }));

  recipe.arguments.clear();
  xaas::link_with_older_libc(recipe, false);
  CHECK(std::ranges::none_of(recipe.arguments, [](const auto& one) { return names(one, "libxaas-resolver.so"); }));

  is_static.kind = xaas::LinkKind::static_pie;
  const xaas::Recipe before = is_static;
  xaas::link_with_older_libc(is_static, true);
  CHECK(is_static == before);
}
