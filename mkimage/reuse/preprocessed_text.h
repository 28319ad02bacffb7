// What the preprocessed text of a translation unit tells. The text has megabytes, and each function passes over it
// once. Implements spec/recipe.md, "What configurations share".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// Whether assembly in the text reads a file.
bool reads_files(std::string_view text);
// Whether the compiler may look at the places of things in the source, line by line. True for a text that asks for its
// own place, and for one with raw strings.
bool asks_for_places(std::string_view text);
// Whether the compiler decides by the CPU, before there is IR, something that no macro shows: how wide vectors are
// passed, or what a function's own target adds to. The compiler's own headers do not count; only their use does.
bool is_decided_by_cpu(std::string_view text);

// The headers that the text has come from, each once, in order: those that a line marker says are entered.
std::vector<std::string> headers_of(std::string_view text);

// The text without the lines that only tell where it came from: line markers and empty lines.
std::string without_places(std::string_view text);
// The lines that without_places() leaves out, each with the number of other lines before it. The two results together
// hold the whole text.
std::string places_of(std::string_view text);
// The text without the line markers of `header`, which may be empty, and of the predefined macros. The latter count the
// macros, so every option for the CPU would change the text.
std::string without_markers_of(std::string_view text, std::string_view header);

// A part of the paths of the compiler's own headers.
inline constexpr std::string_view kCompilerHeaders = "/lib/clang/";

}  // namespace xaas
