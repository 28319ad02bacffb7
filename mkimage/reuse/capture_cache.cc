// Reads and writes entries of the capture cache; see capture_cache.h.
#include "mkimage/reuse/capture_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "format/base/file.h"
#include "format/base/json_fields.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

Json to_binary(std::string_view bytes) { return Json::binary({bytes.begin(), bytes.end()}); }

std::string from_binary(const Json& value) {
  const auto& bytes = value.get_binary();
  return {bytes.begin(), bytes.end()};
}

std::string encode(const CompileResult& result) {
  Json json = {{"object", to_binary(result.object)},
               {"output", to_binary(result.output)},
               {"messages", to_binary(result.messages)},
               {"is_refusal", result.is_refusal},
               {"bitcode", to_binary(result.bitcode)},
               {"modules", Json::object()},
               {"asks", result.asks}};
  json["variants"] = Json::array();
  for (std::size_t i = 0; i < result.variants.list.size(); ++i) {
    const UnitVariant& variant = result.variants.list[i];
    json["variants"].push_back({{"levels", variant.levels},
                                {"machine_options", variant.machine_options},
                                {"asks", variant.asks},
                                {"bitcode", to_binary(result.variant_bitcode.at(i))}});
  }
  json["refusals"] = result.variants.refusals;
  json["variant_headers"] = result.variant_headers;
  for (const auto& [name, content] : result.modules) json["modules"][name] = to_binary(content);
  std::string bytes;
  Json::to_cbor(json, bytes);
  return bytes;
}

// Nullopt if the entry is damaged.
std::optional<CompileResult> decode(std::string_view bytes) try {
  const Json json = Json::from_cbor(bytes);
  CompileResult result;
  result.object = from_binary(json.at("object"));
  result.output = from_binary(json.at("output"));
  result.messages = from_binary(json.at("messages"));
  result.is_refusal = json.at("is_refusal").get<bool>();
  result.bitcode = from_binary(json.at("bitcode"));
  result.asks = json.at("asks").get<std::vector<std::string>>();
  for (const Json& entry : json.at("variants")) {
    const std::string& bitcode = result.variant_bitcode.emplace_back(from_binary(entry.at("bitcode")));
    result.variants.list.push_back({entry.at("levels").get<std::vector<std::string>>(), Digest::of(bitcode),
                                    entry.at("machine_options").get<std::vector<std::string>>(),
                                    entry.at("asks").get<std::vector<std::string>>()});
  }
  result.variants.refusals = json.at("refusals").get<std::map<std::string, std::string>>();
  result.variant_headers = json.at("variant_headers").get<std::vector<std::string>>();
  for (const auto& [name, content] : json.at("modules").items()) result.modules.emplace(name, from_binary(content));
  return result;
} catch (const Json::exception&) {
  return std::nullopt;
}

}  // namespace

Status CaptureCache::begin() const {
  std::error_code error;
  fs::create_directories(earlier(), error);
  if (!error) fs::create_directories(current(), error);
  fs::directory_iterator entry(current(), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    fs::rename(entry->path(), earlier() / entry->path().filename(), error);
    if (error) break;
  }
  if (error) return fail(Code::io, "cannot prepare {}: {}", root_.string(), error.message());
  return {};
}

void CaptureCache::end() const { remove_tree(earlier()); }

std::optional<CompileResult> CaptureCache::find(const Digest& key) const {
  const fs::path entry = current() / key.hex();
  // An entry of an earlier run becomes one of this run.
  static_cast<void>(rename((earlier() / key.hex()).c_str(), entry.c_str()));
  const auto bytes = read_file(entry);
  return bytes ? decode(*bytes) : std::nullopt;
}

Status CaptureCache::add(const Digest& key, const CompileResult& result) const {
  XAAS_ASSIGN(const TempFile file, TempFile::create(root_));
  XAAS_TRY(write_all(file.fd(), encode(result)));
  const fs::path entry = current() / key.hex();
  if (rename(file.path().c_str(), entry.c_str()) != 0)
    return fail_errno(fmt::format("cannot create {}", entry.string()));
  return {};
}

}  // namespace xaas
