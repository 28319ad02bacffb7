// The values of a configure script's options, as far as only its `case` statements tell them; see spec/discovery.md,
// "Other build systems".
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mkimage/discover/build_description.h"
#include "mkimage/discover/shell_cases.h"

namespace xaas {

class OptionCases {
 public:
  // An option, and what the script does if the user gives it.
  void note_option(const std::string& name, FlagForm form, const std::string& action);
  // A part of the script.
  void note_text(const std::string& text);
  // Gives values to options that have none. If other values are no error, the choice is open.
  void add_values(std::vector<BuildPoint>& points);
  // The name of the point whose answer the variable holds; "" if there is none.
  std::string point_of(const std::string& variable, const std::vector<BuildPoint>& points) const;
  // Whether no limit left out statements, or values.
  bool is_whole() const { return is_whole_; }

 private:
  using Option = std::pair<std::string, FlagForm>;
  struct Values {
    std::vector<std::string> texts;
    std::set<std::string> known;
    bool is_closed = false;
  };
  std::vector<ShellCase> cases_in(const std::string& text);
  void note(ShellCase found);
  void join(Values& values, const ShellCase& found);

  std::map<std::string, Option> holders_;  // by the variables that hold what the user gives
  std::vector<ShellCase> cases_;
  bool is_whole_ = true;
};

}  // namespace xaas
