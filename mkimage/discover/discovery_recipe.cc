// See discovery_recipe.h.
#include "mkimage/discover/discovery_recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "format/base/text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

// The name of a configuration has the names of all values, and is the name of a directory.
constexpr std::size_t kMaxActivePoints = 40;

// A value as the recipe file has it, or has it in a comment because of `obstacle`.
struct RecipeValue {
  std::string name;
  std::string substitute;
  int rank = 0;
  const KnownTerm* term = nullptr;
  std::string obstacle;
};

struct RecipePoint {
  std::string name;
  std::string note;
  std::string obstacle;  // of all values
  std::string default_name;
  std::vector<RecipeValue> values;

  bool is_active() const {
    return obstacle.empty() &&
           std::ranges::any_of(values, [](const RecipeValue& value) { return value.obstacle.empty(); });
  }
};

// Whether the shell leaves the text one word, as it is, where a command names the variable that holds it.
bool is_plain_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return is_identifier(std::string("_") + c) || std::string_view("-+.,:/=").find(c) != std::string_view::npos;
  });
}

std::string value_name(std::string_view value) {
  std::string name(value);
  for (char& c : name) {
    if (!can_name_value(std::string("a") + c)) c = '_';
  }
  if (name.empty()) return "empty";
  return can_name_value(name) ? name : "v" + name;
}

std::string quoted_texts(const std::vector<std::string>& texts) {
  return fmt::format("[\"{}\"]", fmt::join(texts, "\", \""));
}

std::string variable_of(const std::string& point) { return SpecializationPoint{point, {}, {}, {}}.variable(); }

// What must be there to build a value with this term; "" if nothing is missing anywhere.
std::string need_of(const KnownTerm* term) {
  if (term == nullptr) return "another choice of the project";
  if (term->category == TermCategory::gpu || !term->devices.empty()) {
    return fmt::format("needs {} where it is built; code for GPUs is not lowered, it stays as it was compiled",
                       term->name);
  }
  if (term->category != TermCategory::simd) return fmt::format("needs {} where it is built", term->name);
  if (!term->machine.empty()) return "the machine that builds would decide for all hosts";
  if (term->architecture != "x86") return "for other processors: " + term->architecture;
  if (term->is_rare) return "few hosts have it";
  return "";
}

class RecipeMaker {
 public:
  RecipeMaker(const Discovery& discovery, const Knowledge& knowledge) : discovery_(discovery), knowledge_(knowledge) {}

  std::vector<RecipePoint> points() {
    std::vector<RecipePoint> result;
    std::set<std::string> variables;
    std::size_t active = 0;
    for (const BuildPoint& point : discovery_.build.points) {
      const auto found = findings_of(point);
      if (found.empty()) continue;
      RecipePoint made = point_of(point, found);
      if (made.is_active() && ++active > kMaxActivePoints)
        made.obstacle = "there are too many points to use all of them";
      const bool is_usable = can_name_point(point.name) && variables.insert(variable_of(point.name)).second;
      if (!is_usable) made.obstacle = "its variable would stand for something else; give it in a command";
      result.push_back(std::move(made));
    }
    return result;
  }

 private:
  std::vector<const Finding*> findings_of(const BuildPoint& point) const {
    std::vector<const Finding*> found;
    for (const Finding& finding : discovery_.findings) {
      if (finding.point == point.name) found.push_back(&finding);
    }
    return found;
  }

  RecipePoint point_of(const BuildPoint& point, const std::vector<const Finding*>& found) const {
    RecipePoint result;
    result.name = point.name;
    if (!point.places.empty()) result.note = fmt::format("{}:{}", point.places.front().file, point.places.front().line);
    if (!point.help.empty()) result.note += ": " + shortened(point.help, 100);
    if (point.is_implicit) result.obstacle = "the build only asks for this variable and never declares it";
    if (!point.is_offered || point.is_of_host) result.obstacle = "only if " + shortened(point.condition, 80);
    if (point.kind == PointKind::text) result.obstacle = "the build takes any text here";
    if (point.kind == PointKind::choice) {
      add_choice(point, found, result);
    } else if (point.kind == PointKind::boolean) {
      add_switch(point, *found.front(), result);
    } else {
      for (const Finding* finding : found) add_value(point, finding->value, finding, "", result);
    }
    return result;
  }

  void add_value(const BuildPoint& point, const std::string& value, const Finding* finding, std::string obstacle,
                 RecipePoint& result) const {
    RecipeValue made;
    made.name = value_name(value);
    made.substitute = flag_for(point, value);
    made.term = finding == nullptr ? nullptr : knowledge_.term(finding->term);
    made.obstacle = std::move(obstacle);
    if (!is_plain_word(made.substitute)) made.obstacle = "the shell would divide or change this text";
    const auto is_same = [&](const RecipeValue& other) { return other.name == made.name; };
    if (std::ranges::none_of(result.values, is_same)) result.values.push_back(std::move(made));
  }

  void add_switch(const BuildPoint& point, const Finding& finding, RecipePoint& result) const {
    const bool is_on_now = point.default_value && is_on(*point.default_value);
    const KnownTerm* term = knowledge_.term(finding.term);
    std::string need = need_of(term);
    if (finding.category == TermCategory::simd) {
      result.obstacle = "mkxaas compiles code that asks for the CPU for several levels; see spec/recipe.md";
    }
    const std::string now(is_on_now ? on_value(point) : off_value(point));
    const std::string other(is_on_now ? off_value(point) : on_value(point));
    // A text such as "--with-mpi" has no opposite in some build systems.
    add_value(point, now, is_on_now ? &finding : nullptr, "", result);
    add_value(point, other, is_on_now ? nullptr : &finding, is_on_now ? "what the build does not do by itself" : need,
              result);
    result.default_name = result.values.front().name;
  }

  void add_choice(const BuildPoint& point, const std::vector<const Finding*>& found, RecipePoint& result) const {
    const bool is_simd = found.front()->category == TermCategory::simd;
    std::set<const KnownTerm*> taken;
    for (const BuildValue& value : point.values) {
      const auto same = std::ranges::find(found, value.value, [](const Finding* finding) { return finding->value; });
      const Finding* finding = same == found.end() ? nullptr : *same;
      const KnownTerm* term = finding == nullptr ? nullptr : knowledge_.term(finding->term);
      const bool is_default = point.default_value && upper(*point.default_value) == upper(value.value);
      std::string obstacle = is_default ? "" : need_of(term);
      if (is_simd) obstacle = simd_obstacle(value.value, term, taken);
      if (!is_default && finding != nullptr && finding->is_built_in) obstacle = "comes with the project";
      add_value(point, value.value, finding, obstacle, result);
    }
    if (is_simd) rank_values(result);
    settle_default(point, result);
  }
  std::string simd_obstacle(const std::string& value, const KnownTerm* term, std::set<const KnownTerm*>& taken) const {
    if (upper(value) == "AUTO") return "the machine that builds would decide for all hosts";
    if (term == nullptr) return "no instruction set that is known";
    std::string obstacle = need_of(term);
    if (obstacle.empty() && !taken.insert(term).second)
      obstacle = "needs the same as a value above; a host cannot tell which is better";
    return obstacle;
  }
  // The order of the knowledge base is that of age, so the later one is the better one.
  void rank_values(RecipePoint& result) const {
    std::vector<RecipeValue*> active;
    for (RecipeValue& value : result.values) {
      if (value.obstacle.empty()) active.push_back(&value);
    }
    std::ranges::sort(active, {}, &RecipeValue::term);
    int rank = 0;
    for (RecipeValue* value : active) value->rank = rank++;
  }
  // The default of the build, or else the active value that asks least of a host. If no value is active, the default
  // becomes so: a point has at least one value.
  static void settle_default(const BuildPoint& point, RecipePoint& result) {
    const std::string wanted = value_name(point.default_value.value_or(""));
    const RecipeValue* best = nullptr;
    for (const RecipeValue& value : result.values) {
      if (!value.obstacle.empty()) continue;
      if (best == nullptr || value.rank < best->rank) best = &value;
    }
    for (RecipeValue& value : result.values) {
      if (upper(value.name) != upper(wanted)) continue;
      if (best == nullptr && is_plain_word(value.substitute)) value.obstacle.clear();
      if (value.obstacle.empty()) best = &value;
    }
    if (best != nullptr) result.default_name = best->name;
  }

  const Discovery& discovery_;
  const Knowledge& knowledge_;
};

std::string value_text(const RecipeValue& value) {
  std::string text = fmt::format("{{name = \"{}\", substitute = \"{}\"", value.name, value.substitute);
  if (value.rank != 0) text += fmt::format(", rank = {}", value.rank);
  if (value.term != nullptr && !value.term->features.empty())
    text += ", features = " + quoted_texts(value.term->features);
  if (value.term != nullptr && !value.term->libraries.empty())
    text += ", libraries = " + quoted_texts(value.term->libraries);
  if (value.term != nullptr && !value.term->devices.empty()) text += ", devices = " + quoted_texts(value.term->devices);
  return text + "},";
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
    if (!value.obstacle.empty()) text += "  # " + printable(value.obstacle);
    text += "\n";
  }
  text += mark + "]\n";
}

std::string command_text(std::string_view key, const std::string& command, const std::string& variables) {
  if (command.empty()) return "";
  return fmt::format("{} = '''{}{}'''\n", key, command, variables);
}

}  // namespace

std::string recipe_of(const Discovery& discovery, const BuildPlan& plan, const Knowledge& knowledge) {
  const std::vector<RecipePoint> points = RecipeMaker(discovery, knowledge).points();
  std::string variables;
  for (const RecipePoint& point : points) {
    if (point.is_active()) variables += " $" + variable_of(point.name);
  }
  std::string text =
      "# Made by `mkxaas discover`. A point has the value that the build uses by default, and the instruction sets of\n"
      "# x86-64. Other values are comments that say what they need. See mkxaas(1), and what\n"
      "# `mkxaas --print-configurations` makes of this file.\n";
  text += fmt::format("build_system = \"{}\"\n", discovery.build.build_system);
  const bool configures = !plan.configure.empty();
  text += command_text("configure", plan.configure, variables);
  text += command_text("build", plan.build, configures ? "" : variables);
  text += command_text("install", plan.install, configures ? "" : variables);
  for (const RecipePoint& point : points) append_point(text, point);
  return text;
}

}  // namespace xaas
