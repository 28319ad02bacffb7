// See cmake_values.h.
#include "mkimage/discover/cmake_values.h"

#include <algorithm>
#include <map>

#include "mkimage/discover/names.h"

namespace xaas {
namespace {

bool is_number_text(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  bool has_digit = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') has_digit = true;
    if ((c < '0' || c > '9') && c != '.') return false;
  }
  return has_digit;
}

}  // namespace

Truth truth_of(bool value) { return value ? Truth::yes : Truth::no; }
Truth operator!(Truth value) {
  if (value == Truth::unknown) return value;
  return truth_of(value == Truth::no);
}
Truth both(Truth a, Truth b) {
  if (a == Truth::no || b == Truth::no) return Truth::no;
  return a == Truth::yes && b == Truth::yes ? Truth::yes : Truth::unknown;
}
Truth either(Truth a, Truth b) { return !both(!a, !b); }

std::optional<bool> constant_truth(std::string_view text) {
  const std::string word = upper(text);
  for (const std::string_view yes : {"ON", "YES", "TRUE", "Y"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"", "OFF", "NO", "FALSE", "N", "IGNORE", "NOTFOUND"}) {
    if (word == no) return false;
  }
  if (word.ends_with("-NOTFOUND")) return false;
  if (is_number_text(word)) return word.find_first_not_of("+-.0") != std::string::npos;
  return std::nullopt;
}

std::vector<std::string> list_elements(std::string_view list, bool keeps_empty) {
  std::vector<std::string> elements;
  if (list.empty()) return elements;
  std::string element;
  int brackets = 0;
  const auto add = [&] {
    if (keeps_empty || !element.empty()) elements.push_back(std::move(element));
    element.clear();
  };
  for (std::size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (c == '\\' && i + 1 < list.size() && list[i + 1] == ';') {
      element += list[++i];
      continue;
    }
    if (c == '[') ++brackets;
    if (c == ']') --brackets;
    if (c == ';' && brackets == 0) {
      add();
    } else {
      element += c;
    }
  }
  add();
  return elements;
}

std::string join_list(const std::vector<std::string>& elements) {
  std::string list;
  for (std::size_t i = 0; i < elements.size(); ++i) list += (i == 0 ? "" : ";") + elements[i];
  return list;
}

std::optional<std::string> CmakeVariables::get(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->values.find(name);
    if (found == scope->values.end()) continue;
    if (found->second) return found->second;
    break;
  }
  return cached(name);
}

bool CmakeVariables::is_normal(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (const auto found = scope->values.find(name); found != scope->values.end()) return found->second.has_value();
  }
  return false;
}

std::optional<std::string> CmakeVariables::cached(const std::string& name) const {
  const auto found = cache_.find(name);
  return found == cache_.end() ? std::nullopt : found->second;
}

void CmakeVariables::set(const std::string& name, std::optional<std::string> value) {
  change({scopes_.back().id, name}, State(std::move(value)));
}
void CmakeVariables::set_in_parent(const std::string& name, std::optional<std::string> value) {
  change({scopes_.size() < 2 ? scopes_.front().id : scopes_[scopes_.size() - 2].id, name}, State(std::move(value)));
}
void CmakeVariables::set_cached(const std::string& name, std::optional<std::string> value) {
  change({kCacheScope, name}, State(std::move(value)));
}

std::size_t CmakeVariables::begin_trial() {
  ++trials_;
  return noted_.size();
}

CmakeVariables::Changes CmakeVariables::end_trial(std::size_t mark) {
  --trials_;
  std::map<Key, State> changed;
  while (noted_.size() > mark) {
    Noted noted = std::move(noted_.back());
    noted_.pop_back();
    changed.try_emplace(noted.key, state(noted.key));
    put(noted.key, std::move(noted.before));
  }
  return {changed.begin(), changed.end()};
}

const CmakeVariables::Values* CmakeVariables::find(std::size_t id) const {
  if (id == kCacheScope) return &cache_;
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (scope->id == id) return &scope->values;
  }
  return nullptr;
}

CmakeVariables::State CmakeVariables::state(const Key& key) const {
  const Values* values = find(key.first);
  if (values == nullptr) return std::nullopt;
  const auto found = values->find(key.second);
  return found == values->end() ? State() : State(found->second);
}

void CmakeVariables::change(const Key& key, State state) {
  if (trials_ > 0) noted_.push_back({key, this->state(key)});
  put(key, std::move(state));
}

void CmakeVariables::put(const Key& key, State state) {
  auto* values = const_cast<Values*>(find(key.first));
  if (values == nullptr) return;
  if (state) {
    (*values)[key.second] = std::move(*state);
  } else {
    values->erase(key.second);
  }
}

}  // namespace xaas
