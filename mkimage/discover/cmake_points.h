// The choices that a run of CMake declares, and the packages that it looks for.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "mkimage/discover/build_description.h"

namespace xaas {

// Where the source and the build seem to be, so that what is found does not depend on where they are.
inline constexpr std::string_view kCmakeSourceRoot = "/xaas-source";
inline constexpr std::string_view kCmakeBinaryRoot = "/xaas-build";

// Where the interpreter is when something is declared.
struct CmakeContext {
  std::vector<BuildPlace> places;  // of the command, then of the calls that led to it, the innermost first
  std::vector<std::vector<std::string>> arguments;  // of the command and these calls, expanded
  std::vector<std::string> written;                 // the same as in the files, each as one text
  std::string condition;                            // "" if there is none on which the user or the host decides
  std::string guard;                                // the variable, if the condition is exactly one
  std::vector<std::string> guards;                  // all variables that conditions ask for alone, the innermost last
  bool is_live = true;                              // whether it runs with all defaults
  bool is_possible = true;                          // whether it may run with all defaults: the host decides
  bool is_always = true;                            // whether it runs whatever the user chooses
  bool is_of_host = false;                          // whether only the host decides if it runs
  bool is_of_compiler = true;                       // whether it runs if the compiler can do what the build tries
  bool is_elsewhere = false;                        // whether it runs only on other systems than Linux
  bool is_foreign = false;
  bool is_of_module = false;  // within a module that looks for a package
};

struct CmakeDeclaration {
  std::string name;
  PointKind kind = PointKind::boolean;
  std::string default_value;
  std::string help;
  std::string condition;   // beside that of the context
  bool is_offered = true;  // beside that of the context
  bool is_forced = false;  // the files decide, whatever the user gives
};

// Collects points and packages into a description. A point that is declared again keeps what it was first, as CMake's
// cache does, but a declaration that is live wins over one that is not.
class CmakePoints {
 public:
  explicit CmakePoints(BuildDescription& build) : build_(build) {}

  void declare(const CmakeDeclaration& declaration, const CmakeContext& context);
  bool is_declared(const std::string& name) const { return index_.contains(name); }
  // Choices of set_property(CACHE name PROPERTY STRINGS …).
  void set_choices(const std::string& name, const std::vector<std::string>& values, const CmakeContext& context);
  // The point is hidden from the user.
  void hide(const std::string& name, const CmakeContext& context);
  void use_package(const std::string& name, const std::string& version, bool is_required, const CmakeContext& context);
  // The build links something with this library or target.
  void link(const std::string& name, const CmakeContext& context);

  // A variable that a condition asks for and that is not set.
  void ask_unset(const std::string& name, const CmakeContext& context);
  // A variable that gets `value` only if the user has given it none: `if(NOT DEFINED X) set(X value)`.
  void ask_unset(const std::string& name, const CmakeContext& context, const std::string& value);
  // A condition compares the variable with that text.
  void note_comparison(const std::string& name, const std::string& text);
  void note_set(const std::string& name) { set_.insert(name); }
  void note_preset(const std::string& name) { preset_.insert(name); }
  void note_option(const std::string& name) { options_.insert(name); }
  // Something in the files depends on the variable.
  void note_read(const std::string& name) { read_.insert(name); }
  // A branch says that `old_name` is deprecated, and turns on `name` in its place.
  void replace_deprecated(const std::string& old_name, const std::string& name, const CmakeContext& context);

  // Adds what is known only at the end: points for variables that the build asks for and never sets or declares, and
  // values of texts that conditions compare with them. `is_whole` says whether all files were followed.
  void finish(bool is_whole);

 private:
  // How sure it is that what is said in a place counts.
  enum class Certainty { none, possible, live };
  static Certainty certainty_of(const CmakeContext& context);

  struct ComparedTexts {
    std::vector<std::string> texts;
    std::unordered_set<std::string> known;  // the same
  };

  BuildPoint* find(const std::string& name);
  static UsedPackage package_at(const std::string& name, const CmakeContext& context);
  void note_values(const std::string& name);
  void add_compared_values();
  void give_away_presets();
  void add_implicit_point(const std::string& name, const BuildPlace& place, const std::string& value = "OFF");

  BuildDescription& build_;
  std::map<std::string, std::size_t> index_;
  std::map<std::string, Certainty> certainties_;         // of the declaration that a point has
  std::map<std::string, Certainty> choice_certainties_;  // of the values that it has
  struct Fallback {
    BuildPlace place;
    std::string value;
  };
  std::map<std::string, BuildPlace> asked_;
  std::map<std::string, Fallback> fallbacks_;  // of variables that the user may give
  std::map<std::string, ComparedTexts> compared_;
  std::map<std::string, BuildPlace> replacements_;
  std::map<std::string, std::size_t> links_;  // how often each name was linked with
  std::set<std::string> set_;
  std::unordered_set<std::string> read_;
  std::set<std::string> preset_;   // by set(… CACHE …)
  std::set<std::string> options_;  // by option()
  std::set<std::string> deprecated_;
  std::set<std::string> forced_;    // points of which only forced declarations are known
  std::size_t compared_texts_ = 0;  // of all names
  bool has_noted_values_ = false;
};

// A declaration that a command makes whose definition is not in the source, as far as its arguments tell:
//   name, text, on or off            name, text, default, values with the default among them
//   name, on or off, text            FEATURE name DEFAULT on-or-off DESCRIPTION text
// The name of such a command has the word "option".
struct ShapedDeclaration {
  CmakeDeclaration declaration;
  std::vector<std::string> values;
};
std::optional<ShapedDeclaration> declaration_by_shape(const std::string& command,
                                                      const std::vector<std::string>& arguments);

// The package BLAS that a module DEMO_FindBLAS finds, which a project has for itself; "" for other modules.
std::string package_of_module(const std::string& module);

}  // namespace xaas
