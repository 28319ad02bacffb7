// Reads bundle.yml; see build_readers.h. Of YAML it knows what such files have: keys, lists of tables with one key, and
// folded texts.
#include <algorithm>
#include <map>

#include "format/base/split.h"
#include "mkimage/discover/build_readers.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

// One entry of `projects` or `options`: "- name :" and the keys below it.
struct BundleEntry {
  std::string name;
  std::size_t line = 0;
  std::map<std::string, std::string> keys;
};

std::size_t indentation(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

// "key : value" as its two parts. The key is empty if there is no colon.
std::pair<std::string, std::string> key_and_value(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {};
  return {std::string(without_blanks(text.substr(0, colon))), std::string(without_blanks(text.substr(colon + 1)))};
}

class BundleFile {
 public:
  explicit BundleFile(std::string_view text) {
    for_each_piece(text, '\n', [&](std::string_view line) { read_line(line); });
  }

  std::map<std::string, std::string> top;
  std::map<std::string, std::vector<BundleEntry>> lists;

 private:
  void read_line(std::string_view line) {
    ++line_;
    const std::string_view content = without_blanks(line);
    if (content.empty() || content.starts_with('#') || content == "---" || content == "...") return;
    const std::size_t indent = indentation(line);
    if (indent == 0) {
      const auto [key, value] = key_and_value(content);
      section_ = key;
      top[key] = value;
    } else if (content.starts_with("- ") &&
               (entry_indent_ == 0 || indent <= entry_indent_ || lists[section_].empty())) {
      entry_indent_ = indent;
      lists[section_].push_back({key_and_value(content.substr(2)).first, line_, {}});
      key_.clear();
    } else if (!lists[section_].empty()) {
      read_key(lists[section_].back(), content, indent);
    }
  }
  void read_key(BundleEntry& entry, std::string_view content, std::size_t indent) {
    const auto [key, value] = key_and_value(content);
    const bool continues = !key_.empty() && indent > key_indent_;
    if (continues || key.empty()) {
      if (!key_.empty()) entry.keys[key_] += " " + std::string(content);
      return;
    }
    key_ = key;
    key_indent_ = indent;
    entry.keys[key] = value == ">" || value == "|" ? "" : value;
  }

  std::string section_;
  std::string key_;
  std::size_t key_indent_ = 0;
  std::size_t entry_indent_ = 0;
  std::size_t line_ = 0;
};

BuildPoint point_of_option(const BundleEntry& entry) {
  BuildPoint point;
  point.name = entry.name;
  point.form = FlagForm::bundle;
  const auto cmake = entry.keys.find("cmake");
  const bool takes_value = cmake != entry.keys.end() && cmake->second.find("{{") != std::string::npos;
  point.kind = takes_value ? PointKind::text : PointKind::boolean;
  point.default_value = takes_value ? "" : "no";
  if (const auto help = entry.keys.find("help"); help != entry.keys.end()) point.help = help->second;
  point.places = {{"bundle.yml", entry.line}};
  return point;
}

// The first project of the bundle that is built only if an option says so, and the first such option.
void find_optional_project(const BundleFile& bundle, BuildDescription& build) {
  const auto options = bundle.lists.find("options");
  const auto projects = bundle.lists.find("projects");
  if (options == bundle.lists.end() || projects == bundle.lists.end()) return;
  for (const BundleEntry& project : projects->second) {
    for (const BundleEntry& option : options->second) {
      const auto cmake = option.keys.find("cmake");
      if (cmake == option.keys.end() || cmake->second.find("BUILD_" + project.name + "=ON") == std::string::npos)
        continue;
      const auto point = std::ranges::find(build.points, option.name, &BuildPoint::name);
      if (point != build.points.end()) point->builds = project.name;
      return;
    }
  }
}

}  // namespace

BuildDescription read_bundle(SourceTree& tree, const Knowledge&) {
  BuildDescription build;
  build.build_system = "bundle";
  const std::string* text = tree.read("bundle.yml");
  if (text == nullptr) return build;
  const BundleFile bundle(*text);
  if (const auto name = bundle.top.find("name"); name != bundle.top.end()) build.project = name->second;
  if (const auto options = bundle.lists.find("options"); options != bundle.lists.end()) {
    for (const BundleEntry& entry : options->second) {
      const bool is_new = find_point(build, entry.name) == nullptr;
      if (is_new && !entry.name.empty()) build.points.push_back(point_of_option(entry));
    }
  }
  find_optional_project(bundle, build);
  return build;
}

}  // namespace xaas
