// Typed reading of JSON; see json_fields.h. No other file knows how nlohmann::json reports errors.
#include "format/base/json_fields.h"

#include <algorithm>
#include <optional>
#include <set>

namespace xaas {
namespace {

// Parsing is iterative, but copying and printing a Json recurse. So depth is refused in the text itself.
Status check_depth(std::string_view text, std::string_view what) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) {
        return fail(Code::invalid, "{}: nested more than {} levels deep at byte {}", what, kMaxJsonDepth, i);
      }
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return {};
}

Result<std::string> text_of(const Json& value, const std::string& where, std::string_view key) {
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr) return fail(Code::invalid, "{}: key \"{}\" must be a string", where, key);
  if (text->find('\0') != std::string::npos) {
    return fail(Code::invalid, "{}: key \"{}\" must not contain a NUL byte", where, key);
  }
  return *text;
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view what) {
  XAAS_TRY(check_depth(text, what));
  std::vector<std::set<std::string>> open_objects;
  std::optional<std::string> repeated;  // a key may be empty
  const auto watch_keys = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key && !open_objects.back().insert(parsed.get<std::string>()).second) {
      repeated = parsed.get<std::string>();
    }
    return true;
  };
  try {
    Json value = Json::parse(text, watch_keys);
    if (repeated) return fail(Code::invalid, "{}: key \"{}\" appears twice in one object", what, *repeated);
    return value;
  } catch (const Json::parse_error& error) {
    return fail(Code::invalid, "{}: not valid JSON at byte {}", what, error.byte);
  } catch (const Json::exception&) {  // a number outside the range of double
    return fail(Code::invalid, "{}: not valid JSON: a number is out of range", what);
  }
}

std::string dump_json(const OrderedJson& value, int indent) {
  return value.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

bool holds_only_utf8(const OrderedJson& value) {
  try {
    static_cast<void>(value.dump());
    return true;
  } catch (const OrderedJson::type_error&) {
    return false;
  }
}

Result<JsonObject> JsonObject::of(const Json& value, std::string where) {
  if (!value.is_object()) return fail(Code::invalid, "{} must be a JSON object", where);
  return JsonObject(value, std::move(where));
}

bool JsonObject::has(std::string_view key) const { return value_->contains(key); }

std::vector<std::string> JsonObject::keys_beside(std::initializer_list<std::string_view> known) const {
  std::vector<std::string> unknown;
  for (const auto& item : value_->items()) {
    if (std::find(known.begin(), known.end(), item.key()) == known.end()) unknown.push_back(item.key());
  }
  return unknown;
}

Status JsonObject::only_keys(std::initializer_list<std::string_view> known) const {
  const std::vector<std::string> unknown = keys_beside(known);
  if (unknown.empty()) return {};
  return fail(Code::invalid, "{}: unknown key \"{}\"", where_, unknown.front());
}

Result<const Json*> JsonObject::find(std::string_view key) const {
  const auto found = value_->find(key);
  if (found == value_->end()) return fail(Code::invalid, "{}: key \"{}\" is missing", where_, key);
  return &*found;
}

Result<std::string> JsonObject::string(std::string_view key) const {
  XAAS_ASSIGN(const Json* value, find(key));
  return text_of(*value, where_, key);
}

Result<std::int64_t> JsonObject::integer(std::string_view key, std::int64_t least, std::int64_t most) const {
  XAAS_ASSIGN(const Json* value, find(key));
  if (!value->is_number_integer()) return fail(Code::invalid, "{}: key \"{}\" must be an integer", where_, key);
  const bool too_large = value->is_number_unsigned() &&
                         value->get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  const auto number = value->get<std::int64_t>();
  if (too_large || number < least || number > most) {
    return fail(Code::invalid, "{}: key \"{}\" must be between {} and {}", where_, key, least, most);
  }
  return number;
}

Result<double> JsonObject::number(std::string_view key) const {
  XAAS_ASSIGN(const Json* value, find(key));
  if (!value->is_number()) return fail(Code::invalid, "{}: key \"{}\" must be a number", where_, key);
  return value->get<double>();
}

Result<bool> JsonObject::boolean(std::string_view key) const {
  XAAS_ASSIGN(const Json* value, find(key));
  if (!value->is_boolean()) return fail(Code::invalid, "{}: key \"{}\" must be true or false", where_, key);
  return value->get<bool>();
}

Result<Digest> JsonObject::digest(std::string_view key) const {
  XAAS_ASSIGN(const std::string text, string(key));
  auto digest = Digest::parse(text);
  if (!digest) return fail(Code::invalid, "{}: key \"{}\": {}", where_, key, digest.error().message);
  return digest;
}

Result<std::vector<std::string>> JsonObject::strings(std::string_view key) const {
  XAAS_ASSIGN(const Json* value, array(key));
  std::vector<std::string> strings;
  strings.reserve(value->size());
  for (const Json& element : *value) {
    if (!element.is_string()) return fail(Code::invalid, "{}: key \"{}\" must be an array of strings", where_, key);
    XAAS_ASSIGN(strings.emplace_back(), text_of(element, where_, key));
  }
  return strings;
}

Result<std::map<std::string, std::string>> JsonObject::string_map(std::string_view key) const {
  XAAS_ASSIGN(const Json* value, find(key));
  if (!value->is_object()) return fail(Code::invalid, "{}: key \"{}\" must be an object of strings", where_, key);
  std::map<std::string, std::string> map;
  for (const auto& item : value->items()) {
    if (!item.value().is_string())
      return fail(Code::invalid, "{}: key \"{}\" must be an object of strings", where_, key);
    XAAS_ASSIGN(map[item.key()], text_of(item.value(), where_, key));
  }
  return map;
}

Result<JsonObject> JsonObject::object(std::string_view key) const {
  XAAS_ASSIGN(const Json* value, find(key));
  if (!value->is_object()) return fail(Code::invalid, "{}: key \"{}\" must be an object", where_, key);
  return JsonObject(*value, fmt::format("{}: {}", where_, key));
}

Result<std::vector<JsonObject>> JsonObject::objects(std::string_view key) const {
  XAAS_ASSIGN(const Json* value, array(key));
  std::vector<JsonObject> objects;
  objects.reserve(value->size());
  for (const Json& element : *value) {
    XAAS_ASSIGN(JsonObject object, of(element, fmt::format("{}: {}[{}]", where_, key, objects.size())));
    objects.push_back(std::move(object));
  }
  return objects;
}

Result<const Json*> JsonObject::array(std::string_view key) const {
  XAAS_ASSIGN(const Json* value, find(key));
  if (!value->is_array()) return fail(Code::invalid, "{}: key \"{}\" must be an array", where_, key);
  return value;
}

}  // namespace xaas
