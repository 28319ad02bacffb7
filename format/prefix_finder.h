// Finds the prefix for which a project was built in the project's files. Implements spec/image-format.md, "Prefix".
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

// Finds `prefix` in bytes that come piece by piece, so that files may have any size. REQUIRES: `prefix` is not empty
// when add() or take() is called.
class PrefixFinder {
 public:
  explicit PrefixFinder(std::string prefix) : prefix_(std::move(prefix)) {}
  void add(std::string_view piece);
  // Returns the places. A file without a NUL is text. A place has a tail if the compiler has marked its string.
  PrefixPlaces take();

 private:
  enum class Input { more, ended };
  void search(Input input);
  bool is_undecided(std::size_t tail) const;
  std::optional<std::uint32_t> marked_tail(std::size_t tail) const;

  std::string prefix_;
  std::string window_;              // the end of the input so far, undecided until more input comes
  std::uint64_t window_begin_ = 0;  // position of window_ in the file
  bool has_nul_ = false;
  std::vector<PrefixPlace> places_;
};

// Where `prefix` stands in the first `size` bytes of a file. The tails are those that unify_strings() leaves.
Result<PrefixPlaces> find_prefix(int fd, std::uint64_t size, const std::string& prefix);

}  // namespace xaas
