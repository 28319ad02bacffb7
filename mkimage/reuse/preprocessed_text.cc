// See preprocessed_text.h.
#include "mkimage/reuse/preprocessed_text.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <functional>
#include <optional>
#include <unordered_set>
#include <utility>

#include "format/base/split.h"

namespace xaas {
namespace {

constexpr auto kReadsFile = std::to_array<std::string_view>({".incbin", ".include"});
// Words that the compiler replaces by places in the source, and words that may hide such a word.
constexpr auto kAsksForPlace = std::to_array<std::string_view>(
    {"R\"", "__PRETTY_FUNCTION__", "__builtin_COLUMN", "__builtin_FILE", "__builtin_LINE", "__builtin_dump_struct",
     "__builtin_source_location", "annotate"});
// Words that depend on the CPU: how vectors of more than 128 bits and numbers of 16 bits are passed and computed, what
// a function's own target adds to, and which variant OpenMP calls.
constexpr auto kDecidedByCpu = std::to_array<std::string_view>({"_Float16",
                                                                "__builtin_convertvector",
                                                                "__builtin_omp_required_simd_align",
                                                                "__builtin_shufflevector",
                                                                "__bf16",
                                                                "__fp16",
                                                                "__m256",
                                                                "__m512",
                                                                "__target__",
                                                                "cpu_dispatch",
                                                                "cpu_specific",
                                                                "__v16",
                                                                "__v32",
                                                                "__v4d",
                                                                "__v64",
                                                                "__v8d",
                                                                "__v8s",
                                                                "declare variant",
                                                                "ext_vector_type",
                                                                "metadirective",
                                                                "target_clones",
                                                                "vector_size"});
constexpr auto kBuiltIn = std::to_array<std::string_view>({"\"<built-in>\"", "\"<command line>\""});

std::size_t two_letters(const char* at) {
  return static_cast<unsigned char>(at[0]) | std::size_t{static_cast<unsigned char>(at[1])} << 8;
}

// Looks for all words in one pass, by their first two letters. REQUIRES: each word has two letters or more.
bool contains_any(std::string_view text, const auto& words) {
  std::bitset<1 << 16> begins;
  for (const std::string_view word : words) begins.set(two_letters(word.data()));
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (!begins[two_letters(text.data() + i)]) continue;
    const auto is_here = [&](std::string_view word) { return text.substr(i).starts_with(word); };
    if (std::ranges::any_of(words, is_here)) return true;
  }
  return false;
}

bool is_marker(std::string_view line) {
  return line.size() > 2 && line[0] == '#' && line[1] == ' ' && line[2] >= '0' && line[2] <= '9';
}

// The character that an escape stands for: a backslash with a character, or with three octal digits as clang writes all
// bytes that are not ASCII. Moves `at` from the backslash to the last character of the escape.
char unescaped(std::string_view line, std::size_t& at) {
  const std::string_view rest = line.substr(at + 1);
  const std::string_view digits = rest.substr(0, 3);
  const bool is_octal = digits.size() == 3 && digits.find_first_not_of("01234567") == digits.npos;
  at += std::min<std::size_t>(rest.size(), is_octal ? 3 : 1);
  if (!is_octal) return rest.empty() ? '\\' : rest.front();
  return static_cast<char>(((digits[0] - '0') << 6) | ((digits[1] - '0') << 3) | (digits[2] - '0'));
}

// The header that a line marker says is entered: # 1 "name" 1 3.
std::optional<std::string> entered_header(std::string_view line) {
  if (!is_marker(line)) return std::nullopt;
  std::string name;
  std::size_t at = line.find('"');
  if (at == std::string_view::npos) return std::nullopt;
  for (++at; at < line.size() && line[at] != '"'; ++at) name += line[at] == '\\' ? unescaped(line, at) : line[at];
  const bool is_entered = line.substr(std::min(at, line.size())).starts_with("\" 1");
  if (!is_entered || name.starts_with('<')) return std::nullopt;
  return name;
}

bool is_place(std::string_view line) { return line.empty() || is_marker(line); }

// The lines for which `is_wanted` returns true.
std::string filtered(std::string_view text, const auto& is_wanted) {
  std::string result;
  result.reserve(text.size() + 1);
  for_each_piece(text, '\n', [&](std::string_view line) {
    if (!is_wanted(line)) return;
    result += line;
    result += '\n';
  });
  return result;
}

std::string without_compiler_headers(std::string_view text) {
  bool is_compilers = false;
  return filtered(text, [&](std::string_view line) {
    if (is_marker(line)) is_compilers = line.find(kCompilerHeaders) != std::string_view::npos;
    return !is_compilers;
  });
}

// Whether the text has `name`, or `name` and "__", with an argument that begins with `first`, or with "__" and `first`:
// target("avx2"), __mode__(__V4SF__).
bool has_attribute(std::string_view text, std::string_view name, char first) {
  const auto skip = [&](std::size_t at, std::string_view characters) {
    return std::min(text.find_first_not_of(characters, at), text.size());
  };
  const std::boyer_moore_horspool_searcher searcher(name.begin(), name.end());
  for (const char* at = text.data();;) {
    at = std::search(at, text.data() + text.size(), searcher);
    if (at == text.data() + text.size()) return false;
    at += name.size();
    std::size_t next = skip(skip(static_cast<std::size_t>(at - text.data()), "_"), " \t");
    if (next == text.size() || text[next] != '(') continue;
    next = skip(skip(next + 1, " \t"), "_");
    if (next < text.size() && text[next] == first) return true;
  }
}

}  // namespace

bool reads_files(std::string_view text) { return contains_any(text, kReadsFile); }

bool asks_for_places(std::string_view text) { return contains_any(text, kAsksForPlace); }

bool is_decided_by_cpu(std::string_view text) {
  const std::string own_text = without_compiler_headers(text);
  return contains_any(own_text, kDecidedByCpu) || has_attribute(own_text, "target", '"') ||
         has_attribute(own_text, "mode", 'V');
}

std::vector<std::string> headers_of(std::string_view text) {
  std::vector<std::string> headers;
  std::unordered_set<std::string> known;
  for_each_piece(text, '\n', [&](std::string_view line) {
    auto header = entered_header(line);
    if (header && known.insert(*header).second) headers.push_back(std::move(*header));
  });
  return headers;
}

std::string without_places(std::string_view text) {
  return filtered(text, [](std::string_view line) { return !is_place(line); });
}

std::string places_of(std::string_view text) {
  std::string result;
  std::size_t others = 0;
  for_each_piece(text, '\n', [&](std::string_view line) {
    if (!is_place(line)) {
      ++others;
      return;
    }
    result += std::to_string(others);
    result += line;
    result += '\n';
  });
  return result;
}

std::string without_markers_of(std::string_view text, std::string_view header) {
  return filtered(text, [&](std::string_view line) {
    if (!is_marker(line)) return true;
    const auto has = [&](std::string_view word) { return line.find(word) != std::string_view::npos; };
    return !std::ranges::any_of(kBuiltIn, has) && (header.empty() || !has(header));
  });
}

}  // namespace xaas
