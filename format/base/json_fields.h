// Typed reading of JSON that somebody else wrote. Every wrong type, missing key or unknown key becomes one line that
// names the place ("manifest: key \"name\" must be a string"). Nothing here throws. Deep nesting is refused before it
// is parsed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"

namespace xaas {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;  // for writing: keys keep the order in which they were added

// The most levels of arrays and objects within each other.
inline constexpr int kMaxJsonDepth = 64;

// Parses `text`. `what`, such as "manifest", begins every error. Code::invalid with the byte at which the text stops
// being JSON. A key that appears twice in one object is an error too, because readers disagree on which one counts.
Result<Json> parse_json(std::string_view text, std::string_view what);

// The text of `value`, on one line, or indented when `indent` is not negative. It has no newline at the end. Bytes that
// are not UTF-8 become U+FFFD, because JSON cannot hold them.
std::string dump_json(const OrderedJson& value, int indent = -1);
// Whether all strings of `value` are UTF-8, so that dump_json() keeps all of them.
bool holds_only_utf8(const OrderedJson& value);

// One JSON object. Refers to the Json from which it was made, which must outlive it. All errors are Code::invalid. No
// string that is read through it contains a NUL byte.
class JsonObject {
 public:
  // `where` begins every error: "manifest", or "manifest: configurations[2]" for a nested object.
  static Result<JsonObject> of(const Json& value, std::string where);

  const std::string& where() const { return where_; }
  bool has(std::string_view key) const;
  // The keys that are not in `known`, sorted.
  std::vector<std::string> keys_beside(std::initializer_list<std::string_view> known) const;
  // Returns an error that names the first key that is not in `known`, if there is one.
  Status only_keys(std::initializer_list<std::string_view> known) const;

  // Each of these reads a required key of the type in its name.
  Result<std::string> string(std::string_view key) const;
  Result<std::int64_t> integer(std::string_view key, std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                               std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
  Result<double> number(std::string_view key) const;
  Result<bool> boolean(std::string_view key) const;
  Result<Digest> digest(std::string_view key) const;
  Result<std::vector<std::string>> strings(std::string_view key) const;
  Result<std::map<std::string, std::string>> string_map(std::string_view key) const;
  Result<JsonObject> object(std::string_view key) const;
  Result<std::vector<JsonObject>> objects(std::string_view key) const;
  // Reads an array of values of any type. The caller reads its elements, objects among them with JsonObject::of().
  Result<const Json*> array(std::string_view key) const;

 private:
  JsonObject(const Json& value, std::string where) : value_(&value), where_(std::move(where)) {}
  Result<const Json*> find(std::string_view key) const;

  const Json* value_;
  std::string where_;
};

}  // namespace xaas
