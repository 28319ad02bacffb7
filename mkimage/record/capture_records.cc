// The JSON of capture records; see capture_store.h. They never leave the build, so their form has no version.
#include <algorithm>

#include "format/base/json_fields.h"
#include "mkimage/record/capture_store.h"

namespace xaas {
namespace {

OrderedJson to_json(const RecordedFile& file) {
  OrderedJson json;
  json["digest"] = file.digest.to_string();
  json["name"] = file.name;
  return json;
}

OrderedJson to_json(const LinkerArgument& argument) {
  OrderedJson json;
  json["option"] = argument.name;
  if (argument.value) json["value"] = *argument.value;
  return json;
}

OrderedJson to_json(const RecordedObject& object) { return {{"object", to_json(object.file)}}; }

OrderedJson to_json(const RecordedArchive& archive) {
  OrderedJson members = OrderedJson::array();
  for (const RecordedFile& member : archive.members) members.push_back(to_json(member));
  OrderedJson json;
  json["archive"] = to_json(archive.file);
  json["members"] = std::move(members);
  json["whole"] = archive.whole;
  return json;
}

OrderedJson to_json(const RecordedLibrary& library) {
  OrderedJson json;
  json["library"] = library.soname;
  json["path"] = library.path;
  return json;
}

OrderedJson to_json(const RecordedFileOption& option) {
  OrderedJson json;
  json["file_option"] = option.option;
  json["file"] = to_json(option.file);
  return json;
}

OrderedJson to_json(const UnitIdentity& identity) {
  OrderedJson json;
  json["command"] = identity.command.to_string();
  json["text"] = identity.text.to_string();
  json["options"] = identity.options.to_string();
  return json;
}

OrderedJson to_json(const UnitVariant& variant) {
  return {{"levels", variant.levels},
          {"bitcode", variant.bitcode.to_string()},
          {"machine_options", variant.machine_options},
          {"asks", variant.asks}};
}

Result<UnitVariants> parse_variants(const JsonObject& record) {
  UnitVariants variants;
  XAAS_ASSIGN(const auto list, record.objects("variants"));
  for (const JsonObject& json : list) {
    UnitVariant& variant = variants.list.emplace_back();
    XAAS_ASSIGN(variant.levels, json.strings("levels"));
    XAAS_ASSIGN(variant.bitcode, json.digest("bitcode"));
    XAAS_ASSIGN(variant.machine_options, json.strings("machine_options"));
    XAAS_ASSIGN(variant.asks, json.strings("asks"));
  }
  XAAS_ASSIGN(variants.refusals, record.string_map("refusals"));
  return variants;
}

OrderedJson to_json(const UnitRegions& regions) {
  return {{"triple", regions.triple}, {"architecture", regions.architecture}, {"bitcode", regions.bitcode.to_string()}};
}

Result<std::vector<UnitRegions>> parse_regions(const JsonObject& record) {
  std::vector<UnitRegions> list;
  XAAS_ASSIGN(const auto objects, record.objects("regions"));
  for (const JsonObject& json : objects) {
    UnitRegions& regions = list.emplace_back();
    XAAS_ASSIGN(regions.triple, json.string("triple"));
    XAAS_ASSIGN(regions.architecture, json.string("architecture"));
    XAAS_ASSIGN(regions.bitcode, json.digest("bitcode"));
  }
  return list;
}

Result<UnitIdentity> parse_identity(const JsonObject& record) {
  XAAS_ASSIGN(const JsonObject json, record.object("identity"));
  UnitIdentity identity;
  XAAS_ASSIGN(identity.command, json.digest("command"));
  XAAS_ASSIGN(identity.text, json.digest("text"));
  XAAS_ASSIGN(identity.options, json.digest("options"));
  return identity;
}

Result<RecordedFile> parse_file(const JsonObject& json) {
  RecordedFile file;
  XAAS_ASSIGN(file.digest, json.digest("digest"));
  XAAS_ASSIGN(file.name, json.string("name"));
  return file;
}

Result<RecordedFile> parse_file(const JsonObject& json, std::string_view key) {
  XAAS_ASSIGN(const JsonObject object, json.object(key));
  return parse_file(object);
}

Result<RecordedArgument> parse_archive_argument(const JsonObject& json) {
  RecordedArchive archive;
  XAAS_ASSIGN(archive.file, parse_file(json, "archive"));
  XAAS_ASSIGN(const auto members, json.objects("members"));
  for (const JsonObject& member : members) {
    XAAS_ASSIGN(RecordedFile file, parse_file(member));
    archive.members.push_back(std::move(file));
  }
  XAAS_ASSIGN(archive.whole, json.boolean("whole"));
  return archive;
}

Result<RecordedArgument> parse_argument(const JsonObject& json) {
  if (json.has("object")) {
    XAAS_ASSIGN(RecordedFile file, parse_file(json, "object"));
    return RecordedObject{std::move(file)};
  }
  if (json.has("archive")) return parse_archive_argument(json);
  if (json.has("library")) {
    RecordedLibrary library;
    XAAS_ASSIGN(library.soname, json.string("library"));
    XAAS_ASSIGN(library.path, json.string("path"));
    return library;
  }
  if (json.has("file_option")) {
    RecordedFileOption option;
    XAAS_ASSIGN(option.option, json.string("file_option"));
    XAAS_ASSIGN(option.file, parse_file(json, "file"));
    return option;
  }
  LinkerArgument argument;
  XAAS_ASSIGN(argument.name, json.string("option"));
  if (json.has("value")) {
    XAAS_ASSIGN(argument.value, json.string("value"));
  }
  return argument;
}

}  // namespace

std::string to_json(const UnitRecord& record) {
  OrderedJson json;
  json["object"] = record.object.to_string();
  json["reason"] = record.reason;
  json["compiler"] = record.compiler;
  json["source"] = record.source;
  json["target"] = record.target;
  json["directory"] = record.directory;
  json["machine_options"] = record.machine_options;
  json["asked_machine_options"] = record.asked_machine_options;
  json["sections"] = record.sections;
  json["headers"] = record.headers;
  if (record.identity) json["identity"] = to_json(*record.identity);
  json["asks"] = record.asks;
  json["variants"] = OrderedJson::array();
  for (const UnitVariant& variant : record.variants.list) json["variants"].push_back(to_json(variant));
  json["refusals"] = OrderedJson::object();
  for (const auto& [level, message] : record.variants.refusals) json["refusals"][level] = message;
  json["regions"] = OrderedJson::array();
  for (const UnitRegions& regions : record.regions) json["regions"].push_back(to_json(regions));
  json["is_shared"] = record.is_shared;
  return dump_json(json);
}

std::string to_json(const LinkRecord& record) {
  OrderedJson arguments = OrderedJson::array();
  for (const RecordedArgument& argument : record.arguments) {
    arguments.push_back(std::visit([](const auto& value) { return to_json(value); }, argument));
  }
  OrderedJson json;
  json["build_id"] = record.build_id;
  json["output"] = record.output;
  json["reason"] = record.reason;
  json["arguments"] = std::move(arguments);
  json["content"] = record.content.to_string();
  json["needed"] = record.needed;
  json["shape"] = OrderedJson::object();
  for (const auto& [aspect, words] : record.shape) json["shape"][aspect] = words;
  return dump_json(json);
}

Result<UnitRecord> parse_unit_record(std::string_view text) {
  XAAS_ASSIGN(const Json json, parse_json(text, "unit record"));
  XAAS_ASSIGN(const JsonObject object, JsonObject::of(json, "unit record"));
  UnitRecord record;
  XAAS_ASSIGN(record.object, object.digest("object"));
  XAAS_ASSIGN(record.reason, object.string("reason"));
  XAAS_ASSIGN(record.compiler, object.string("compiler"));
  XAAS_ASSIGN(record.source, object.string("source"));
  XAAS_ASSIGN(record.target, object.string("target"));
  XAAS_ASSIGN(record.directory, object.string("directory"));
  XAAS_ASSIGN(record.machine_options, object.strings("machine_options"));
  XAAS_ASSIGN(record.asked_machine_options, object.strings("asked_machine_options"));
  XAAS_ASSIGN(record.sections, object.strings("sections"));
  XAAS_ASSIGN(record.headers, object.strings("headers"));
  if (object.has("identity")) {
    XAAS_ASSIGN(record.identity, parse_identity(object));
  }
  XAAS_ASSIGN(record.asks, object.strings("asks"));
  XAAS_ASSIGN(record.variants, parse_variants(object));
  XAAS_ASSIGN(record.regions, parse_regions(object));
  XAAS_ASSIGN(record.is_shared, object.boolean("is_shared"));
  return record;
}

Result<LinkRecord> parse_link_record(std::string_view text) {
  XAAS_ASSIGN(const Json json, parse_json(text, "link record"));
  XAAS_ASSIGN(const JsonObject object, JsonObject::of(json, "link record"));
  LinkRecord record;
  XAAS_ASSIGN(record.build_id, object.string("build_id"));
  XAAS_ASSIGN(record.output, object.string("output"));
  XAAS_ASSIGN(record.reason, object.string("reason"));
  XAAS_ASSIGN(const auto arguments, object.objects("arguments"));
  for (const JsonObject& argument : arguments) {
    XAAS_ASSIGN(RecordedArgument parsed, parse_argument(argument));
    record.arguments.push_back(std::move(parsed));
  }
  XAAS_ASSIGN(record.content, object.digest("content"));
  XAAS_ASSIGN(record.needed, object.strings("needed"));
  XAAS_ASSIGN(const JsonObject shape, object.object("shape"));
  for (const std::string& aspect : shape.keys_beside({})) {
    XAAS_ASSIGN(record.shape[aspect], shape.strings(aspect));
  }
  return record;
}

}  // namespace xaas
