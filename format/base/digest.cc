// SHA-256 through Nettle, which uses the CPU's own instructions for it; see digest.h.
#include "format/base/digest.h"

#include <nettle/sha2.h>

#include <cstring>
#include <new>

#include "format/base/file.h"
#include "format/base/hex.h"

namespace xaas {
namespace {

constexpr std::string_view kPrefix = "sha256:";

sha256_ctx* state_in(std::array<std::byte, 128>& room) {
  static_assert(sizeof(sha256_ctx) <= 128 && alignof(sha256_ctx) <= 16);
  return std::launder(reinterpret_cast<sha256_ctx*>(room.data()));
}

}  // namespace

Sha256::Sha256() { sha256_init(new (state_.data()) sha256_ctx); }

void Sha256::update(std::span<const std::byte> data) {
  sha256_update(state_in(state_), data.size(), reinterpret_cast<const std::uint8_t*>(data.data()));
}

void Sha256::update(std::string_view data) { update(std::as_bytes(std::span(data))); }

Digest Sha256::finish() {
  Digest::Bytes bytes;
  sha256_digest(state_in(state_), bytes.size(), bytes.data());
  return Digest(bytes);
}

Digest Digest::of(std::span<const std::byte> data) {
  Sha256 hash;
  hash.update(data);
  return hash.finish();
}

Digest Digest::of(std::string_view data) { return of(std::as_bytes(std::span(data))); }

Result<Digest> Digest::of_file(int fd) {
  XAAS_ASSIGN(const std::uint64_t size, file_size(fd));
  return of_file(fd, size);
}

Result<Digest> Digest::of_file(int fd, std::uint64_t size) {
  Sha256 hash;
  XAAS_TRY(read_pieces(fd, size, [&](std::string_view piece) -> Status {
    hash.update(piece);
    return {};
  }));
  return hash.finish();
}

Result<Digest> Digest::parse(std::string_view text) {
  const auto malformed = [] {
    return fail(Code::invalid, "a digest must be \"sha256:\" followed by 64 lower-case hexadecimal digits");
  };
  if (!text.starts_with(kPrefix)) return malformed();
  text.remove_prefix(kPrefix.size());
  Bytes bytes;
  return from_hex(text, std::as_writable_bytes(std::span(bytes))) ? Result<Digest>(Digest(bytes)) : malformed();
}

std::string Digest::hex() const { return to_hex(std::as_bytes(std::span(bytes_))); }

std::string Digest::to_string() const { return std::string(kPrefix) + hex(); }

}  // namespace xaas

std::size_t std::hash<xaas::Digest>::operator()(const xaas::Digest& digest) const noexcept {
  std::size_t value;  // the bytes of a digest are already as good as random
  std::memcpy(&value, digest.bytes().data(), sizeof value);
  return value;
}
