// What can be told of a translation unit by the text that the preprocessor makes of it, which has megabytes: each of
// these passes over it once. Implements spec/recipe.md, "What configurations share".
#pragma once

#include <string>
#include <string_view>

namespace xaas {

// Whether assembly in the text reads a file.
bool reads_files(std::string_view text);
// Whether the compiler may look at where in the source something is, line by line: for what asks for its own place, for
// text within raw strings.
bool asks_for_places(std::string_view text);
// Whether the compiler decides by the CPU, before there is IR, what no macro tells: how wide vectors are handed over,
// what a function's own target adds to. Of the compiler's own headers, it matters who uses them.
bool is_decided_by_cpu(std::string_view text);

// The text without what only tells where it came from: line markers and empty lines.
std::string without_places(std::string_view text);
// What without_places() leaves out, and behind how many other lines: the two together say what the text says.
std::string places_of(std::string_view text);
// The text without the markers that tell of `header`, which may be empty, and of the predefined macros: those count
// them, so that each option for the CPU would change the text.
std::string without_markers_of(std::string_view text, std::string_view header);

// Part of the names of the compiler's own headers.
inline constexpr std::string_view kCompilerHeaders = "/lib/clang/";

}  // namespace xaas
