// See unit_asks.h.
#include "mkimage/contents/unit_asks.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "format/base/text.h"

namespace xaas {
namespace {

constexpr std::size_t kMostMacros = 3;
constexpr std::size_t kMostBytes = 120;  // of a name; a project may have written it

// By name, for all configurations: the asks that were answered with no, and those that were answered with yes.
struct Asks {
  std::set<std::string> no;
  std::set<std::string> yes;
};

}  // namespace

std::map<std::string, std::set<std::string>> unanswered_asks(const ImageContents& contents) {
  std::map<std::string, Asks> units;
  for (const ConfigurationContents& configuration : contents.configurations) {
    for (const UnitRecord& unit : configuration.units) {
      if (!configuration.linked.contains(unit.object) || !contents.canonical.units.contains(unit.object)) continue;
      const auto name = configuration.names.find(unit.object);
      Asks& asks = units[name == configuration.names.end() ? unit.source : name->second];
      for (const std::string& ask : unit.asks) (ask.starts_with('-') ? asks.no : asks.yes).insert(ask.substr(1));
    }
  }
  std::map<std::string, std::set<std::string>> unanswered;
  for (auto& [name, asks] : units) {
    std::erase_if(asks.no, [&yes = asks.yes](const std::string& ask) { return yes.contains(ask); });
    if (!asks.no.empty()) unanswered.emplace(name, std::move(asks.no));
  }
  return unanswered;
}

std::string describe_asks(const ImageContents& contents) {
  const auto units = unanswered_asks(contents);
  if (units.empty()) return {};
  // The unit that asks most shows best what this is about.
  const auto& [name, asks] = *std::ranges::max_element(units, {}, [](const auto& unit) { return unit.second.size(); });
  std::vector<std::string> shown(asks.begin(), asks.end());
  const bool is_cut = shown.size() > kMostMacros;
  if (is_cut) shown.resize(kMostMacros);
  return fmt::format(
      "{} ({}: {}{}) for features of the CPU that the options do not give {}: code behind that is left out; points in "
      "xaas.toml can compile for such CPUs as well",
      units.size() == 1 ? "1 unit asks" : fmt::format("{} units ask", units.size()),
      shortened(printable(name), kMostBytes), fmt::join(shown, " "), is_cut ? " …" : "",
      units.size() == 1 ? "it" : "them");
}

}  // namespace xaas
