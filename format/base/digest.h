// SHA-256 digests, by which images, recipes and the cache name content. The text form is `sha256:<64 hex digits>`.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "format/base/error.h"

namespace xaas {

class Digest {
 public:
  static constexpr std::size_t kSize = 32;
  using Bytes = std::array<std::uint8_t, kSize>;

  Digest() = default;  // all zero: "none"
  explicit Digest(const Bytes& bytes) : bytes_(bytes) {}

  static Digest of(std::span<const std::byte> data);
  static Digest of(std::string_view data);
  // The digest of everything from the start of the file. The file position does not move.
  static Result<Digest> of_file(int fd);
  // The digest of the first `size` bytes of the file. Code::invalid when the file has fewer bytes.
  static Result<Digest> of_file(int fd, std::uint64_t size);
  // Accepts exactly `sha256:` and 64 lower-case hex digits; anything else is Code::invalid.
  static Result<Digest> parse(std::string_view text);

  const Bytes& bytes() const { return bytes_; }
  bool is_none() const { return *this == Digest(); }
  std::string hex() const;        // 64 lower-case hex digits
  std::string to_string() const;  // "sha256:" + hex()

  auto operator<=>(const Digest&) const = default;

 private:
  Bytes bytes_{};
};

// Incremental SHA-256. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  void update(std::span<const std::byte> data);
  void update(std::string_view data);
  Digest finish();  // REQUIRES: called once, as the last call.

 private:
  alignas(16) std::array<std::byte, 128> state_;  // a sha256_ctx, kept out of this header
};

}  // namespace xaas

template <>
struct std::hash<xaas::Digest> {
  std::size_t operator()(const xaas::Digest& digest) const noexcept;
};
