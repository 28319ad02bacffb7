// Writes, reads and answers from descriptions of hosts; see host_description.h.
#include "lower/host_description.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "format/base/file.h"
#include "format/base/json_fields.h"
#include "format/base/libc_version.h"
#include "format/version.h"
#include "lower/elf_identity.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKind = "xaas-host";
constexpr std::string_view kLibc = "libc.so.6";
constexpr std::uint64_t kDescriptionLimit = 256 << 20;
constexpr std::int64_t kMostThings = 1 << 24;  // cores, threads, NUMA nodes

// Libraries whose symbols a description has: libc and its parts, to which functions move.
bool is_part_of_libc(const LibraryInterface& interface) { return !newest_libc_version(interface.versions).empty(); }

OrderedJson library_json(const std::string& soname, const DescribedLibrary& library) {
  OrderedJson json = {{"name", soname},
                      {"path", library.path},
                      {"identity", library.identity},
                      {"versions", library.interface.versions}};
  if (library.interface.symbols) json["symbols"] = *library.interface.symbols;
  return json;
}

Status check_identity(const JsonObject& json, std::string_view identity) {
  constexpr std::string_view kBuildId = "build-id:";
  if (identity.starts_with(kBuildId) && identity.size() > kBuildId.size()) return {};
  if (Digest::parse(identity)) return {};
  return fail(Code::invalid, "{}: key \"identity\" must be build-id:… or sha256:…", json.where());
}

Result<DescribedLibrary> parse_library(const JsonObject& json) {
  XAAS_TRY(json.only_keys({"name", "path", "identity", "versions", "symbols"}));
  DescribedLibrary library;
  XAAS_ASSIGN(library.path, json.string("path"));
  if (!library.path.starts_with('/')) return fail(Code::invalid, "{}: key \"path\" must be absolute", json.where());
  XAAS_ASSIGN(library.identity, json.string("identity"));
  XAAS_TRY(check_identity(json, library.identity));
  XAAS_ASSIGN(library.interface.versions, json.strings("versions"));
  if (!json.has("symbols")) return library;
  XAAS_ASSIGN(library.interface.symbols, json.strings("symbols"));
  std::ranges::sort(*library.interface.symbols);
  return library;
}

Status parse_libraries(const JsonObject& json, HostDescription& description) {
  XAAS_ASSIGN(const auto libraries, json.objects("libraries"));
  for (const JsonObject& entry : libraries) {
    XAAS_ASSIGN(const std::string name, entry.string("name"));
    XAAS_ASSIGN(DescribedLibrary library, parse_library(entry));
    if (!description.libraries.emplace(name, std::move(library)).second) {
      return fail(Code::invalid, "{}: \"{}\" is there twice", entry.where(), name);
    }
  }
  return {};
}

Status parse_described_target(const JsonObject& json, Target& target) {
  XAAS_ASSIGN(target.triple, json.string("triple"));
  if (target.triple.empty()) return fail(Code::invalid, "{}: key \"triple\" is empty", json.where());
  XAAS_ASSIGN(target.cpu, json.string("cpu"));
  XAAS_ASSIGN(target.features, json.strings("features"));
  const auto has_sign = [](const std::string& feature) {
    return feature.size() > 1 && (feature.front() == '+' || feature.front() == '-');
  };
  if (std::ranges::all_of(target.features, has_sign)) return {};
  return fail(Code::invalid, "{}: key \"features\": each must begin with + or -", json.where());
}

Result<unsigned> parse_count(const JsonObject& json, std::string_view key) {
  XAAS_ASSIGN(const std::int64_t count, json.integer(key, 1, kMostThings));
  return static_cast<unsigned>(count);
}

Status parse_caches(const JsonObject& json, std::vector<std::uint64_t>& sizes) {
  XAAS_ASSIGN(const Json* caches, json.array("cache_bytes"));
  for (const Json& size : *caches) {
    if (!size.is_number_unsigned()) {
      return fail(Code::invalid, "{}: key \"cache_bytes\" must be an array of sizes", json.where());
    }
    sizes.push_back(size.get<std::uint64_t>());
  }
  return {};
}

Status parse_machine(const JsonObject& json, Host& host) {
  XAAS_TRY(parse_described_target(json, host.target));
  XAAS_ASSIGN(host.model, json.string("model"));
  XAAS_ASSIGN(host.cores, parse_count(json, "cores"));
  XAAS_ASSIGN(host.threads, parse_count(json, "threads"));
  XAAS_ASSIGN(host.numa_nodes, parse_count(json, "numa_nodes"));
  XAAS_TRY(parse_caches(json, host.cache_bytes));
  XAAS_ASSIGN(const std::int64_t memory, json.integer("memory_bytes", 0));
  host.memory_bytes = static_cast<std::uint64_t>(memory);
  XAAS_ASSIGN(host.devices, json.strings("devices"));
  XAAS_ASSIGN(host.kernel, json.string("kernel"));
  XAAS_ASSIGN(host.fuse, json.boolean("fuse"));
  XAAS_ASSIGN(host.user_namespaces, json.boolean("user_namespaces"));
  return {};
}

// Says what a file is that has another kind or another version.
Status check_kind(const JsonObject& json, std::string_view what) {
  const auto kind = json.string("kind");
  if (!kind || *kind != kKind) {
    return fail(Code::invalid, "{} is no description of a host: xaas-lower describe-host writes one", what);
  }
  XAAS_ASSIGN(const std::int64_t version, json.integer("version"));
  if (version == kHostDescriptionVersion) return {};
  return fail(Code::unsupported, "{} is a description of version {}, and this xaas-lower reads {}: write it again",
              what, version, kHostDescriptionVersion);
}

// Immutable, thread-safe.
class DescribedHost : public HostView {
 public:
  DescribedHost(HostDescription description, fs::path root)
      : description_(std::move(description)), root_(std::move(root)) {}

  std::string name() const override { return "the described host"; }
  std::string triple() const override { return description_.host.target.triple; }
  Result<Host> describe() const override { return description_.host; }
  Result<Target> target(std::string_view triple, const TargetOverrides& overrides) const override {
    return resolve_target_on(description_.host.target, triple, overrides);
  }
  std::vector<std::string> devices() const override { return description_.host.devices; }

  std::optional<fs::path> find_library(std::string_view soname, std::string_view triple) const override {
    const DescribedLibrary* library = find(soname, triple);
    return library == nullptr ? std::nullopt : std::optional<fs::path>(library->path);
  }
  Result<std::string> library_identity(std::string_view soname, std::string_view triple) const override {
    const DescribedLibrary* library = find(soname, triple);
    if (library == nullptr) return fail(Code::not_found, "the library {} is not on the described host", soname);
    return library->identity;
  }
  std::optional<std::vector<std::string>> library_versions(std::string_view soname,
                                                           std::string_view triple) const override {
    const DescribedLibrary* library = find(soname, triple);
    return library == nullptr ? std::nullopt : std::optional(library->interface.versions);
  }
  std::optional<LibraryInterface> library_interface(std::string_view soname, std::string_view triple) const override {
    const DescribedLibrary* library = find(soname, triple);
    return library == nullptr ? std::nullopt : std::optional(library->interface);
  }
  std::optional<LoaderDirectories> loader_directories(std::string_view /*triple*/) const override {
    return std::nullopt;
  }
  Result<std::string> library_content(const fs::path& path, std::string_view identity) const override {
    const fs::path here = root_ / path.relative_path();
    if (auto content = read_library_with(here, identity); content && *content) return std::move(**content);
    return fail(Code::unsupported,
                "{} is not the library that the described host has at {} ({}): lower on that host, or copy the library "
                "from there and name the directory above it with --host-root",
                here.string(), path.string(), identity);
  }

 private:
  const DescribedLibrary* find(std::string_view soname, std::string_view wanted) const {
    const std::string own = triple();
    if (own.substr(0, own.find('-')) != wanted.substr(0, wanted.find('-'))) return nullptr;
    const auto found = description_.libraries.find(soname);
    return found == description_.libraries.end() ? nullptr : &found->second;
  }

  HostDescription description_;
  fs::path root_;
};

}  // namespace

Result<HostDescription> describe_this_host() {
  HostDescription description;
  const HostView& host = *this_host();
  XAAS_ASSIGN(description.host, host.describe());
  const std::string triple = host.triple();
  for (const std::string& name : host_library_names(triple)) {
    const auto path = host.find_library(name, triple);
    auto identity = host.library_identity(name, triple);
    auto interface = host.library_interface(name, triple);
    if (!path || !identity || !interface) continue;  // it cannot be read, so no link can use it
    if (!is_part_of_libc(*interface)) interface->symbols.reset();
    description.libraries[name] = {path->string(), std::move(*identity), std::move(*interface)};
  }
  const auto libc = description.libraries.find(kLibc);
  if (libc != description.libraries.end()) description.libc = newest_libc_version(libc->second.interface.versions);
  return description;
}

std::string to_json(const HostDescription& description) {
  const Host& host = description.host;
  OrderedJson libraries = OrderedJson::array();
  for (const auto& [name, library] : description.libraries) libraries.push_back(library_json(name, library));
  const OrderedJson json = {{"kind", kKind},
                            {"version", kHostDescriptionVersion},
                            {"made_by", fmt::format("xaas-lower {}", kVersion)},
                            {"triple", host.target.triple},
                            {"cpu", host.target.cpu},
                            {"features", host.target.features},
                            {"model", host.model},
                            {"cores", host.cores},
                            {"threads", host.threads},
                            {"numa_nodes", host.numa_nodes},
                            {"cache_bytes", host.cache_bytes},
                            {"memory_bytes", host.memory_bytes},
                            {"devices", host.devices},
                            {"kernel", host.kernel},
                            {"fuse", host.fuse},
                            {"user_namespaces", host.user_namespaces},
                            {"libc", description.libc},
                            {"libraries", libraries}};
  return dump_json(json, 1) + "\n";
}

Result<HostDescription> parse_host_description(std::string_view text, std::string_view what) {
  XAAS_ASSIGN(const Json parsed, parse_json(text, what));
  XAAS_ASSIGN(const JsonObject json, JsonObject::of(parsed, std::string(what)));
  XAAS_TRY(check_kind(json, what));
  XAAS_TRY(json.only_keys({"kind", "version", "made_by", "triple", "cpu", "features", "model", "cores", "threads",
                           "numa_nodes", "cache_bytes", "memory_bytes", "devices", "kernel", "fuse", "user_namespaces",
                           "libc", "libraries"}));
  XAAS_TRY(json.string("made_by"));
  HostDescription description;
  XAAS_TRY(parse_machine(json, description.host));
  XAAS_ASSIGN(description.libc, json.string("libc"));
  XAAS_TRY(parse_libraries(json, description));
  return description;
}

std::shared_ptr<const HostView> described_host(HostDescription description, fs::path root) {
  return std::make_shared<const DescribedHost>(std::move(description), std::move(root));
}

Result<std::shared_ptr<const HostView>> read_host_description(const fs::path& file, const fs::path& root) {
  XAAS_ASSIGN(const std::string text, read_file(file, kDescriptionLimit));
  XAAS_ASSIGN(HostDescription description, parse_host_description(text, file.string()));
  return described_host(std::move(description), root);
}

}  // namespace xaas
