// Typed reading of JSON.
#include "format/base/json_fields.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

template <typename Read>
std::string complaint(const std::string& text, Read read) {
  const Json json = good(parse_json(text, "job"));
  const JsonObject fields = good(JsonObject::of(json, "job"));
  return bad(read(fields), Code::invalid);
}

}  // namespace

TEST_CASE("a wrong type is named with its key") {
  const std::string text = R"({"a": 1, "b": "x", "c": [1], "d": {"e": 2}})";
  CHECK(complaint(text, [](const auto& f) { return f.string("a"); }) == "job: key \"a\" must be a string");
  CHECK(complaint(text, [](const auto& f) { return f.integer("b"); }) == "job: key \"b\" must be an integer");
  CHECK(complaint(text, [](const auto& f) { return f.number("b"); }) == "job: key \"b\" must be a number");
  CHECK(complaint(text, [](const auto& f) { return f.boolean("b"); }) == "job: key \"b\" must be true or false");
  CHECK(complaint(text, [](const auto& f) { return f.strings("c"); }) == "job: key \"c\" must be an array of strings");
  CHECK(complaint(text, [](const auto& f) { return f.strings("a"); }) == "job: key \"a\" must be an array");
  CHECK(complaint(text, [](const auto& f) { return f.object("c"); }) == "job: key \"c\" must be an object");
  CHECK(complaint(text, [](const auto& f) { return f.objects("c"); }) == "job: c[0] must be a JSON object");
  CHECK(complaint(text, [](const auto& f) { return f.string_map("d"); }) ==
        "job: key \"d\" must be an object of strings");
  CHECK(complaint(text, [](const auto& f) { return f.string("z"); }) == "job: key \"z\" is missing");
  CHECK(complaint(text, [](const auto& f) { return f.only_keys({"a", "b", "c"}); }) == "job: unknown key \"d\"");
  CHECK(contains(complaint(text, [](const auto& f) { return f.digest("b"); }), "sha256:"));
}

TEST_CASE("integers outside their range are refused") {
  const std::string text = R"({"a": 18446744073709551615, "b": -1, "c": 7})";
  complaint(text, [](const auto& f) { return f.integer("a"); });
  complaint(text, [](const auto& f) { return f.integer("b", 0); });
  complaint(text, [](const auto& f) { return f.integer("c", 0, 6); });
}

TEST_CASE("text that is not JSON is refused with the place") {
  CHECK(contains(bad(parse_json("{\"a\": }", "job"), Code::invalid), "byte 7"));
  bad(parse_json("", "job"), Code::invalid);
  bad(parse_json("{\"a\": \"\xff\"}", "job"), Code::invalid);
  bad(parse_json("{\"a\": 1e999}", "job"), Code::invalid);
  bad(parse_json("{} x", "job"), Code::invalid);
}

TEST_CASE("deeply nested JSON is refused before it is parsed") {
  bad(parse_json(std::string(10'000'000, '['), "job"), Code::invalid);
  good(parse_json("[\"" + std::string(1000, '[') + "\\\"[[\"]", "job"));
}

TEST_CASE("a key that appears twice is refused") {
  CHECK(contains(bad(parse_json(R"({"a": 1, "b": {"a": 2}, "a": 3})", "job"), Code::invalid), "\"a\""));
  CHECK(contains(bad(parse_json(R"({"": 1, "": 2})", "job"), Code::invalid), "twice"));
  good(parse_json(R"({"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 1}]})", "job"));
}

TEST_CASE("strings with a NUL byte are refused") {
  complaint(R"({"a": "x\u0000y"})", [](const auto& f) { return f.string("a"); });
  complaint(R"({"a": ["x\u0000y"]})", [](const auto& f) { return f.strings("a"); });
}
