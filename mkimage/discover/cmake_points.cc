// See cmake_points.h.
#include "mkimage/discover/cmake_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "format/base/text.h"
#include "mkimage/discover/cmake_values.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr std::size_t kMaxPoints = 20000;
constexpr std::size_t kMaxComparedTexts = 200000;
constexpr std::size_t kMaxPlaces = 8;
constexpr std::size_t kMaxLinks = 8;  // with one library

// The place at which the name is written out: that of the command, or of the nearest call that has the name.
BuildPlace place_of(const std::string& name, const CmakeContext& context) {
  for (std::size_t i = 0; i < context.places.size(); ++i) {
    if (context.written[i].find(name) != std::string::npos) return context.places[i];
  }
  return context.places.empty() ? BuildPlace() : context.places.front();
}

std::string joined_conditions(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a + b;
  return a + " AND " + b;
}

// What a call names the value: "fftpack[built-in]" for "fftpack".
std::string label_of(const std::string& value, const CmakeContext& context) {
  for (const auto& call : context.arguments) {
    for (const std::string& argument : call) {
      if (argument.starts_with(value + "[") && argument.ends_with("]")) return argument;
    }
  }
  return value;
}

void add_place(BuildPoint& point, const BuildPlace& place) {
  const bool is_known_place = std::ranges::find(point.places, place) != point.places.end();
  if (!is_known_place && point.places.size() < kMaxPlaces) point.places.push_back(place);
}

// Whether a default is the same on all hosts, wherever the source is.
bool is_settled(const std::string& value) {
  return is_known(value) && value.find(kCmakeSourceRoot) == std::string::npos &&
         value.find(kCmakeBinaryRoot) == std::string::npos;
}

// One word, as a value of a choice is.
bool is_plain_value(const std::string& text) {
  return !text.empty() && text.size() < 100 &&
         std::ranges::all_of(
             text, [](char c) { return is_identifier(std::string("_") + c) || c == '-' || c == '.' || c == '+'; });
}

bool is_switch_value(const std::string& text) { return constant_truth(text).has_value() && !text.empty(); }

// Whether conditions compare an option with so many texts that it is one of them, and neither on nor off.
bool is_option_of_texts(const BuildPoint& point, const std::vector<std::string>& texts) {
  constexpr std::size_t kLeastTexts = 3;
  return point.kind == PointKind::boolean && texts.size() >= kLeastTexts &&
         std::ranges::none_of(texts, is_switch_value);
}

}  // namespace

CmakePoints::Certainty CmakePoints::certainty_of(const CmakeContext& context) {
  if (!context.is_possible) return Certainty::none;
  return context.is_live ? Certainty::live : Certainty::possible;
}

BuildPoint* CmakePoints::find(const std::string& name) {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &build_.points[found->second];
}

void CmakePoints::declare(const CmakeDeclaration& declaration, const CmakeContext& context) {
  if (context.is_of_module) return;
  const std::string& name = declaration.name;
  if (!is_identifier(name) && name.find_first_not_of("-.+/") == std::string::npos) return;
  if (name.empty() || !is_known(name) || !is_utf8(name) || name.size() > 200) return;
  const Certainty certainty = declaration.is_offered ? certainty_of(context) : Certainty::none;
  BuildPoint* known = find(name);
  if (known == nullptr) {
    if (build_.points.size() >= kMaxPoints) return;
    index_[name] = build_.points.size();
    known = &build_.points.emplace_back();
    known->name = name;
  } else if (certainty <= certainties_[name] && (declaration.is_forced || !forced_.contains(name))) {
    // Two ways of which the host decides may give it different defaults.
    const bool is_rival = certainty == Certainty::possible && certainties_[name] == certainty;
    if (is_rival && known->default_value != declaration.default_value) known->default_value = std::nullopt;
    return add_place(*known, place_of(name, context));
  }
  certainties_[name] = certainty;
  if (declaration.is_forced) forced_.insert(name);
  if (!declaration.is_forced) forced_.erase(name);
  known->kind = declaration.kind;
  known->values.clear();
  known->default_value =
      is_settled(declaration.default_value) ? std::optional(declaration.default_value) : std::nullopt;
  known->help = is_known(declaration.help) ? declaration.help : "";
  known->condition = joined_conditions(context.condition, declaration.condition);
  known->is_offered = certainty != Certainty::none;
  known->is_of_host = certainty == Certainty::possible;
  known->is_of_compiler = known->is_of_host && context.is_of_compiler;
  known->is_foreign = context.is_foreign || declaration.is_forced;
  const BuildPlace place = place_of(name, context);
  std::erase(known->places, place);
  known->places.insert(known->places.begin(), place);
}

void CmakePoints::set_choices(const std::string& name, const std::vector<std::string>& values,
                              const CmakeContext& context) {
  BuildPoint* point = find(name);
  if (point == nullptr) return;
  if (values.size() > kMaxChoices) return note_values(name);
  const Certainty certainty = certainty_of(context);
  const auto known = choice_certainties_.find(name);
  const bool is_first = point->values.empty() || known == choice_certainties_.end() || known->second < certainty;
  // Of two ways between which the host decides, each may have values of its own.
  if (!is_first && (certainty != Certainty::possible || known->second != certainty)) return;
  if (is_first) point->values.clear();
  choice_certainties_[name] = certainty;
  for (const std::string& value : values) {
    const bool is_new =
        is_known(value) && std::ranges::find(point->values, value, &BuildValue::value) == point->values.end();
    if (is_new && point->values.size() < kMaxChoices) point->values.push_back({value, label_of(value, context)});
  }
  const bool is_switch = point->values.size() == 2 && std::ranges::all_of(point->values, [](const BuildValue& value) {
                           return is_switch_value(value.value);
                         });
  if (!point->values.empty()) point->kind = is_switch ? PointKind::boolean : PointKind::choice;
  if (is_switch) point->values.clear();
}

void CmakePoints::hide(const std::string& name, const CmakeContext& context) {
  BuildPoint* point = find(name);
  if (point == nullptr || !context.is_live) return;
  point->is_offered = false;
  certainties_[name] = Certainty::none;
}

UsedPackage CmakePoints::package_at(const std::string& name, const CmakeContext& context) {
  UsedPackage package;
  package.name = name;
  package.is_by_default = context.is_live;
  package.is_always = context.is_live && context.is_always;
  package.is_of_host = !context.is_live && context.is_possible && context.is_of_host;
  package.condition = context.condition;
  package.guard = context.guard;
  package.guards = context.guards;
  package.place = place_of(name, context);
  return package;
}

void CmakePoints::use_package(const std::string& name, const std::string& version, bool is_required,
                              const CmakeContext& context) {
  if (!is_known(name) || name.empty() || context.is_elsewhere || build_.packages.size() >= kMaxPoints) return;
  UsedPackage package = package_at(name, context);
  package.version = is_known(version) ? version : "";
  package.is_required = is_required;
  const auto is_same = [&](const UsedPackage& other) {
    return other.name == name && other.condition == package.condition && other.is_always == package.is_always;
  };
  if (!context.is_foreign && std::ranges::none_of(build_.packages, is_same))
    build_.packages.push_back(std::move(package));
}

void CmakePoints::link(const std::string& name, const CmakeContext& context) {
  if (context.is_foreign || context.is_of_module || context.is_elsewhere || build_.links.size() >= kMaxPoints) return;
  if (++links_[name] <= kMaxLinks) build_.links.push_back(package_at(name, context));
}

void CmakePoints::ask_unset(const std::string& name, const CmakeContext& context) {
  if (context.is_foreign || context.is_of_module || !is_identifier(name) || asked_.size() >= kMaxPoints) return;
  asked_.try_emplace(name, context.places.empty() ? BuildPlace() : context.places.front());
}

void CmakePoints::ask_unset(const std::string& name, const CmakeContext& context, const std::string& value) {
  const bool is_none = context.is_foreign || context.is_of_module || name.starts_with("CMAKE_");
  if (is_none || !is_switch_value(value) || fallbacks_.size() >= kMaxPoints) return;
  fallbacks_.try_emplace(name, Fallback{place_of(name, context), value});
}

void CmakePoints::replace_deprecated(const std::string& old_name, const std::string& name,
                                     const CmakeContext& context) {
  deprecated_.insert(old_name);
  if (!context.is_foreign && is_identifier(name)) replacements_.try_emplace(name, place_of(name, context));
}

void CmakePoints::add_implicit_point(const std::string& name, const BuildPlace& place, const std::string& value) {
  if (is_declared(name) || deprecated_.contains(name) || build_.points.size() >= kMaxPoints) return;
  index_[name] = build_.points.size();
  BuildPoint& point = build_.points.emplace_back();
  point.name = name;
  point.default_value = constant_truth(value).value_or(false) ? "ON" : "OFF";
  point.help = "a variable that the files ask for and never declare";
  point.is_implicit = true;
  point.places = {place};
}

void CmakePoints::note_comparison(const std::string& name, const std::string& text) {
  if (!is_identifier(name) || !is_plain_value(text) || compared_.size() >= kMaxPoints) return;
  ComparedTexts& compared = compared_[name];
  if (compared.known.contains(text)) return;
  if (compared.texts.size() >= kMaxChoices || compared_texts_ >= kMaxComparedTexts) return note_values(name);
  ++compared_texts_;
  compared.known.insert(text);
  compared.texts.push_back(text);
}

void CmakePoints::note_values(const std::string& name) {
  if (!std::exchange(has_noted_values_, true))
    build_.notes.push_back(printable(fmt::format("{}: more than {} values are not read", name, kMaxChoices)));
}

// A text without a list of values has its default and those with which conditions compare it.
void CmakePoints::add_compared_values() {
  for (const auto& [name, compared] : compared_) {
    const std::vector<std::string>& texts = compared.texts;
    BuildPoint* point = name.starts_with("CMAKE_") ? nullptr : find(name);
    if (point == nullptr || !point->values.empty()) continue;
    if (is_option_of_texts(*point, texts)) {
      for (const std::string& text : texts) point->values.push_back({text, text});
      point->kind = PointKind::choice;
      point->is_open = true;
      continue;
    }
    if (point->kind != PointKind::text) continue;
    const std::string value = point->default_value.value_or("");
    const bool is_value = is_plain_value(value);
    if (!is_value && !value.empty()) continue;
    if (is_value && !is_in(texts, value)) point->values.push_back({value, value});
    for (const std::string& text : texts) point->values.push_back({text, text});
    if (point->values.size() < 2) point->values.clear();
    if (!point->values.empty()) point->kind = PointKind::choice;
    point->is_open = !point->values.empty();
  }
}

// A switch that the files put into the cache by set, and never ask for, is for a project that they add. One that is an
// option, too, is their own.
void CmakePoints::give_away_presets() {
  for (BuildPoint& point : build_.points) {
    const bool is_preset = point.kind == PointKind::boolean && preset_.contains(point.name) &&
                           !options_.contains(point.name) && !read_.contains(point.name);
    point.is_foreign = point.is_foreign || is_preset;
  }
}

void CmakePoints::finish(bool is_whole) {
  add_compared_values();
  if (is_whole) give_away_presets();  // what was not followed may ask for them
  for (const auto& [name, place] : replacements_) add_implicit_point(name, place);
  for (const auto& [name, fallback] : fallbacks_) add_implicit_point(name, fallback.place, fallback.value);
  for (const auto& [name, place] : asked_) {
    if (!set_.contains(name)) add_implicit_point(name, place);
  }
}

std::optional<ShapedDeclaration> declaration_by_shape(const std::string& command,
                                                      const std::vector<std::string>& arguments) {
  constexpr auto kNoDeclarations = std::to_array<std::string_view>(
      {"add_compile_options", "add_link_options", "target_compile_options", "target_link_options"});
  if (command.find("option") == std::string::npos || is_in(kNoDeclarations, command)) return std::nullopt;
  ShapedDeclaration shaped;
  const auto after = [&](std::string_view keyword) -> std::string {
    const auto found = std::ranges::find(arguments, keyword);
    return found != arguments.end() && found + 1 != arguments.end() ? *(found + 1) : "";
  };
  if (const std::string feature = after("FEATURE"); is_identifier(feature)) {
    shaped.declaration.name = "ENABLE_" + feature;
    shaped.declaration.default_value = is_switch_value(after("DEFAULT")) ? after("DEFAULT") : "ON";
    shaped.declaration.help = after("DESCRIPTION");
    shaped.declaration.condition = after("CONDITION");
    return shaped;
  }
  if (arguments.size() < 3 || !is_identifier(arguments[0])) return std::nullopt;
  shaped.declaration.name = arguments[0];
  const bool has_help_last = is_switch_value(arguments[1]) && !is_switch_value(arguments[2]);
  shaped.declaration.help = arguments[has_help_last ? 2 : 1];
  shaped.declaration.default_value = arguments[has_help_last ? 1 : 2];
  const std::vector<std::string> rest(arguments.begin() + 3, arguments.end());
  const bool has_values = rest.size() > 1 && std::ranges::find(rest, arguments[2]) != rest.end();
  if (has_values) {
    shaped.declaration.kind = PointKind::choice;
    shaped.values = rest;
    return shaped;
  }
  if (!is_switch_value(shaped.declaration.default_value) && is_known(shaped.declaration.default_value))
    return std::nullopt;
  if (!rest.empty()) shaped.declaration.condition = join_list(rest);
  return shaped;
}

std::string package_of_module(const std::string& module) {
  constexpr std::string_view kFind = "_Find";
  const std::size_t at = module.rfind(kFind);
  const std::string package = at == std::string::npos ? "" : module.substr(at + kFind.size());
  return is_identifier(package) ? package : "";
}

}  // namespace xaas
