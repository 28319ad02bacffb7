// Reads Meson projects; see build_readers.h. Of Meson's language it knows calls of functions with texts, numbers and
// lists of texts, and which conditions stand around them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "format/base/text.h"
#include "mkimage/discover/build_readers.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

constexpr std::size_t kMaxMesonFiles = 2000;
constexpr std::size_t kMaxMesonPoints = 5000;

struct MesonToken {
  enum class Kind { word, text, sign, line_end } kind = Kind::sign;
  std::string text;
  std::size_t line = 0;
};

std::vector<MesonToken> meson_tokens(std::string_view text) {
  std::vector<MesonToken> tokens;
  std::size_t line = 1;
  const auto is_part = [](char c) { return is_identifier(std::string("_") + c) || c == '.'; };
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '\n') {
      tokens.push_back({MesonToken::Kind::line_end, "", line++});
      ++i;
    } else if (c == '\'') {
      const bool is_long = text.substr(i, 3) == "'''";
      const std::string_view quote = is_long ? "'''" : "'";
      const std::size_t begin = i + quote.size();
      std::size_t end = begin;
      while (end < text.size() && text.substr(end, quote.size()) != quote) end += !is_long && text[end] == '\\' ? 2 : 1;
      end = std::min(end, text.size());
      tokens.push_back({MesonToken::Kind::text, std::string(text.substr(begin, end - begin)), line});
      line += static_cast<std::size_t>(std::ranges::count(text.substr(begin, end - begin), '\n'));
      i = end + quote.size();
    } else if (is_part(c)) {
      std::size_t end = i;
      while (end < text.size() && is_part(text[end])) ++end;
      tokens.push_back({MesonToken::Kind::word, std::string(text.substr(i, end - i)), line});
      i = end;
    } else {
      if (c != ' ' && c != '\t' && c != '\r') tokens.push_back({MesonToken::Kind::sign, std::string(1, c), line});
      ++i;
    }
  }
  return tokens;
}

// The arguments of a call: each as the texts in it. Named ones by their names.
struct MesonArguments {
  std::vector<std::vector<std::string>> places;
  std::map<std::string, std::vector<std::string>> named;

  std::string at(std::size_t index) const {
    return index < places.size() && !places[index].empty() ? places[index].front() : "";
  }
  std::string get(const std::string& name) const {
    const auto found = named.find(name);
    return found == named.end() || found->second.empty() ? "" : found->second.front();
  }
};

// Reads the arguments behind "(" at `at`, and moves `at` to the ")". Words of nested calls are kept as texts.
MesonArguments take_call(const std::vector<MesonToken>& tokens, std::size_t& at) {
  MesonArguments arguments;
  std::vector<std::string> current;
  std::string name;
  int depth = 0;
  const auto end_argument = [&] {
    if (!name.empty()) arguments.named[name] = current;
    if (name.empty() && !current.empty()) arguments.places.push_back(current);
    current.clear();
    name.clear();
  };
  for (++at; at < tokens.size(); ++at) {
    const MesonToken& token = tokens[at];
    if (token.kind == MesonToken::Kind::line_end) continue;
    if (token.kind != MesonToken::Kind::sign) {
      current.push_back(token.text);
      continue;
    }
    if (token.text == "(" || token.text == "[" || token.text == "{") ++depth;
    if (token.text == ")" && depth == 0) break;
    if (token.text == ")" || token.text == "]" || token.text == "}") --depth;
    if (token.text == ":" && depth == 0 && current.size() == 1) {
      name = current.front();
      current.clear();
    }
    if (token.text == "," && depth == 0) end_argument();
  }
  end_argument();
  return arguments;
}

class MesonReader {
 public:
  explicit MesonReader(SourceTree& tree) : tree_(tree) { build_.build_system = "meson"; }

  BuildDescription read() {
    for (const char* file : {"meson.options", "meson_options.txt"}) {
      const std::string* text = tree_.read(file);
      if (text == nullptr) continue;
      read_options(file, meson_tokens(*text));
      break;
    }
    read_build("");
    return std::move(build_);
  }

 private:
  static bool is_call(const std::vector<MesonToken>& tokens, std::size_t i, std::string_view name) {
    return tokens[i].kind == MesonToken::Kind::word && tokens[i].text == name && i + 1 < tokens.size() &&
           tokens[i + 1].text == "(" && tokens[i + 1].kind == MesonToken::Kind::sign;
  }

  void read_options(const std::string& file, const std::vector<MesonToken>& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (!is_call(tokens, i, "option") || build_.points.size() >= kMaxMesonPoints) continue;
      const BuildPlace place{file, tokens[i].line};
      add_option(take_call(tokens, ++i), place);
    }
  }
  void add_option(const MesonArguments& arguments, const BuildPlace& place) {
    BuildPoint point;
    point.name = arguments.at(0);
    point.form = FlagForm::meson;
    point.help = arguments.get("description");
    point.places = {place};
    const std::string type = arguments.get("type");
    std::string value = arguments.get("value");
    if (type == "boolean") {
      point.default_value = value.empty() ? "true" : value;
    } else if (type == "feature") {
      point.kind = PointKind::choice;
      for (const char* choice : {"enabled", "disabled", "auto"}) point.values.push_back({choice, choice});
      // auto: it depends on what the host has.
      if (value == "enabled" || value == "disabled") point.default_value = value;
    } else if (type == "combo") {
      point.kind = PointKind::choice;
      if (const auto choices = arguments.named.find("choices"); choices != arguments.named.end()) {
        for (const std::string& choice : choices->second) point.values.push_back({choice, choice});
      }
      if (value.empty() && !point.values.empty()) value = point.values.front().value;
      point.default_value = value;
    } else {
      point.kind = PointKind::text;
      point.default_value = value;
      // Of an array, all values are there; without any, all choices are.
      const auto values = arguments.named.find(arguments.named.contains("value") ? "value" : "choices");
      if (type == "array" && values != arguments.named.end())
        point.default_value = fmt::format("{}", fmt::join(values->second, ","));
    }
    if (!point.name.empty() && find_point(build_, point.name) == nullptr) build_.points.push_back(std::move(point));
  }

  void read_build(const std::string& directory) {
    const std::string file = directory.empty() ? "meson.build" : directory + "/meson.build";
    if (files_.size() >= kMaxMesonFiles || guards_.size() > 100 || !files_.insert(file).second) return;
    const std::string* text = tree_.read(file);
    if (text == nullptr) return;
    const std::vector<MesonToken> tokens = meson_tokens(*text);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].kind != MesonToken::Kind::word) continue;
      if (read_condition(tokens, i)) continue;
      const BuildPlace place{file, tokens[i].line};
      if (is_call(tokens, i, "project"))
        set_project(take_call(tokens, ++i));
      else if (is_call(tokens, i, "dependency"))
        use_package(take_call(tokens, ++i), place);
      else if (is_call(tokens, i, "subdir"))
        enter(directory, take_call(tokens, ++i));
    }
  }
  // `if get_option('x')` makes x the guard of what follows. Whether the token belongs to a condition.
  bool read_condition(const std::vector<MesonToken>& tokens, std::size_t i) {
    const std::string& word = tokens[i].text;
    const bool is_first = i == 0 || tokens[i - 1].kind == MesonToken::Kind::line_end;
    if (!is_first) return false;
    if (word == "if") guards_.push_back(guard_of(tokens, i));
    if ((word == "elif" || word == "else") && !guards_.empty())
      guards_.back() = word == "elif" ? guard_of(tokens, i) : "?";
    if (word == "endif" && !guards_.empty()) guards_.pop_back();
    return word == "if" || word == "elif" || word == "else" || word == "endif";
  }
  // The option if the condition is get_option('x') alone, or else "?".
  static std::string guard_of(const std::vector<MesonToken>& tokens, std::size_t i) {
    const bool is_option = i + 5 < tokens.size() && is_call(tokens, i + 1, "get_option") &&
                           tokens[i + 3].kind == MesonToken::Kind::text &&
                           tokens[i + 5].kind == MesonToken::Kind::line_end;
    return is_option ? tokens[i + 3].text : "?";
  }
  void set_project(const MesonArguments& arguments) {
    if (!build_.project.empty()) return;
    build_.project = arguments.at(0);
    const std::string version = arguments.get("meson_version");
    const std::size_t digit = version.find_first_of("0123456789");
    if (digit != std::string::npos)
      build_.minimum_version = version.substr(digit, version.find_first_of(" ,", digit) - digit);
    for (std::size_t i = 1; i < arguments.places.size(); ++i) {
      for (const std::string& word : arguments.places[i]) {
        const std::string language = word == "c"         ? "C"
                                     : word == "cpp"     ? "CXX"
                                     : word == "fortran" ? "Fortran"
                                     : word == "cuda"    ? "CUDA"
                                                         : "";
        if (!language.empty() && !is_in(build_.languages, language)) build_.languages.push_back(language);
      }
    }
  }
  void use_package(const MesonArguments& arguments, const BuildPlace& place) {
    UsedPackage package;
    package.name = arguments.at(0);
    package.place = place;
    const auto required = arguments.named.find("required");
    std::string guard = guards_.size() == 1 ? guards_.front() : "";
    if (required != arguments.named.end() && required->second.size() == 2 && required->second.front() == "get_option") {
      guard = required->second.back();
    }
    package.is_required = arguments.get("required") != "false";
    package.is_always = guards_.empty() && guard.empty();
    package.guard = guard == "?" ? "" : guard;
    package.condition = guard;
    const auto is_same = [&](const UsedPackage& other) {
      return other.name == package.name && other.guard == package.guard;
    };
    const bool is_new = std::ranges::none_of(build_.packages, is_same);
    if (is_new && !package.name.empty() && build_.packages.size() < kMaxMesonPoints)
      build_.packages.push_back(std::move(package));
  }
  void enter(const std::string& directory, const MesonArguments& arguments) {
    const auto path = path_in_tree(directory, arguments.at(0));
    if (path && !path->empty()) read_build(*path);
  }

  SourceTree& tree_;
  BuildDescription build_;
  std::set<std::string> files_;
  std::vector<std::string> guards_;
};

}  // namespace

BuildDescription read_meson(SourceTree& tree, const Knowledge&) { return MesonReader(tree).read(); }

}  // namespace xaas
