// See offered_levels.h.
#include "mkimage/contents/offered_levels.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "mkimage/contents/level_link.h"
#include "mkimage/contents/shared_data.h"

namespace xaas {
namespace {

// The linked units of a configuration's lowerable programs, by object.
using LinkedUnits = std::map<Digest, const CanonicalUnit*>;

LinkedUnits linked_units(const ConfigurationContents& configuration, const CanonicalUnits& units) {
  LinkedUnits linked;
  for (const InstalledProgram& program : configuration.programs) {
    if (!program.recipe) continue;
    for (const Digest& object : linked_objects({program})) {
      if (const auto unit = units.find(object); unit != units.end()) linked.emplace(object, &unit->second);
    }
  }
  return linked;
}

// Why a unit has no code for the level; empty if each has.
std::string refusal(const LinkedUnits& units, const InputNames& names, const std::string& level) {
  std::string first;
  std::size_t more = 0;
  for (const auto& [object, unit] : units) {
    const auto refused = unit->refusals.find(level);
    if (refused == unit->refusals.end()) continue;
    if (!first.empty()) {
      ++more;
      continue;
    }
    const auto name = names.find(object);
    first = fmt::format("{} cannot be compiled for it ({})", name == names.end() ? "a unit" : name->second,
                        refused->second);
  }
  return more == 0 ? first : fmt::format("{}, nor can {} more", first, more);
}

// What the units are at a level: for each unit the digest of its IR.
std::vector<Digest> code_at(const LinkedUnits& units, const std::string& level) {
  std::vector<Digest> code;
  for (const auto& [object, unit] : units) {
    const IrVariant* variant = variant_at(*unit, level);
    code.push_back(variant == nullptr ? unit->digest : variant->digest);
  }
  return code;
}

// The features that the variants require and the units themselves do not.
std::vector<std::string> added_features(const LinkedUnits& units, const std::string& level) {
  std::set<std::string> added;
  for (const auto& [object, unit] : units) {
    const IrVariant* variant = variant_at(*unit, level);
    if (variant == nullptr) continue;
    std::ranges::copy_if(variant->features, std::inserter(added, added.end()), [&](const std::string& feature) {
      return feature.starts_with('+') && std::ranges::find(unit->features, feature) == unit->features.end();
    });
  }
  return {added.begin(), added.end()};
}

void keep_variants(const std::set<std::string>& levels, Recipe& recipe) {
  for_each_input(recipe, [&](auto& input) {
    auto* unit = std::get_if<IrInput>(&input);
    if (unit == nullptr) return;
    for (IrVariant& variant : unit->variants) {
      std::erase_if(variant.levels, [&](const std::string& level) { return !levels.contains(level); });
    }
    std::erase_if(unit->variants, [](const IrVariant& variant) { return variant.levels.empty(); });
  });
}

std::vector<Level> possible_levels(const LevelPlan& plan, const LinkedUnits& units, const InputNames& names) {
  std::vector<Level> levels;
  std::set<std::vector<Digest>> seen = {code_at(units, {})};
  for (const std::string& name : plan.names) {
    std::string problem = refusal(units, names, name);
    if (problem.empty() && !seen.insert(code_at(units, name)).second) continue;
    auto features = problem.empty() ? added_features(units, name) : std::vector<std::string>();
    levels.push_back({name, std::move(features), std::move(problem)});
  }
  return levels;
}

void refuse(const std::string& problem, Level& level) {
  if (!level.problem.empty()) return;
  level.problem = problem;
  level.features.clear();
}

void refuse_all(const std::string& problem, std::vector<Level>& levels) {
  for (Level& level : levels) refuse(problem, level);
}

// Refuses the levels at which a program would not link.
void check_links(ConfigurationContents& configuration, const CanonicalUnits& units, SymbolReader& symbols) {
  for (const InstalledProgram& program : configuration.programs) {
    if (!program.recipe) continue;
    LevelLink link(program, configuration.programs, configuration.tree.root, units, symbols);
    for (Level& level : configuration.levels) {
      const std::string missing = level.problem.empty() ? link.missing_symbol(level.name) : std::string();
      if (missing.empty()) continue;
      refuse(fmt::format("{} needs {} there, which no code that was captured defines", program.path, missing), level);
    }
  }
}

}  // namespace

Status offer_levels(const LevelPlan& plan, const CaptureStore& store, ImageContents& contents) {
  contents.asked_levels = plan.names;
  SymbolReader symbols(store);
  const CanonicalUnits& units = contents.canonical.units;
  for (ConfigurationContents& configuration : contents.configurations) {
    configuration.levels = possible_levels(plan, linked_units(configuration, units), configuration.names);
    if (!configuration.levels.empty()) {
      const SharedData shared = find_shared_data(configuration, units, symbols);
      configuration.shares_data = shared.between_programs;
      if (!plan.is_chosen && !shared.with_fixed_code.empty()) {
        refuse_all(fmt::format("C++ code in {} was not captured and is as it was built", shared.with_fixed_code),
                   configuration.levels);
      }
      check_links(configuration, units, symbols);
    }
    std::set<std::string> usable;
    for (const Level& level : configuration.levels) {
      if (level.problem.empty()) usable.insert(level.name);
    }
    for (InstalledProgram& program : configuration.programs) {
      if (program.recipe) keep_variants(usable, *program.recipe);
    }
  }
  return {};
}

}  // namespace xaas
