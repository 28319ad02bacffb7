// See recipe_points.h.
#include "mkimage/discover/recipe_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "format/base/text.h"
#include "format/base/version_number.h"
#include "mkimage/discover/names.h"
#include "mkimage/plan/recipe_file.h"

namespace xaas {
namespace {

// The name of a configuration has the names of all values, and is the name of a directory.
constexpr std::size_t kMaxActivePoints = 40;
// Combinations of values. A recipe file may have 1,000, and people read what `explain` says of each.
constexpr std::size_t kMostCombinations = 128;
// Of a value that is built on the host: above those of instruction sets.
constexpr int kHostRank = 100;

std::string value_name(std::string_view value) {
  std::string name(value);
  for (char& c : name) {
    if (!can_name_value(std::string("a") + c)) c = '_';
  }
  if (name.empty()) return "empty";
  return can_name_value(name) ? name : "v" + name;
}

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

bool is_in_image(const RecipeValue& value) { return value.obstacle.empty() && !value.on_host; }
bool is_used(const RecipeValue& value) { return value.obstacle.empty(); }

// How many of its values a recipe file combines with those of other points; 1 for a point in a comment.
std::size_t count_combined(const RecipePoint& point, bool (*counts)(const RecipeValue&)) {
  return point.is_active() ? static_cast<std::size_t>(std::ranges::count_if(point.values, counts)) : 1;
}

// Leaves values to the host only as long as there are not too many combinations.
void limit_combinations(std::vector<RecipePoint>& points) {
  std::size_t combinations = 1;
  for (const RecipePoint& point : points) combinations *= count_combined(point, is_in_image);
  for (RecipePoint& point : points) {
    const std::size_t with_host = combinations / count_combined(point, is_in_image) * count_combined(point, is_used);
    if (with_host <= kMostCombinations) {
      combinations = with_host;
      continue;
    }
    for (RecipeValue& value : point.values) {
      if (value.on_host && value.obstacle.empty()) value.obstacle = "there are too many combinations to use all values";
    }
  }
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
      const bool is_usable = can_name_point(point.name) && variables.insert(made.variable).second;
      if (!is_usable) made.obstacle = "its variable would stand for something else; give it in a command";
      result.push_back(std::move(made));
    }
    limit_combinations(result);
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
    result.variable = SpecializationPoint{point.name, {}, {}, {}}.variable();
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
    const bool is_missing = !made.obstacle.empty() && made.term != nullptr && !finding->is_built_in;
    if (is_missing && !made.term->on_host.tools.empty()) leave_to_host(made);
    if (!is_plain_word(made.substitute)) made.obstacle = "the shell would divide or change this text";
    const auto is_same = [&](const RecipeValue& other) { return other.name == made.name; };
    if (std::ranges::none_of(result.values, is_same)) result.values.push_back(std::move(made));
  }

  void leave_to_host(RecipeValue& value) const {
    value.on_host = true;
    value.obstacle.clear();
    value.rank = kHostRank;
    value.tools = value.term->on_host.tools;
    const std::string version = value.term->on_host.tool_is_package ? least_version(*value.term) : "";
    if (!version.empty()) value.tools.front() += ">=" + version;
  }
  // The newest version that the build asks of the term's packages, or "".
  std::string least_version(const KnownTerm& term) const {
    std::string newest;
    for (const UsedPackage& package : discovery_.build.packages) {
      const std::string_view version = leading_version(package.version);
      if (is_in(term.packages, package.name) && !version.empty() && (newest.empty() || is_at_least(version, newest)))
        newest = version;
    }
    return newest;
  }

  void add_switch(const BuildPoint& point, const Finding& finding, RecipePoint& result) const {
    // The value of NO_MPI with MPI is no.
    const bool is_negative = is_off(finding.value);
    const bool has_it = point.default_value && is_on(*point.default_value) != is_negative;
    const KnownTerm* term = knowledge_.term(finding.term);
    std::string need = need_of(term);
    if (finding.category == TermCategory::simd) {
      result.obstacle = "mkxaas compiles code that asks for the CPU for several levels; see spec/recipe.md";
    }
    const std::string with(is_negative ? off_value(point) : on_value(point));
    const std::string without(is_negative ? on_value(point) : off_value(point));
    // A text such as "--with-mpi" has no opposite in some build systems.
    if (has_it) {
      add_value(point, with, &finding, "", result);
      add_value(point, without, nullptr, "what the build does not do by itself", result);
    } else {
      add_value(point, without, nullptr, "", result);
      add_value(point, with, &finding, need, result);
    }
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
      if (is_in_image(value)) active.push_back(&value);
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
      if (!is_in_image(value)) continue;
      if (best == nullptr || value.rank < best->rank) best = &value;
    }
    for (RecipeValue& value : result.values) {
      if (upper(value.name) != upper(wanted)) continue;
      if (best == nullptr && is_plain_word(value.substitute)) value.obstacle.clear();
      if (is_in_image(value)) best = &value;
    }
    if (best != nullptr) result.default_name = best->name;
  }

  const Discovery& discovery_;
  const Knowledge& knowledge_;
};

}  // namespace

bool RecipePoint::is_active() const { return obstacle.empty() && std::ranges::any_of(values, is_in_image); }

bool is_plain_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return is_identifier(std::string("_") + c) || std::string_view("-+.,:/=").find(c) != std::string_view::npos;
  });
}

std::vector<RecipePoint> recipe_points(const Discovery& discovery, const Knowledge& knowledge) {
  return RecipeMaker(discovery, knowledge).points();
}

}  // namespace xaas
