// See option_cases.h.
#include "mkimage/discover/option_cases.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "format/base/text.h"
#include "mkimage/discover/m4_text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

// "y" in "y=$enableval" and "[y=${enable_x}]", if `given` or the variable `own` is what it gets.
std::string holder_in(const std::string& action, const std::string& given, const std::string& own) {
  std::string text;
  for (const char c : action.substr(0, action.find_first_of(";\n", action.find('=')))) {
    if (std::string_view("[]{}\"' \t\n").find(c) == std::string_view::npos) text += c;
  }
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || !is_identifier(text.substr(0, equals))) return "";
  const std::string value = text.substr(equals + 1);
  return value == "$" + given || value == "$" + own ? text.substr(0, equals) : "";
}

void give_values(BuildPoint& point, const std::vector<std::string>& texts, bool is_closed) {
  const auto is_text = [](const std::string& text) { return !is_on(text) && !is_off(text); };
  if (!point.values.empty() || std::ranges::count_if(texts, is_text) < 2) return;
  for (const std::string& text : texts) point.values.push_back({text, text});
  point.kind = PointKind::choice;
  point.is_open = !is_closed;
}

}  // namespace

void OptionCases::note_option(const std::string& name, FlagForm form, const std::string& action) {
  const bool is_with = form == FlagForm::with;
  std::string own = (is_with ? "with_" : "enable_") + name;
  std::ranges::replace_if(own, [](char c) { return !is_macro_part(c); }, '_');
  const std::string given = is_with ? "withval" : "enableval";
  holders_[own] = {name, form};
  if (const std::string holder = holder_in(action, given, own); !holder.empty()) holders_[holder] = {name, form};
  for (ShellCase& found : cases_in(action)) {
    if (found.variable != given) continue;
    found.variable = own;
    note(std::move(found));
  }
}

void OptionCases::note_text(const std::string& text) {
  for (ShellCase& found : cases_in(text)) {
    if (!found.variable.empty()) note(std::move(found));
  }
}

std::vector<ShellCase> OptionCases::cases_in(const std::string& text) {
  ShellCases found = shell_cases(text);
  is_whole_ = is_whole_ && found.is_whole;
  return std::move(found.cases);
}

void OptionCases::note(ShellCase found) {
  if (cases_.size() >= kMaxCases) return void(is_whole_ = false);
  cases_.push_back(std::move(found));
}

void OptionCases::join(Values& values, const ShellCase& found) {
  for (const std::string& value : found.values) {
    if (values.known.contains(value)) continue;
    if (values.texts.size() >= kMaxChoices) {
      is_whole_ = false;
      break;
    }
    values.known.insert(value);
    values.texts.push_back(value);
  }
  values.is_closed = values.is_closed || found.is_closed;
}

std::string OptionCases::point_of(const std::string& variable, const std::vector<BuildPoint>& points) const {
  const auto holder = holders_.find(variable);
  if (holder == holders_.end()) return "";
  const auto& [name, form] = holder->second;
  const auto point = std::ranges::find_if(
      points, [&](const BuildPoint& one) { return one.form == form && name_words(one.name) == name_words(name); });
  return point == points.end() ? "" : point->name;
}

void OptionCases::add_values(std::vector<BuildPoint>& points) {
  std::map<Option, Values> values;
  for (const ShellCase& found : cases_) {
    const auto holder = holders_.find(found.variable);
    if (holder != holders_.end()) join(values[holder->second], found);
  }
  const auto key_of = [](const std::string& name, FlagForm form) {
    return Option(joined_words(name_words(name)), form);
  };
  std::map<Option, BuildPoint*> known;
  for (BuildPoint& point : points) known.try_emplace(key_of(point.name, point.form), &point);
  for (const auto& [option, found] : values) {
    const auto point = known.find(key_of(option.first, option.second));
    if (point != known.end()) give_values(*point->second, found.texts, found.is_closed);
  }
}

}  // namespace xaas
