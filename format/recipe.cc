// Link recipes to and from canonical JSON; see recipe.h and spec/link-recipe.md.
#include "format/recipe.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>
#include <set>
#include <span>
#include <utility>

#include "format/base/hex.h"
#include "format/base/json_fields.h"

namespace xaas {
namespace {

constexpr std::array<std::pair<LinkKind, const char*>, 5> kLinkKinds{{
    {LinkKind::shared, "shared"},
    {LinkKind::pie, "pie"},
    {LinkKind::no_pie, "no-pie"},
    {LinkKind::static_pie, "static-pie"},
    {LinkKind::static_no_pie, "static"},
}};

constexpr std::string_view kPtx = "ptx";
constexpr std::string_view kElf = "elf";

OrderedJson encode(const std::string& option) { return option; }

OrderedJson encode(const IrVariant& variant) {
  return {{"levels", variant.levels}, {"ir", variant.digest.to_string()}, {"features", variant.features}};
}

OrderedJson encode(const DeviceCode& code) {
  const FatbinEntry& form = code.form;
  OrderedJson json = {{"kind", form.kind == DeviceCodeKind::ptx ? kPtx : kElf},
                      {"architecture", form.architecture},
                      {"major", form.major},
                      {"minor", form.minor},
                      {"flags", form.flags}};
  if (!form.name.empty()) json["name"] = form.name;
  if (form.options) json["options"] = to_hex(std::string_view(*form.options));
  json["file"] = code.digest.to_string();
  return json;
}

OrderedJson encode(const RelocatableCode& code) {
  OrderedJson json = {{"id", code.id}};
  for (const HostReferences& one : code.references) {
    json["references"].push_back(OrderedJson{{"section", one.section}, {"names", one.names}});
  }
  return json;
}

OrderedJson encode(const RegionCode& code) {
  return {{"triple", code.triple}, {"architecture", code.architecture}, {"ir", code.digest.to_string()}};
}

OrderedJson encode(const DeviceImage& image) {
  return {{"triple", image.triple}, {"architecture", image.architecture}};
}

OrderedJson encode(const IrInput& input) {
  OrderedJson json = {{"ir", input.digest.to_string()}, {"name", input.name}, {"features", input.features}};
  if (input.native) json["native"] = input.native->to_string();
  if (input.alone) json["alone"] = *input.alone;
  for (const IrVariant& variant : input.variants) json["variants"].push_back(encode(variant));
  for (const DeviceCode& code : input.device) json["device"].push_back(encode(code));
  if (input.relocatable) json["relocatable"] = encode(*input.relocatable);
  if (!input.links.empty()) json["links"] = input.links;
  for (const RegionCode& code : input.regions) json["regions"].push_back(encode(code));
  return json;
}

OrderedJson encode(const ObjectInput& input) {
  OrderedJson json = {{"object", input.digest.to_string()}, {"name", input.name}};
  for (const DeviceImage& image : input.images) json["images"].push_back(encode(image));
  for (const RegionCode& code : input.runtime) json["runtime"].push_back(encode(code));
  return json;
}

OrderedJson encode(const ArchiveInput& input) {
  OrderedJson members = OrderedJson::array();
  for (const auto& member : input.members) {
    members.push_back(std::visit([](const auto& unit) { return encode(unit); }, member));
  }
  return {{"archive", input.name}, {"members", std::move(members)}};
}

OrderedJson encode(const LibraryInput& input) { return {{"library", input.soname}}; }

OrderedJson encode(const FileOption& input) { return {{"option", input.option}, {"file", input.digest.to_string()}}; }

Result<LinkKind> parse_kind(const JsonObject& recipe) {
  XAAS_ASSIGN(const std::string name, recipe.string("kind"));
  for (const auto& [kind, text] : kLinkKinds) {
    if (name == text) return kind;
  }
  return fail(Code::invalid, "{}: key \"kind\": unknown kind of link \"{}\"", recipe.where(), name);
}

Result<std::vector<std::string>> parse_unit_features(const JsonObject& fields) {
  XAAS_ASSIGN(auto features, fields.strings("features"));
  for (const std::string& feature : features) {
    if (feature.size() < 2 || (feature[0] != '+' && feature[0] != '-')) {
      return fail(Code::invalid, "{}: key \"features\": \"{}\" must begin with + or -", fields.where(), feature);
    }
  }
  return features;
}

Result<std::vector<IrVariant>> parse_variants(const JsonObject& unit) {
  XAAS_ASSIGN(const auto objects, unit.objects("variants"));
  std::vector<IrVariant> variants;
  std::set<std::string> levels;
  for (const JsonObject& fields : objects) {
    XAAS_TRY(fields.only_keys({"levels", "ir", "features"}));
    IrVariant& variant = variants.emplace_back();
    XAAS_ASSIGN(variant.levels, fields.strings("levels"));
    XAAS_ASSIGN(variant.digest, fields.digest("ir"));
    XAAS_ASSIGN(variant.features, parse_unit_features(fields));
    if (variant.levels.empty()) return fail(Code::invalid, "{}: key \"levels\" must name a level", fields.where());
    for (const std::string& level : variant.levels) {
      if (levels.insert(level).second) continue;
      return fail(Code::invalid, "{}: key \"levels\": there are two variants for \"{}\"", fields.where(), level);
    }
  }
  return variants;
}

template <std::unsigned_integral Number>
Result<Number> parse_number(const JsonObject& fields, std::string_view key) {
  constexpr auto kMost = static_cast<std::int64_t>(std::numeric_limits<Number>::max() & std::uint64_t{INT64_MAX});
  XAAS_ASSIGN(const std::int64_t number, fields.integer(key, 0, kMost));
  return static_cast<Number>(number);
}

Result<std::string> parse_bytes(const JsonObject& fields, std::string_view key) {
  XAAS_ASSIGN(const std::string digits, fields.string(key));
  std::string bytes(digits.size() / 2, '\0');
  if (from_hex(digits, std::as_writable_bytes(std::span(bytes)))) return bytes;
  return fail(Code::invalid, "{}: key \"{}\" must be pairs of lower-case hexadecimal digits", fields.where(), key);
}

Result<DeviceCode> parse_device_code(const JsonObject& fields) {
  XAAS_TRY(fields.only_keys({"kind", "architecture", "major", "minor", "flags", "name", "options", "file"}));
  DeviceCode code;
  XAAS_ASSIGN(const std::string kind, fields.string("kind"));
  if (kind != kPtx && kind != kElf) {
    return fail(Code::invalid, "{}: key \"kind\": unknown kind of code for GPUs \"{}\"", fields.where(), kind);
  }
  code.form.kind = kind == kPtx ? DeviceCodeKind::ptx : DeviceCodeKind::elf;
  XAAS_ASSIGN(code.form.architecture, parse_number<std::uint32_t>(fields, "architecture"));
  XAAS_ASSIGN(code.form.major, parse_number<std::uint16_t>(fields, "major"));
  XAAS_ASSIGN(code.form.minor, parse_number<std::uint16_t>(fields, "minor"));
  XAAS_ASSIGN(code.form.flags, parse_number<std::uint64_t>(fields, "flags"));
  if (fields.has("name")) {
    XAAS_ASSIGN(code.form.name, fields.string("name"));
  }
  if (fields.has("options")) {
    XAAS_ASSIGN(code.form.options, parse_bytes(fields, "options"));
  }
  XAAS_ASSIGN(code.digest, fields.digest("file"));
  return code;
}

Result<RelocatableCode> parse_relocatable(const JsonObject& fields) {
  XAAS_TRY(fields.only_keys({"id", "references"}));
  RelocatableCode code;
  XAAS_ASSIGN(code.id, fields.string("id"));
  if (code.id.empty()) return fail(Code::invalid, "{}: key \"id\" must not be empty", fields.where());
  if (!fields.has("references")) return code;
  XAAS_ASSIGN(const auto references, fields.objects("references"));
  for (const JsonObject& one : references) {
    XAAS_TRY(one.only_keys({"section", "names"}));
    HostReferences& added = code.references.emplace_back();
    XAAS_ASSIGN(added.section, one.string("section"));
    XAAS_ASSIGN(added.names, one.strings("names"));
  }
  return code;
}

Result<std::vector<NewerSymbol>> parse_newer_symbols(const JsonObject& recipe) {
  XAAS_ASSIGN(const auto objects, recipe.objects("newer_symbols"));
  std::vector<NewerSymbol> symbols;
  for (const JsonObject& fields : objects) {
    XAAS_TRY(fields.only_keys({"name", "units"}));
    NewerSymbol& symbol = symbols.emplace_back();
    XAAS_ASSIGN(symbol.name, fields.string("name"));
    XAAS_ASSIGN(symbol.units, fields.strings("units"));
  }
  return symbols;
}

// Reads what a CUDA unit has beside its IR.
Status parse_device(const JsonObject& fields, IrInput& input) {
  if (fields.has("device")) {
    XAAS_ASSIGN(const auto codes, fields.objects("device"));
    for (const JsonObject& code : codes) {
      XAAS_ASSIGN(input.device.emplace_back(), parse_device_code(code));
    }
  }
  if (fields.has("relocatable")) {
    XAAS_ASSIGN(const JsonObject relocatable, fields.object("relocatable"));
    XAAS_ASSIGN(input.relocatable, parse_relocatable(relocatable));
  }
  if (fields.has("links")) {
    XAAS_ASSIGN(input.links, fields.strings("links"));
  }
  return {};
}

// Reads what RegionCode and DeviceImage have in common.
template <typename ForDevice>
Status parse_device_name(const JsonObject& fields, ForDevice& result) {
  XAAS_ASSIGN(result.triple, fields.string("triple"));
  XAAS_ASSIGN(result.architecture, fields.string("architecture"));
  return {};
}

Result<std::vector<RegionCode>> parse_region_codes(const JsonObject& fields, std::string_view key) {
  std::vector<RegionCode> codes;
  if (!fields.has(key)) return codes;
  XAAS_ASSIGN(const auto objects, fields.objects(key));
  for (const JsonObject& object : objects) {
    XAAS_TRY(object.only_keys({"triple", "architecture", "ir"}));
    RegionCode& code = codes.emplace_back();
    XAAS_TRY(parse_device_name(object, code));
    XAAS_ASSIGN(code.digest, object.digest("ir"));
  }
  return codes;
}

Result<IrInput> parse_ir(const JsonObject& fields) {
  XAAS_TRY(fields.only_keys(
      {"ir", "name", "features", "native", "alone", "variants", "device", "relocatable", "links", "regions"}));
  IrInput input;
  XAAS_ASSIGN(input.digest, fields.digest("ir"));
  XAAS_ASSIGN(input.name, fields.string("name"));
  XAAS_ASSIGN(input.features, parse_unit_features(fields));
  if (fields.has("native")) {
    XAAS_ASSIGN(input.native, fields.digest("native"));
  }
  if (fields.has("alone")) {
    XAAS_ASSIGN(input.alone, fields.strings("alone"));
  }
  for (const std::string& sections : input.alone.value_or(std::vector<std::string>())) {
    if (sections != kDataSections && sections != kFunctionSections) {
      return fail(Code::invalid, "{}: key \"alone\": unknown \"{}\"", fields.where(), sections);
    }
  }
  if (fields.has("variants")) {
    XAAS_ASSIGN(input.variants, parse_variants(fields));
  }
  XAAS_TRY(parse_device(fields, input));
  XAAS_ASSIGN(input.regions, parse_region_codes(fields, "regions"));
  return input;
}

Result<ObjectInput> parse_object(const JsonObject& fields) {
  XAAS_TRY(fields.only_keys({"object", "name", "images", "runtime"}));
  ObjectInput input;
  XAAS_ASSIGN(input.digest, fields.digest("object"));
  XAAS_ASSIGN(input.name, fields.string("name"));
  if (fields.has("images")) {
    XAAS_ASSIGN(const auto images, fields.objects("images"));
    for (const JsonObject& image : images) {
      XAAS_TRY(image.only_keys({"triple", "architecture"}));
      XAAS_TRY(parse_device_name(image, input.images.emplace_back()));
    }
  }
  XAAS_ASSIGN(input.runtime, parse_region_codes(fields, "runtime"));
  return input;
}

Result<ArchiveInput> parse_archive(const JsonObject& fields) {
  XAAS_TRY(fields.only_keys({"archive", "members"}));
  ArchiveInput input;
  XAAS_ASSIGN(input.name, fields.string("archive"));
  XAAS_ASSIGN(const auto members, fields.objects("members"));
  for (const JsonObject& member : members) {
    if (member.has("ir")) {
      XAAS_ASSIGN(input.members.emplace_back(), parse_ir(member));
    } else if (member.has("object")) {
      XAAS_ASSIGN(input.members.emplace_back(), parse_object(member));
    } else {
      return fail(Code::invalid, "{}: an archive's member must have a key \"ir\" or \"object\"", member.where());
    }
  }
  return input;
}

Result<LibraryInput> parse_library(const JsonObject& fields) {
  XAAS_TRY(fields.only_keys({"library"}));
  LibraryInput input;
  XAAS_ASSIGN(input.soname, fields.string("library"));
  return input;
}

Result<FileOption> parse_file_option(const JsonObject& fields) {
  XAAS_TRY(fields.only_keys({"option", "file"}));
  FileOption input;
  XAAS_ASSIGN(input.option, fields.string("option"));
  XAAS_ASSIGN(input.digest, fields.digest("file"));
  return input;
}

Result<LinkArgument> parse_argument(const Json& value, const std::string& where) {
  if (const auto* option = value.get_ptr<const std::string*>()) {
    if (option->find('\0') != std::string::npos) return fail(Code::invalid, "{} must not contain a NUL byte", where);
    return LinkArgument(*option);
  }
  if (!value.is_object()) return fail(Code::invalid, "{} must be a string or an object", where);
  XAAS_ASSIGN(const JsonObject fields, JsonObject::of(value, where));
  if (fields.has("ir")) return parse_ir(fields);
  if (fields.has("object")) return parse_object(fields);
  if (fields.has("archive")) return parse_archive(fields);
  if (fields.has("library")) return parse_library(fields);
  if (fields.has("option")) return parse_file_option(fields);
  return fail(Code::invalid, "{}: unknown kind of link argument", where);
}

OrderedJson encode(const Recipe& recipe) {
  OrderedJson arguments = OrderedJson::array();
  for (const LinkArgument& argument : recipe.arguments) {
    arguments.push_back(std::visit([](const auto& input) { return encode(input); }, argument));
  }
  OrderedJson json = {{"kind", to_string(recipe.kind)},
                      {"triple", recipe.triple},
                      {"output", recipe.output},
                      {"arguments", std::move(arguments)}};
  for (const NewerSymbol& symbol : recipe.newer_symbols) {
    json["newer_symbols"].push_back(OrderedJson{{"name", symbol.name}, {"units", symbol.units}});
  }
  return json;
}

}  // namespace

const char* to_string(LinkKind kind) {
  const auto* found =
      std::find_if(kLinkKinds.begin(), kLinkKinds.end(), [&](const auto& e) { return e.first == kind; });
  return found->second;
}

void choose_variants(Recipe& recipe, std::string_view level) {
  for_each_input(recipe, [&](auto& input) {
    auto* unit = std::get_if<IrInput>(&input);
    if (unit == nullptr) return;
    for (IrVariant& variant : unit->variants) {
      if (std::ranges::find(variant.levels, level) == variant.levels.end()) continue;
      unit->digest = variant.digest;
      unit->features = std::move(variant.features);
      break;
    }
    unit->variants.clear();
  });
}

std::string to_json(const Recipe& recipe) { return dump_json(encode(recipe)) + '\n'; }

bool holds_only_utf8(const Recipe& recipe) { return holds_only_utf8(encode(recipe)); }

namespace {

std::size_t count_of_image_objects(const Recipe& recipe) {
  std::size_t count = 0;
  for_each_input(recipe, [&](const auto& input) {
    const auto* object = std::get_if<ObjectInput>(&input);
    if (object != nullptr && !object->images.empty()) ++count;
  });
  return count;
}

}  // namespace

Result<Recipe> parse_recipe(std::string_view json) {
  XAAS_ASSIGN(const Json value, parse_json(json, "recipe"));
  XAAS_ASSIGN(const JsonObject fields, JsonObject::of(value, "recipe"));
  XAAS_TRY(fields.only_keys({"kind", "triple", "output", "arguments", "newer_symbols"}));
  Recipe recipe;
  XAAS_ASSIGN(recipe.kind, parse_kind(fields));
  XAAS_ASSIGN(recipe.triple, fields.string("triple"));
  XAAS_ASSIGN(recipe.output, fields.string("output"));
  XAAS_ASSIGN(const Json* arguments, fields.array("arguments"));
  recipe.arguments.reserve(arguments->size());
  for (const Json& argument : *arguments) {
    const std::string where = fmt::format("recipe: arguments[{}]", recipe.arguments.size());
    XAAS_ASSIGN(recipe.arguments.emplace_back(), parse_argument(argument, where));
  }
  if (count_of_image_objects(recipe) > 1) return fail(Code::invalid, "recipe: several objects have images");
  if (fields.has("newer_symbols")) {
    XAAS_ASSIGN(recipe.newer_symbols, parse_newer_symbols(fields));
  }
  return recipe;
}

}  // namespace xaas
