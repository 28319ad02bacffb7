// See discovery_recipe.h.
#include "mkimage/discover/discovery_recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "format/base/text.h"
#include "mkimage/discover/recipe_points.h"

namespace xaas {
namespace {

std::string quoted_texts(const std::vector<std::string>& texts) {
  return fmt::format("[\"{}\"]", fmt::join(texts, "\", \""));
}

// ", KEY = [TEXTS]", or nothing without texts.
std::string key_text(std::string_view key, const std::vector<std::string>& texts) {
  return texts.empty() ? "" : fmt::format(", {} = {}", key, quoted_texts(texts));
}

std::string value_text(const RecipeValue& value) {
  std::string text = fmt::format("{{name = \"{}\", substitute = \"{}\"", value.name, value.substitute);
  if (value.on_host) text += ", build = \"host\"";
  if (value.rank != 0) text += fmt::format(", rank = {}", value.rank);
  if (value.term == nullptr) return text + "},";
  text += key_text("features", value.term->features);
  text += key_text("libraries", value.on_host ? value.term->on_host.libraries : value.term->libraries);
  text += key_text("devices", value.term->devices);
  if (value.on_host) text += key_text("tools", value.tools) + key_text("headers", value.term->on_host.headers);
  return text + "},";
}

// What a reader must know of the value; "" if nothing.
std::string remark_of(const RecipeValue& value) {
  if (!value.obstacle.empty() || !value.on_host) return value.obstacle;
  const std::string& note = value.term->on_host.note;
  return fmt::format("built on the host, with its {}{}{}", value.term->name, note.empty() ? "" : "; ", note);
}

void append_point(std::string& text, const RecipePoint& point) {
  const bool is_active = point.is_active();
  const std::string mark = is_active ? "" : "# ";
  text += "\n# " + printable(point.note) + "\n";
  if (!point.obstacle.empty()) text += "# " + printable(point.obstacle) + "\n";
  text += fmt::format("{}[[points]]\n{}name = \"{}\"\n", mark, mark, printable(point.name));
  if (is_active) text += fmt::format("default = \"{}\"\n", point.default_name);
  text += mark + "values = [\n";
  for (const RecipeValue& value : point.values) {
    const bool is_there = is_active && value.obstacle.empty();
    text += fmt::format("{}{}", is_there ? "  " : "  # ",
                        is_plain_word(value.substitute) ? value_text(value) : printable(value.substitute));
    if (const std::string remark = remark_of(value); !remark.empty()) text += "  # " + printable(remark);
    text += "\n";
  }
  text += mark + "]\n";
}

// Switches may offer several programming models for GPUs, of which a build takes one.
void append_left_out(std::string& text, const std::vector<RecipePoint>& points) {
  std::vector<std::string> models;  // "POINT = VALUE"
  for (const RecipePoint& point : points) {
    if (!point.is_active()) continue;
    std::vector<std::string> own;
    for (const RecipeValue& value : point.values) {
      const bool is_model = value.on_host && value.obstacle.empty() && value.term->category == TermCategory::gpu;
      if (is_model) own.push_back(fmt::format("\"{}\" = \"{}\"", point.name, value.name));
    }
    for (const std::string& one : own) {
      for (const std::string& other : models) text += fmt::format("\n[[leave_out]]\n{}\n{}\n", other, one);
    }
    models.insert(models.end(), own.begin(), own.end());
  }
}

std::string command_text(std::string_view key, const std::string& command, const std::string& variables) {
  return fmt::format("{} = '''{}{}'''\n", key, command, variables);
}

}  // namespace

std::string recipe_of(const Discovery& discovery, const BuildPlan& plan, const Knowledge& knowledge) {
  const std::vector<RecipePoint> points = recipe_points(discovery, knowledge);
  std::string variables;
  for (const RecipePoint& point : points) {
    if (point.is_active()) variables += " $" + point.variable;
  }
  std::string text =
      "# Made by `mkxaas discover`. A point has the value that the build uses by default, and the instruction sets of\n"
      "# x86-64. What no image can hold ready has build = \"host\": the image brings the source, and a host that has\n"
      "# the tools, libraries and devices builds it by `xaas-lower build`. Other values are comments that say what\n"
      "# they need. See mkxaas(1), and what `mkxaas --print-configurations` makes of this file.\n";
  // mkxaas looks for build files at the top only, and would take commands of what it finds there for those that are not
  // given.
  const bool is_at_top = discovery.build.directory.empty();
  if (is_at_top) text += fmt::format("build_system = \"{}\"\n", discovery.build.build_system);
  const bool configures = !plan.configure.empty();
  if (configures || !is_at_top) text += command_text("configure", plan.configure, configures ? variables : "");
  text += command_text("build", plan.build, configures ? "" : variables);
  text += command_text("install", plan.install, configures ? "" : variables);
  for (const RecipePoint& point : points) append_point(text, point);
  append_left_out(text, points);
  return text;
}

}  // namespace xaas
