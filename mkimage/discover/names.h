// Words in the names of options: "ENABLE_KOKKOS_CUDA" is ENABLE, KOKKOS and CUDA.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// ASCII letters in capitals, or in small letters; other bytes stay.
std::string upper(std::string_view text);
std::string lower_case(std::string_view text);

// The words of a name in capitals. Words end at `_`, `-`, `.`, and other characters that are no letter and no digit.
std::vector<std::string> name_words(std::string_view name);

std::string joined_words(const std::vector<std::string>& words);
// The text without '_'.
std::string squeezed(std::string_view joined_words);

// The text without blanks at its ends.
std::string_view without_blanks(std::string_view text);

// Whether the text is a name as programs have: letters, digits and `_`, not beginning with a digit.
bool is_identifier(std::string_view text);

}  // namespace xaas
