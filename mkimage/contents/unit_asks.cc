// See unit_asks.h.
#include "mkimage/contents/unit_asks.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "format/base/text.h"
#include "mkimage/compiler/compiler_run.h"
#include "mkimage/contents/native_reasons.h"

namespace xaas {
namespace {

constexpr std::size_t kMostMacros = 3;

// The answers to what units ask, by the name of a macro, for all configurations.
struct Asks {
  std::set<std::string> no;
  std::set<std::string> yes;
};

// The names of the levels that can be used, or of those that cannot.
std::set<std::string> levels_of(const ConfigurationContents& configuration, bool are_usable) {
  std::set<std::string> names;
  for (const Level& level : configuration.levels) {
    if (level.problem.empty() == are_usable) names.insert(level.name);
  }
  return names;
}

std::map<std::string, Asks> asks_of_units(const ImageContents& contents) {
  std::map<std::string, Asks> units;
  for (const ConfigurationContents& configuration : contents.configurations) {
    const std::set<std::string> unusable = levels_of(configuration, false);
    // A level that no code needs is not among the levels of the configuration. It answers all the same.
    const auto is_answered = [&](const Ask& ask) {
      for (std::size_t i = 0; i < contents.asked_levels.size() && i + 1 < ask.answers.size(); ++i) {
        if (ask.answers[i + 1] == '+' && !unusable.contains(contents.asked_levels[i])) return true;
      }
      return ask.is_defined;
    };
    for (const UnitRecord& unit : configuration.units) {
      if (!configuration.linked.contains(unit.object) || !contents.canonical.units.contains(unit.object)) continue;
      const auto name = configuration.names.find(unit.object);
      Asks& asks = units[name == configuration.names.end() ? unit.source : name->second];
      for (const std::string& line : unit.asks) {
        const auto ask = parse_ask(line);
        if (ask) (is_answered(*ask) ? asks.yes : asks.no).insert(ask->name);
      }
    }
  }
  return units;
}

std::string units_ask(std::size_t count) { return count == 1 ? "1 unit asks" : fmt::format("{} units ask", count); }

// "2 units ask (a.c: __AVX2__ …) for features of the CPU that …"
std::string describe_unanswered(const std::map<std::string, std::set<std::string>>& units, bool has_levels) {
  // The unit that asks most shows best what this is about.
  const auto& [name, asks] = *std::ranges::max_element(units, {}, [](const auto& unit) { return unit.second.size(); });
  std::vector<std::string> shown(asks.begin(), asks.end());
  const bool is_cut = shown.size() > kMostMacros;
  if (is_cut) shown.resize(kMostMacros);
  return fmt::format(
      "{} ({}: {}{}) for features of the CPU that neither options nor levels give {}: code behind that "
      "is left out{}",
      units_ask(units.size()), shortened(printable(name), kMostReasonBytes), fmt::join(shown, " "), is_cut ? " …" : "",
      units.size() == 1 ? "it" : "them", has_levels ? "" : "; --levels=auto compiles it as well");
}

std::string describe_variants(const std::map<std::string, std::vector<IrVariant>>& units,
                              const std::set<std::string>& levels, const std::filesystem::path& ir) {
  std::set<Digest> modules;
  for (const auto& [name, variants] : units) {
    for (const IrVariant& variant : variants) modules.insert(variant.digest);
  }
  std::uintmax_t bytes = 0;
  for (const Digest& module : modules) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(ir / module.hex(), error);
    if (!error) bytes += size;
  }
  return fmt::format(
      "{} for features of the CPU: compiled for {} as well, {} more module{} of {:.1f} MB before "
      "compression",
      units_ask(units.size()), fmt::join(levels, " "), modules.size(), modules.size() == 1 ? "" : "s",
      static_cast<double>(bytes) / 1e6);
}

// One line for each reason, with all levels that it holds back.
std::vector<std::string> describe_problems(const ImageContents& contents) {
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
  for (const ConfigurationContents& configuration : contents.configurations) {
    for (const Level& level : configuration.levels) {
      if (level.problem.empty()) continue;
      auto found = std::ranges::find(reasons, level.problem, &decltype(reasons)::value_type::first);
      if (found == reasons.end()) found = reasons.insert(reasons.end(), {level.problem, {}});
      if (std::ranges::find(found->second, level.name) == found->second.end()) found->second.push_back(level.name);
    }
  }
  std::vector<std::string> lines;
  for (const auto& [reason, levels] : reasons) {
    lines.push_back(fmt::format("not used: level{} {}: {}", levels.size() == 1 ? "" : "s", fmt::join(levels, " "),
                                shortened(printable(reason), 2 * kMostReasonBytes)));
  }
  return lines;
}

}  // namespace

std::map<std::string, std::set<std::string>> unanswered_asks(const ImageContents& contents) {
  std::map<std::string, std::set<std::string>> unanswered;
  for (auto& [name, asks] : asks_of_units(contents)) {
    std::set<std::string> left;
    std::ranges::set_difference(asks.no, asks.yes, std::inserter(left, left.end()));
    if (!left.empty()) unanswered.emplace(name, std::move(left));
  }
  return unanswered;
}

std::map<std::string, std::vector<IrVariant>> variants_of_units(const ImageContents& contents) {
  std::map<std::string, std::vector<IrVariant>> units;
  const auto add = [&](const auto& input) {
    const auto* unit = std::get_if<IrInput>(&input);
    if (unit == nullptr) return;
    for (const IrVariant& variant : unit->variants) {
      std::vector<IrVariant>& known = units[unit->name];
      if (std::ranges::find(known, variant) == known.end()) known.push_back(variant);
    }
  };
  for (const ConfigurationContents& configuration : contents.configurations) {
    for (const InstalledProgram& program : configuration.programs) {
      if (program.recipe) for_each_input(*program.recipe, add);
    }
  }
  return units;
}

std::vector<std::string> describe_asks(const ImageContents& contents, const std::filesystem::path& ir) {
  std::vector<std::string> lines;
  std::set<std::string> levels;
  for (const ConfigurationContents& configuration : contents.configurations)
    levels.merge(levels_of(configuration, true));
  const auto variants = variants_of_units(contents);
  if (!variants.empty()) lines.push_back(describe_variants(variants, levels, ir));
  std::ranges::move(describe_problems(contents), std::back_inserter(lines));
  const auto unanswered = unanswered_asks(contents);
  if (!unanswered.empty()) lines.push_back(describe_unanswered(unanswered, !levels.empty()));
  return lines;
}

}  // namespace xaas
