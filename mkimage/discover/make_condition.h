// What the conditions of makefiles ask for.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// The name in "$(X)", "${X}" or "$(strip ${X})"; "" for anything else.
std::string variable_in(std::string_view text);

// A condition as far as it asks for one variable.
struct MakeCondition {
  std::string variable;
  std::vector<std::string> values;  // with which it compares the variable, or words that it looks for in it; without ""
  bool looks_for_words = false;
  bool asks_for = false;  // it holds if the variable has a value, or one of these
};

// Reads "ifdef X", "ifeq ($(X),yes)" and "ifneq (,$(findstring x,$(X)))". `value_of` gives the text of a variable as it
// is assigned, for functions that a makefile defines: $(call asks,x) with "$(findstring $(1),$(X))". Nullopt if the
// condition asks for something else.
std::optional<MakeCondition> read_make_condition(std::string_view text,
                                                 const std::function<std::string(const std::string&)>& value_of);

}  // namespace xaas
