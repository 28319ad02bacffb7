// See build_description.h.
#include "mkimage/discover/build_description.h"

#include <algorithm>
#include <array>

#include "format/base/text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr auto kOnWords = std::to_array<std::string_view>({"1", "ON", "YES", "TRUE", "Y", "ENABLED"});
constexpr auto kOffWords =
    std::to_array<std::string_view>({"", "0", "OFF", "NO", "FALSE", "N", "IGNORE", "NOTFOUND", "DISABLED", "NONE"});

std::string configure_flag(const BuildPoint& point, std::string_view value, std::string_view yes, std::string_view no) {
  if (point.kind == PointKind::boolean) return std::string(is_on(value) ? yes : no) + point.name;
  if (is_off(value)) return std::string(no) + point.name;
  return std::string(yes) + point.name + "=" + std::string(value);
}

// The text by which a makefile itself says yes or no, if it is the default of the variable: `OPENMP ?= 0`. What it
// tests need not be what it assigns.
std::string_view own_answer(const BuildPoint& point, bool (*is_answer)(std::string_view), std::string_view usual) {
  const bool is_own = point.default_value && !point.default_value->empty() && is_answer(*point.default_value);
  return is_own ? std::string_view(*point.default_value) : usual;
}

}  // namespace

std::string_view kind_name(PointKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"boolean", "choice", "text"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool is_on(std::string_view value) { return is_in(kOnWords, upper(value)); }
bool is_off(std::string_view value) { return is_in(kOffWords, upper(value)); }

std::string_view on_value(const BuildPoint& point) {
  if (!point.values.empty()) {
    const auto found = std::ranges::find_if(point.values, [](const BuildValue& value) { return is_on(value.value); });
    if (found != point.values.end()) return found->value;
  }
  switch (point.form) {
    case FlagForm::cmake:
      return "ON";
    case FlagForm::meson:
      return "true";
    case FlagForm::make:
      return own_answer(point, is_on, "1");
    case FlagForm::enable:
    case FlagForm::with:
    case FlagForm::bundle:
      return "yes";
  }
  return "";
}

std::string_view off_value(const BuildPoint& point) {
  if (!point.values.empty()) {
    const auto found = std::ranges::find_if(point.values, [](const BuildValue& value) { return is_off(value.value); });
    if (found != point.values.end()) return found->value;
  }
  switch (point.form) {
    case FlagForm::cmake:
      return "OFF";
    case FlagForm::meson:
      return "false";
    case FlagForm::make:
      return own_answer(point, is_off, "");
    case FlagForm::enable:
    case FlagForm::with:
    case FlagForm::bundle:
      return "no";
  }
  return "";
}

std::string flag_for(const BuildPoint& point, std::string_view value) {
  switch (point.form) {
    case FlagForm::cmake:
    case FlagForm::meson:
      return "-D" + point.name + "=" + std::string(value);
    case FlagForm::enable:
      return configure_flag(point, value, "--enable-", "--disable-");
    case FlagForm::with:
      return configure_flag(point, value, "--with-", "--without-");
    case FlagForm::make:
      return point.name + "=" + std::string(value);
    case FlagForm::bundle:
      if (point.kind != PointKind::boolean) return "--" + point.name + "=" + std::string(value);
      return is_on(value) ? "--" + point.name : "";
  }
  return "";
}

std::string short_flag(const BuildPoint& point) {
  if (point.form == FlagForm::cmake) return "-D" + point.name;
  if (point.kind == PointKind::boolean || point.form == FlagForm::make) return flag_for(point, on_value(point));
  if (point.form == FlagForm::meson) return "-D" + point.name;
  std::string flag = flag_for(point, "x");
  return flag.substr(0, flag.rfind('='));
}

const BuildPoint* find_point(const BuildDescription& build, std::string_view name) {
  const auto found = std::ranges::find(build.points, name, &BuildPoint::name);
  return found == build.points.end() ? nullptr : &*found;
}

}  // namespace xaas
