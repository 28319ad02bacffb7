// The points of a recipe file, made of a discovery. Implements spec/discovery.md, "Recipe file".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mkimage/discover/discovery.h"

namespace xaas {

// A value as the recipe file has it, or has it in a comment because of `obstacle`.
struct RecipeValue {
  std::string name;
  std::string substitute;
  int rank = 0;
  const KnownTerm* term = nullptr;
  bool on_host = false;            // it is built on the host, which needs `term->on_host`
  std::vector<std::string> tools;  // of these, with versions
  std::string obstacle;
};

struct RecipePoint {
  std::string name;
  std::string variable;  // that holds the substitute in commands
  std::string note;
  std::string obstacle;  // of all values
  std::string default_name;
  std::vector<RecipeValue> values;

  // Whether the recipe file has the point, and not only in a comment: the image can have a value.
  bool is_active() const;
};

// Whether the shell leaves the text one word, as it is, where a command names the variable that holds it.
bool is_plain_word(std::string_view text);

// A point for each choice that was classified. What the terms point to must outlive the result.
std::vector<RecipePoint> recipe_points(const Discovery& discovery, const Knowledge& knowledge);

}  // namespace xaas
