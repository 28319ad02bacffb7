// See older_libc.h.
#include "lower/older_libc.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <vector>

#include "format/image.h"

namespace xaas {
namespace {

// Parts of glibc that had functions which libc.so.6 has had since 2.34.
constexpr auto kFormerParts = std::to_array<const char*>(
    {"libpthread.so.0", "libm.so.6", "libdl.so.2", "librt.so.1", "libutil.so.1", "libanl.so.1", "libresolv.so.2"});

bool is_static(const Recipe& recipe) {
  return recipe.kind == LinkKind::static_pie || recipe.kind == LinkKind::static_no_pie;
}

std::vector<LinkArgument> as_needed(const std::vector<std::string>& sonames) {
  std::vector<LinkArgument> arguments = {"--push-state", "--as-needed"};
  for (const std::string& soname : sonames) arguments.emplace_back(LibraryInput{soname});
  arguments.emplace_back("--pop-state");
  return arguments;
}

}  // namespace

bool has_older_libc(const Manifest& manifest, std::string_view configuration, const HostView& host) {
  const auto found = std::ranges::find(manifest.configurations, configuration, &Configuration::name);
  if (found == manifest.configurations.end() || found->libc.empty()) return false;
  return !host.libc_has(found->libc, found->triple);
}

// Start code must be found before libc's, and what libc lacks behind it. Loaders before glibc 2.36 do not know packed
// relocations, which the last option turns off.
void link_with_older_libc(Recipe& recipe, bool has_resolver, const HostView& host) {
  if (is_static(recipe)) return;
  const std::vector<LinkArgument> first = as_needed({std::string(kStartAddition)});
  std::vector<std::string> sonames;
  std::ranges::copy_if(kFormerParts, std::back_inserter(sonames),
                       [&](const char* soname) { return host.find_library(soname, recipe.triple).has_value(); });
  if (has_resolver) sonames.emplace_back(kResolverAddition);
  sonames.emplace_back(kLibcAddition);
  const std::vector<LinkArgument> last = as_needed(sonames);
  recipe.arguments.insert(recipe.arguments.begin(), first.begin(), first.end());
  recipe.arguments.insert(recipe.arguments.end(), last.begin(), last.end());
  recipe.arguments.emplace_back("-znopack-relative-relocs");
}

}  // namespace xaas
