// See configure_help.h.
#include "mkimage/discover/configure_help.h"

#include <algorithm>
#include <array>
#include <vector>

#include "format/base/split.h"
#include "format/base/text.h"
#include "mkimage/discover/m4_text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

// PREFIX in "--with-mkl=yes|no|PREFIX" is no value.
bool stands_for_something(const std::string& word) {
  constexpr auto kWords =
      std::to_array<std::string_view>({"arg", "dir", "directory", "file", "files", "lib", "list", "name", "num",
                                       "number", "path", "prefix", "root", "string", "val", "value", "version"});
  return is_in(kWords, lower_case(word));
}

// The part of the usage behind `=`: to the bracket that closes, if one opens, else to the first blank.
std::string_view usage_argument(std::string_view help) {
  constexpr std::string_view kOpening = "[{(<";
  constexpr std::string_view kClosing = "]})>";
  const std::string_view usage = help.substr(0, help.find_first_of(" \t\n"));
  const std::size_t equals = usage.find('=');
  if (equals == std::string_view::npos) return {};
  const std::string_view text = help.substr(equals + 1);
  const std::size_t kind = text.empty() ? std::string_view::npos : kOpening.find(text.front());
  const std::size_t end = kind == std::string_view::npos ? kind : text.find(kClosing[kind]);
  return end == std::string_view::npos ? text.substr(0, text.find_first_of(" \t\n")) : text.substr(0, end + 1);
}

// The choices in "--with-blas=mkl|openblas", "--with-fft={fftw,mkl}" and "--with-simd=[auto/avx2]".
std::vector<BuildValue> usage_values(std::string_view help) {
  const std::string_view text = usage_argument(help);
  const bool is_list = !text.empty() && std::string_view("[{(<").find(text.front()) != std::string_view::npos;
  if (!is_list && text.find('|') == std::string_view::npos) return {};
  std::vector<BuildValue> values;
  std::string word;
  for (const char c : std::string(text) + "|") {
    if (is_macro_part(c) || c == '-' || c == '.' || c == '+') {
      word += c;
      continue;
    }
    const bool is_word = std::ranges::any_of(word, is_macro_part);
    if (is_word && !stands_for_something(word)) values.push_back({word, word});
    word.clear();
  }
  return values.size() < 2 ? std::vector<BuildValue>() : values;
}

// The name in "--enable-fast-math" and "--without-blas=LIB"; "" for anything else.
std::string named_in(std::string_view usage) {
  for (const std::string_view start : {"--enable-", "--disable-", "--with-", "--without-"}) {
    if (!usage.starts_with(start)) continue;
    usage.remove_prefix(start.size());
    const auto end =
        std::ranges::find_if(usage, [](char c) { return !is_macro_part(c) && c != '-' && c != '.' && c != '+'; });
    return std::string(usage.begin(), end);
  }
  return "";
}

// What a help says the default is: "(default: yes)", "[default=no]", "default is auto".
std::string help_default(std::string_view help) {
  const std::string text = lower_case(help);
  const std::size_t at = text.find("default");
  if (at == std::string::npos) return "";
  std::string rest = text.substr(at + 7);
  std::ranges::replace_if(rest, [](char c) { return !is_macro_part(c); }, ' ');
  for (const std::string_view word : split(rest, ' ')) {
    if (word.empty() || word == "is" || word == "value" || word == "to") continue;
    const bool is_answer = word == "yes" || word == "no" || word == "auto" || word == "on" || word == "off" ||
                           word == "enabled" || word == "disabled" || word == "check";
    return is_answer ? std::string(word) : "";
  }
  return "";
}

// The value that a help says the default is: "(default: fftw)"; "" if it says none of them.
std::string default_among(const std::vector<BuildValue>& values, std::string_view help) {
  const std::string text = lower_case(help);
  const std::size_t at = text.find("default");
  if (at == std::string::npos) return "";
  std::string_view rest = std::string_view(text).substr(at + 7);
  for (const std::string_view filler : {" ", "is ", "value ", "=", ":", " ", "'", "\""}) {
    while (rest.starts_with(filler)) rest.remove_prefix(filler.size());
  }
  const auto end = std::ranges::find_if(rest, [](char c) { return !is_macro_part(c) && c != '-' && c != '+'; });
  const std::string_view word(rest.begin(), end);
  const auto found =
      std::ranges::find_if(values, [&](const BuildValue& value) { return lower_case(value.value) == word; });
  return found == values.end() ? "" : found->value;
}

std::string as_answer(const std::string& value) {
  if (is_on(value) || value == "enabled") return "yes";
  if (value == "no" || value == "off" || value == "disabled" || value == "false") return "no";
  return value;
}

}  // namespace

std::string assigned_value(std::string_view action) {
  const std::size_t equals = action.find('=');
  if (equals == std::string_view::npos || equals == 0 || !is_macro_part(action[equals - 1])) return "";
  // What a `case` assigns depends on its word.
  if (action.substr(0, equals).find("case ") != std::string_view::npos) return "";
  std::string_view value = action.substr(equals + 1);
  value = value.substr(0, value.find_first_of(" \t\n;"));
  std::string result;
  for (const char c : value) {
    if (c != '"' && c != '\'' && c != '[' && c != ']') result += c;
  }
  return result;
}

BuildPoint point_of_configure_help(const std::string& name, const std::string& help, FlagForm form,
                                   const std::string& answer) {
  BuildPoint point;
  point.name = name;
  point.form = form;
  const std::string text(without_blanks(help));
  const std::string usage = text.substr(0, text.find_first_of(" \t\n"));
  point.help = std::string(without_blanks(text.substr(usage.size())));
  point.values = usage_values(text);
  const bool says_off = usage.starts_with("--disable-") || usage.starts_with("--without-");
  const bool says_on = usage.starts_with("--enable-") || usage.starts_with("--with-");
  // A script takes `_` for `-` in names, and the help has the name that its author means.
  if (const std::string said = named_in(usage); name_words(said) == name_words(name)) point.name = said;
  std::string value = as_answer(answer);
  if (value.empty()) value = default_among(point.values, help);
  if (value.empty()) value = as_answer(help_default(help));
  if (value.empty() && (says_off || says_on)) value = says_off ? "yes" : "no";
  const bool is_open = value == "auto" || value == "check" || value == "maybe";
  const bool is_value = std::ranges::find(point.values, value, &BuildValue::value) != point.values.end();
  if (!is_open || is_value) point.default_value = value;
  const bool takes_text = form == FlagForm::with && usage.find('=') != std::string::npos;
  point.kind = !point.values.empty() ? PointKind::choice : takes_text ? PointKind::text : PointKind::boolean;
  return point;
}

}  // namespace xaas
