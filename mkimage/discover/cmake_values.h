// Values of CMake variables: text, of which a part may be unknown because it depends on the host. Lists are text with
// `;` between their elements.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace xaas {

// Stands in a value for text that only the host can give: the output of a program, whether a library was found.
inline constexpr char kUnknownMark = '\x01';
inline const std::string kUnknownValue(1, kUnknownMark);
inline bool is_known(std::string_view value) { return value.find(kUnknownMark) == std::string_view::npos; }
// Whether a text begins like a version: with a digit.
inline bool is_version_text(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

enum class Truth { no, yes, unknown };
Truth truth_of(bool value);
Truth operator!(Truth value);
Truth both(Truth a, Truth b);
Truth either(Truth a, Truth b);

// Whether CMake takes a text for true or false by itself; nullopt if it would look for a variable of that name.
std::optional<bool> constant_truth(std::string_view text);

// The elements of a list. `\;` and `;` within brackets do not divide. Empty elements are left out if `keeps_empty` is
// false, as CMake does for arguments without quotes.
std::vector<std::string> list_elements(std::string_view list, bool keeps_empty = true);
std::string join_list(const std::vector<std::string>& elements);

// The variables of a run of CMake: a stack of scopes, and the cache behind them. Changes can be taken back, so that
// code can be followed that does not run, or may not run.
class CmakeVariables {
 public:
  CmakeVariables() { push_scope(); }

  // The value that a reference would give; nullopt if the variable is not set.
  std::optional<std::string> get(const std::string& name) const;
  bool is_normal(const std::string& name) const;  // set, and not only in the cache
  std::optional<std::string> cached(const std::string& name) const;

  void set(const std::string& name, std::optional<std::string> value);
  void set_in_parent(const std::string& name, std::optional<std::string> value);
  void set_cached(const std::string& name, std::optional<std::string> value);

  void push_scope() { scopes_.push_back({++last_id_, {}}); }
  void pop_scope() { scopes_.pop_back(); }

  // A place of a variable: the number of its scope, which no other scope ever has, or kCacheScope.
  using Key = std::pair<std::size_t, std::string>;
  static constexpr std::size_t kCacheScope = static_cast<std::size_t>(-1);
  // What a variable is: not mentioned, unset, or set.
  using State = std::optional<std::optional<std::string>>;
  using Changes = std::vector<std::pair<Key, State>>;

  // From now on, changes are noted. Calls nest.
  std::size_t begin_trial();
  // Takes back what has changed since begin_trial() returned `mark`, and returns the changes.
  Changes end_trial(std::size_t mark);
  State state(const Key& key) const;
  // Makes the variable what it was in that state. Does nothing if its scope is gone.
  void restore(const Key& key, State state) { change(key, std::move(state)); }

 private:
  struct Noted {
    Key key;
    State before;
  };
  using Values = std::unordered_map<std::string, std::optional<std::string>>;
  struct Scope {
    std::size_t id;
    Values values;  // an entry without a value hides those of outer scopes
  };
  const Values* find(std::size_t id) const;  // null if the scope is gone
  void change(const Key& key, State state);
  void put(const Key& key, State state);

  std::vector<Scope> scopes_;  // the innermost last
  std::size_t last_id_ = 0;
  Values cache_;
  std::vector<Noted> noted_;
  std::size_t trials_ = 0;
};

}  // namespace xaas
