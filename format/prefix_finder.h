// Finds the prefix that a project was built for in its files. Implements spec/image-format.md, "Prefix".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/base/error.h"
#include "format/moved_prefix.h"

namespace xaas {

// Finds `prefix` in bytes that come piece by piece, for files of any size. REQUIRES: one that is asked to find anything
// has a prefix that is not empty.
class PrefixFinder {
 public:
  explicit PrefixFinder(std::string prefix) : prefix_(std::move(prefix)) {}
  void add(std::string_view piece);
  // A file without a NUL is text. Places have tails wherever the compiler has marked the string.
  PrefixPlaces take();

 private:
  enum class Input { more, ended };
  void search(Input input);
  bool is_undecided(std::size_t tail) const;
  std::optional<std::uint32_t> marked_tail(std::size_t tail) const;

  std::string prefix_;
  std::string window_;              // the end of what came: what cannot be decided without what comes
  std::uint64_t window_begin_ = 0;  // its position in the file
  bool has_nul_ = false;
  std::vector<PrefixPlace> places_;
};

// Where `prefix` stands in the first `size` bytes of a file. Tails are those that unify_strings() leaves.
Result<PrefixPlaces> find_prefix(int fd, std::uint64_t size, const std::string& prefix);

}  // namespace xaas
