// See cmake_regex.h. The library's polynomial matcher is used, because its usual one may take exponential time.
#include "mkimage/discover/cmake_regex.h"

#include <regex>

namespace xaas {
namespace {

constexpr std::size_t kMaxPattern = 300;
constexpr std::size_t kMaxSubject = 1000;

// Calls `use` with the compiled expression. Nullopt if it is wrong or too long.
template <typename Use>
auto with_regex(const std::string& pattern, const std::string& text, const Use& use)
    -> std::optional<decltype(use(std::declval<std::regex>()))> {
  if (pattern.size() > kMaxPattern || text.size() > kMaxSubject) return std::nullopt;
  // Counted repetition is no part of CMake's language, and would make small patterns huge.
  if (pattern.find('{') != std::string::npos) return std::nullopt;
  try {
    return use(std::regex(pattern, std::regex::extended | std::regex_constants::__polynomial));
  } catch (const std::regex_error&) {
    return std::nullopt;
  }
}

// CMake's replacement, with the groups of this match.
std::string expand_groups(const std::string& replacement, const std::smatch& match) {
  std::string text;
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    const bool is_group =
        replacement[i] == '\\' && i + 1 < replacement.size() && replacement[i + 1] >= '0' && replacement[i + 1] <= '9';
    if (is_group) {
      const auto group = static_cast<std::size_t>(replacement[++i] - '0');
      if (group < match.size()) text += match[group].str();
    } else if (replacement[i] == '\\' && i + 1 < replacement.size()) {
      text += replacement[++i];
    } else {
      text += replacement[i];
    }
  }
  return text;
}

}  // namespace

// A match is tried at each byte of the text, and each try may read all of it.
std::size_t regex_work(const std::string& pattern, const std::string& text) {
  constexpr std::size_t kCompiling = 1000;
  if (pattern.size() > kMaxPattern || text.size() > kMaxSubject) return kCompiling;
  return kCompiling + pattern.size() * text.size() * text.size() / 2;
}

std::optional<std::vector<std::string>> regex_groups(const std::string& pattern, const std::string& text) {
  return with_regex(pattern, text, [&](const std::regex& regex) {
    std::vector<std::string> groups;
    std::smatch match;
    if (!std::regex_search(text, match, regex)) return groups;
    for (const auto& group : match) groups.push_back(group.str());
    return groups;
  });
}

std::optional<std::vector<std::string>> regex_all(const std::string& pattern, const std::string& text) {
  return with_regex(pattern, text, [&](const std::regex& regex) {
    std::vector<std::string> matches;
    for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
      matches.push_back(match->str());
    }
    return matches;
  });
}

std::optional<std::string> regex_replace(const std::string& pattern, const std::string& replacement,
                                         const std::string& text) {
  return with_regex(pattern, text, [&](const std::regex& regex) {
    std::string result;
    std::size_t at = 0;
    for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
      const auto begin = static_cast<std::size_t>(match->position());
      result.append(text, at, begin - at);
      result += expand_groups(replacement, *match);
      at = begin + static_cast<std::size_t>(match->length());
    }
    return result.append(text, at);
  });
}

}  // namespace xaas
