// Makes all combinations of values and leaves some of them out; see configuration_plan.h.
#include "mkimage/plan/configuration_plan.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "format/base/sort_unique.h"
#include "format/base/split.h"

namespace xaas {
namespace {

constexpr std::size_t kMostConfigurations = 1000;
constexpr const char* kOnlyConfiguration = "default";

using Combination = std::vector<const PointValue*>;  // one for each point, in order

bool is_left_out(const BuildRecipe& recipe, const Combination& combination) {
  return std::ranges::any_of(recipe.left_out, [&](const LeftOutCombination& left_out) {
    for (std::size_t i = 0; i < recipe.points.size(); ++i) {
      const auto entry = left_out.points.find(recipe.points[i].name);
      if (entry != left_out.points.end() && entry->second != combination[i]->name) return false;
    }
    return true;
  });
}

// The values of each point, with the default in front.
std::vector<Combination> values_of(const BuildRecipe& recipe) {
  std::vector<Combination> values;
  for (const SpecializationPoint& point : recipe.points) {
    Combination& list = values.emplace_back();
    for (const PointValue& value : point.values) {
      list.insert(value.name == point.default_value ? list.begin() : list.end(), &value);
    }
  }
  return values;
}

// All combinations that are not left out. The last point varies first.
Result<std::vector<Combination>> combine(const BuildRecipe& recipe, const std::vector<Combination>& values) {
  std::vector<Combination> all = {{}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::vector<Combination> longer;
    for (const Combination& start : all) {
      for (const PointValue* value : values[i]) {
        longer.push_back(start);
        longer.back().push_back(value);
      }
    }
    if (longer.size() > kMostConfigurations) {
      return fail(Code::invalid, "{}: there are more than {} combinations; give fewer values", recipe.points[i].place,
                  kMostConfigurations);
    }
    all = std::move(longer);
  }
  std::erase_if(all, [&](const Combination& combination) { return is_left_out(recipe, combination); });
  return all;
}

Status check_use(const BuildRecipe& recipe, const std::vector<Combination>& all) {
  std::set<const PointValue*> used;
  for (const Combination& combination : all) used.insert(combination.begin(), combination.end());
  for (const SpecializationPoint& point : recipe.points) {
    for (const PointValue& value : point.values) {
      if (used.contains(&value)) continue;
      return fail(Code::invalid, "{}: no combination uses \"{}\" of the point \"{}\": leave_out leaves out all of them",
                  value.place, value.name, point.name);
    }
  }
  return {};
}

std::string names_of(const auto& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ", ") + item.name;
  return text.empty() ? "none" : text;
}

Status restrict(const BuildRecipe& recipe, const Restrictions& restrictions, std::vector<Combination>& values) {
  for (const auto& [name, allowed] : restrictions) {
    const auto point = std::ranges::find(recipe.points, name, &SpecializationPoint::name);
    if (point == recipe.points.end()) {
      return fail(
          Code::invalid,
          "-D {0}: the recipe has no such point (its points: {1}); an option of the build system goes behind --: "
          "mkxaas SOURCE IMAGE -- -D{0}={2}",
          name, names_of(recipe.points), fmt::join(allowed, ","));
    }
    for (const std::string& value : allowed) {
      if (std::ranges::find(point->values, value, &PointValue::name) != point->values.end()) continue;
      return fail(Code::invalid, "-D {}: the point has no value \"{}\", but {}", name, value, names_of(point->values));
    }
    std::erase_if(values[static_cast<std::size_t>(point - recipe.points.begin())],
                  [&](const PointValue* value) { return std::ranges::find(allowed, value->name) == allowed.end(); });
  }
  return {};
}

// The substitutes of one combination, with the variables of points in them replaced.
class Substitution {
 public:
  Substitution(const BuildRecipe& recipe, const Combination& combination)
      : recipe_(recipe), combination_(combination), texts_(combination.size()), open_(combination.size()) {}

  Result<std::string> text(std::size_t point) {
    if (texts_[point]) return *texts_[point];
    const PointValue& value = *combination_[point];
    if (open_[point]) {
      return fail(Code::invalid, "{}: the substitute of \"{}\" needs itself", value.place, value.name);
    }
    open_[point] = true;
    XAAS_ASSIGN(texts_[point], replace(value.substitute));
    return *texts_[point];
  }

 private:
  Result<std::string> replace(std::string_view text) {
    std::string result;
    while (!text.empty()) {
      const std::size_t dollar = std::min(text.find('$'), text.size());
      result += text.substr(0, dollar);
      text.remove_prefix(dollar);
      if (text.empty()) break;
      const auto [point, length] = variable_at(text);
      if (point) {
        XAAS_ASSIGN(const std::string part, this->text(*point));
        result += part;
      } else {
        result += text.substr(0, length);
      }
      text.remove_prefix(length);
    }
    return result;
  }

  // `text` begins with '$'. Returns the point whose variable stands there and the length of the variable. If it is no
  // point's, returns nullopt and the length of the text to copy as it is.
  std::pair<std::optional<std::size_t>, std::size_t> variable_at(std::string_view text) const {
    const bool is_braced = text.size() > 1 && text[1] == '{';
    const std::size_t start = is_braced ? 2 : 1;
    std::size_t end = start;
    const auto is_part = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
    while (end < text.size() && is_part(text[end])) ++end;
    if (is_braced && (end == text.size() || text[end] != '}')) return {std::nullopt, 1};
    const auto point =
        std::ranges::find(recipe_.points, text.substr(start, end - start), &SpecializationPoint::variable);
    const std::size_t length = is_braced ? end + 1 : end;
    if (point == recipe_.points.end()) return {std::nullopt, length};
    return {static_cast<std::size_t>(point - recipe_.points.begin()), length};
  }

  const BuildRecipe& recipe_;
  const Combination& combination_;
  std::vector<std::optional<std::string>> texts_;
  std::vector<bool> open_;
};

void add_sorted(std::vector<std::string>& list, const std::vector<std::string>& more) {
  list.insert(list.end(), more.begin(), more.end());
  sort_unique(list);
}

HostBuild host_build(const PlannedConfiguration& configuration, const Combination& combination) {
  HostBuild build;
  build.rank = configuration.rank;
  build.features = configuration.requires_.features;
  build.devices = configuration.requires_.devices;
  build.libraries = configuration.requires_.libraries;
  for (const PointValue* value : combination) {
    add_sorted(build.tools, value->tools);
    add_sorted(build.links, value->links);
    add_sorted(build.headers, value->headers);
  }
  return build;
}

Result<PlannedConfiguration> describe(const BuildRecipe& recipe, const Combination& combination) {
  PlannedConfiguration configuration;
  Substitution substitution(recipe, combination);
  for (std::size_t i = 0; i < combination.size(); ++i) {
    const PointValue& value = *combination[i];
    configuration.name += (configuration.name.empty() ? "" : "+") + value.name;
    configuration.points[recipe.points[i].name] = value.name;
    XAAS_ASSIGN(std::string text, substitution.text(i));
    configuration.variables.emplace_back(recipe.points[i].variable(), std::move(text));
    configuration.rank += value.rank;
    add_sorted(configuration.requires_.features, value.requires_.features);
    add_sorted(configuration.requires_.libraries, value.requires_.libraries);
    add_sorted(configuration.requires_.devices, value.requires_.devices);
  }
  if (configuration.name.empty()) configuration.name = kOnlyConfiguration;
  if (std::ranges::any_of(combination, &PointValue::on_host)) {
    configuration.on_host = host_build(configuration, combination);
  }
  return configuration;
}

}  // namespace

Result<Restrictions> parse_restrictions(const std::vector<std::string>& arguments) {
  Restrictions restrictions;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == argument.size()) {
      return fail(Code::invalid, "-D {}: give it as point=value,…", argument);
    }
    std::vector<std::string>& values = restrictions[argument.substr(0, equals)];
    for (const std::string_view value : split(std::string_view(argument).substr(equals + 1), ',')) {
      values.emplace_back(value);
    }
  }
  return restrictions;
}

Result<std::vector<PlannedConfiguration>> plan_configurations(const BuildRecipe& recipe,
                                                              const Restrictions& restrictions) {
  std::vector<Combination> values = values_of(recipe);
  XAAS_ASSIGN(std::vector<Combination> all, combine(recipe, values));
  XAAS_TRY(check_use(recipe, all));
  if (!restrictions.empty()) {
    XAAS_TRY(restrict(recipe, restrictions, values));
    XAAS_ASSIGN(all, combine(recipe, values));
    if (all.empty()) return fail(Code::invalid, "-D leaves no combination that is not left out by the recipe");
  }
  Combination first;
  for (const Combination& list : values) first.push_back(list.front());
  if (restrictions.empty() && is_left_out(recipe, first)) {
    return fail(Code::invalid, "{}: leave_out leaves out the combination of all defaults",
                recipe.left_out.front().place);
  }
  std::vector<PlannedConfiguration> plan;
  std::vector<PlannedConfiguration> on_host;
  for (const Combination& combination : all) {
    XAAS_ASSIGN(PlannedConfiguration configuration, describe(recipe, combination));
    (configuration.on_host ? on_host : plan).push_back(std::move(configuration));
  }
  if (plan.empty()) {
    return fail(Code::invalid,
                "-D leaves only configurations that are built on the host: make an image of others, and there run "
                "xaas-lower build IMAGE");
  }
  plan.insert(plan.end(), std::make_move_iterator(on_host.begin()), std::make_move_iterator(on_host.end()));
  return plan;
}

namespace {

std::string describe_host_build(const HostBuild& build) {
  std::string text = "  built on the host";
  for (const auto& [kind, list] : {std::pair("with", &build.tools), std::pair("linked with", &build.links),
                                   std::pair("including", &build.headers)}) {
    if (!list->empty()) text += fmt::format("  {} {}", kind, fmt::join(*list, " "));
  }
  return text;
}

}  // namespace

std::string describe_plan(const std::vector<PlannedConfiguration>& plan) {
  std::string text;
  for (const PlannedConfiguration& configuration : plan) {
    text += fmt::format("{}{}  rank {}", configuration.name, &configuration == &plan.front() ? "  (default)" : "",
                        configuration.rank);
    for (const auto& [name, value] : configuration.variables) text += fmt::format("  {}='{}'", name, value);
    const Requirements& needs = configuration.requires_;
    for (const auto* list : {&needs.features, &needs.libraries, &needs.devices}) {
      if (!list->empty()) text += fmt::format("  needs {}", fmt::join(*list, " "));
    }
    if (configuration.on_host) text += describe_host_build(*configuration.on_host);
    text += '\n';
  }
  return text;
}

}  // namespace xaas
