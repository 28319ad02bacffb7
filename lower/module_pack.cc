// A pack is the modules' bytes, an index in JSON, and a footer with the index's length. See module_pack.h.
#include "lower/module_pack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <span>

#include "format/base/json_fields.h"
#include "format/base/little_endian.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr int kPackVersion = 1;
constexpr std::string_view kExtension = ".pack";
constexpr std::string_view kMagic = "XAASPACK";
constexpr std::uint64_t kIndexLimit = 64ULL << 20;  // bytes
constexpr std::size_t kFooterSize = 16;

std::optional<Digest> index_digest(const fs::path& path) {
  if (path.extension() != kExtension) return std::nullopt;
  const auto digest = Digest::parse("sha256:" + path.stem().string());
  return digest ? std::optional(*digest) : std::nullopt;
}

std::string make_index(const std::vector<PackedModule>& modules) {
  OrderedJson list = OrderedJson::array();
  for (const PackedModule& module : modules) {
    list.push_back(
        {{"key", module.key}, {"sha256", module.digest.to_string()}, {"offset", module.offset}, {"size", module.size}});
  }
  return dump_json({{"version", kPackVersion}, {"modules", std::move(list)}});
}

// `end`: where the modules end in the file.
Result<PackedModule> parse_module(const JsonObject& object, std::uint64_t end) {
  PackedModule module;
  XAAS_ASSIGN(module.key, object.string("key"));
  XAAS_ASSIGN(module.digest, object.digest("sha256"));
  XAAS_ASSIGN(const auto offset, object.integer("offset", 0));
  XAAS_ASSIGN(const auto size, object.integer("size", 0, static_cast<std::int64_t>(kLargestModule)));
  module.offset = static_cast<std::uint64_t>(offset);
  module.size = static_cast<std::uint64_t>(size);
  if (!is_module_key(module.key)) return fail(Code::invalid, "a module without a key");
  if (module.offset > end || module.size > end - module.offset) return fail(Code::invalid, "a module outside its pack");
  return module;
}

Result<std::vector<PackedModule>> parse_index(std::string_view text, std::uint64_t end) {
  XAAS_ASSIGN(const Json json, parse_json(text, "pack of modules"));
  XAAS_ASSIGN(const JsonObject index, JsonObject::of(json, "pack of modules"));
  XAAS_TRY(index.integer("version", kPackVersion, kPackVersion));
  XAAS_ASSIGN(const auto objects, index.objects("modules"));
  std::vector<PackedModule> modules;
  for (const JsonObject& object : objects) {
    XAAS_ASSIGN(modules.emplace_back(), parse_module(object, end));
  }
  return modules;
}

Result<std::string> read_part(int fd, std::uint64_t offset, std::uint64_t size) {
  std::string bytes(size, '\0');
  XAAS_TRY(read_range(fd, offset, std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

std::string make_footer(std::uint64_t index_size) {
  std::string footer(kMagic);
  append_le(footer, index_size);
  return footer;
}

// The length of the index; nullopt if `footer` is none.
std::optional<std::uint64_t> parse_footer(std::string_view footer) {
  if (!footer.starts_with(kMagic)) return std::nullopt;
  return load_le<std::uint64_t>(std::as_bytes(std::span(footer)), kMagic.size());
}

// A regular file that this user owns and nobody else can write.
bool is_own(const struct stat& status) {
  return S_ISREG(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

bool is_module_key(std::string_view key) {
  const bool has_length = key.size() == kObjectKeyDigits || key.size() == kUnitKeyDigits;
  return has_length && std::ranges::all_of(key, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_pack(const fs::path& path) { return index_digest(path).has_value(); }

Result<ModulePack> ModulePack::open(const fs::path& path) {
  const auto digest = index_digest(path);
  if (!digest) return fail(Code::not_found, "{} is no pack of modules", path.string());
  ModulePack pack;
  pack.path_ = path;
  pack.fd_ = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (!pack.fd_.valid() || fstat(pack.fd_.get(), &status) != 0) return fail_errno(path.string());
  if (!is_own(status)) return fail(Code::permission, "{} is not a file that only this user can write", path.string());
  pack.time_ = status.st_mtim.tv_sec;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size < kFooterSize) return fail(Code::invalid, "{} is truncated", path.string());
  XAAS_ASSIGN(const std::string footer, read_part(pack.fd_.get(), size - kFooterSize, kFooterSize));
  const auto index_size = parse_footer(footer);
  if (!index_size || *index_size > std::min(kIndexLimit, size - kFooterSize)) {
    return fail(Code::invalid, "{} is damaged", path.string());
  }
  const std::uint64_t end = size - kFooterSize - *index_size;
  XAAS_ASSIGN(const std::string index, read_part(pack.fd_.get(), end, *index_size));
  if (Digest::of(index) != *digest) return fail(Code::invalid, "{} is damaged", path.string());
  XAAS_ASSIGN(pack.modules_, parse_index(index, end));
  return pack;
}

Result<std::string> ModulePack::read(const PackedModule& module) const {
  XAAS_ASSIGN(std::string bytes, read_part(fd_.get(), module.offset, module.size));
  if (Digest::of(bytes) != module.digest) return fail(Code::invalid, "{} is damaged", path_.string());
  return bytes;
}

Result<ModulePackWriter> ModulePackWriter::create(const fs::path& directory) {
  XAAS_ASSIGN(TempFile file, TempFile::create(directory));
  if (fchmod(file.fd(), 0600) != 0)
    return fail_errno(fmt::format("cannot change the mode of {}", file.path().string()));
  return ModulePackWriter(std::move(file), directory);
}

Status ModulePackWriter::add(const std::string& key, std::string_view bytes) {
  XAAS_TRY(write_all(file_.fd(), bytes));
  modules_.push_back({key, Digest::of(bytes), written_, bytes.size()});
  written_ += bytes.size();
  return {};
}

Status ModulePackWriter::commit() {
  const std::string index = make_index(modules_);
  XAAS_TRY(write_all(file_.fd(), index + make_footer(index.size())));
  const fs::path target = directory_ / (Digest::of(index).hex() + std::string(kExtension));
  if (rename(file_.path().c_str(), target.c_str()) == 0) return {};
  return fail_errno(fmt::format("cannot name {}", target.string()));
}

}  // namespace xaas
