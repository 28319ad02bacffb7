// See internal_library.h.
#include "mkimage/discover/internal_library.h"

#include <algorithm>

#include "mkimage/discover/names.h"
#include "mkimage/discover/switch_subject.h"

namespace xaas {
namespace {

// How sure an option is, the surest first.
enum class Surety { builds, own, own_package, downloaded, external, none };

// Whether the build looks for a package whose name has the words: libbrotlidec for BROTLI.
bool is_package(const BuildDescription& build, const std::string& words) {
  return std::ranges::any_of(build.packages, [&](const UsedPackage& package) {
    return joined_words(name_words(package.name)).find(words) != std::string::npos;
  });
}

Surety surety_of(const BuildDescription& build, const BuildPoint& point, const OptionName& name,
                 const Knowledge& knowledge) {
  if (!point.builds.empty()) return Surety::builds;
  const bool says_nothing =
      name.words.empty() || (name.words.size() == 1 && knowledge.has_word("neutral", name.words.front()));
  if (point.kind == PointKind::text || point.is_implicit || says_nothing) return Surety::none;
  if (is_about_tests(point, knowledge)) return Surety::none;
  const KnownTerm* term = knowledge.term_by_words(name.joined());
  // A model such as OpenMP comes with the compiler, wherever it is from.
  if (term != nullptr && !is_library_category(term->category)) return Surety::none;
  const bool is_known = term != nullptr;
  if (!is_known && !is_package(build, name.joined())) return Surety::none;
  switch (name.provenance) {
    case Provenance::internal:
      return is_known ? Surety::own : Surety::own_package;
    case Provenance::downloaded:
      return Surety::downloaded;
    case Provenance::external:
      return Surety::external;
    case Provenance::none:
      break;
  }
  return Surety::none;
}

}  // namespace

std::optional<InternalLibrary> find_internal_library(const BuildDescription& build,
                                                     const std::map<std::string, OptionName>& names,
                                                     const Knowledge& knowledge) {
  std::optional<InternalLibrary> best;
  Surety surest = Surety::none;
  for (const BuildPoint& point : build.points) {
    if (point.is_foreign) continue;
    const OptionName& name = names.at(point.name);
    const Surety surety = surety_of(build, point, name, knowledge);
    if (surety >= surest) continue;
    surest = surety;
    const KnownTerm* term = knowledge.term_by_words(name.joined());
    best = {surety == Surety::builds ? point.builds
            : term != nullptr        ? term->name
                                     : name.joined(),
            surety == Surety::external ? "" : short_flag(point),
            point.places.empty() ? BuildPlace() : point.places.front()};
  }
  return best;
}

}  // namespace xaas
