// Follows the CMake files of a project without running anything. Code whose condition is false is followed too, because
// choices may be declared there, but what it sets does not count. Where a condition depends on the host, both ways are
// followed, and what they set differently becomes unknown.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "mkimage/discover/cmake_condition.h"
#include "mkimage/discover/cmake_points.h"
#include "mkimage/discover/cmake_syntax.h"
#include "mkimage/discover/cmake_values.h"
#include "mkimage/discover/source_tree.h"

namespace xaas {

class CmakeInterpreter {
 public:
  CmakeInterpreter(SourceTree& tree, BuildDescription& build);

  // Follows CMakeLists.txt at the top of the tree. What is wrong in the files, or passes a limit, becomes a note of the
  // description. Time is bounded by limits on the commands that are followed and the text that they make.
  void run();

 private:
  using Words = std::vector<std::string>;
  enum class Mode { live, maybe, dead };
  enum class Flow { next, leave_loop, next_round, leave_body };

  struct Function {
    const CmakeNode* node = nullptr;
    bool is_macro = false;
    std::string file;
  };
  // A function, macro or file that is being followed.
  struct Frame {
    BuildPlace place;  // of the call
    Words arguments;
    std::string written;
    std::string callee;
  };
  struct Condition {
    std::string text;  // "" if neither the user nor the host decides
    std::string guard;
    std::vector<std::string> conjuncts;  // variables that must be on, beside others: A in `A AND NOT B`
    std::string asked;                   // the condition as it is written and as it is expanded
    std::string required;                // the variable, if the condition is that exactly one has no value
    bool is_users = false;               // a choice of the user or of the host decides
    bool is_of_host = false;             // not one of the user
    bool is_open = false;                // whether it holds is unknown: the host decides
    bool is_of_compiler = false;         // and it holds if the compiler can do all that the build tries with it
    bool is_elsewhere = false;           // it asks for another system than Linux
    bool says_deprecated = false;        // a message of the branch calls the guard deprecated
  };
  struct Call {
    const CmakeCommand& command;
    Words words;
  };
  using Handler = void (CmakeInterpreter::*)(const Call&);
  static const std::map<std::string_view, Handler>& handlers();

  // Following code.
  Flow run_nodes(const std::vector<CmakeNode>& nodes);
  Flow run_node(const CmakeNode& node);
  Flow run_if(const CmakeNode& node);
  // Whether a condition holds, or a branch is taken: as far as it is known, and if the compiler can do all that the
  // build tries with it.
  struct Decision {
    Truth truth = Truth::yes;
    Truth if_able = Truth::yes;
  };
  Flow run_branch(const CmakeBranch& branch, Mode mode, Decision taken, std::string text);
  Flow run_foreach(const CmakeNode& node);
  Flow run_while(const CmakeNode& node);
  Flow run_loop_body(const CmakeNode& node);
  void run_command(const CmakeCommand& command);
  void call_function(const Function& function, const Call& call);
  void run_file(const std::string& path, const Call& call);
  const CmakeFile* parsed(const std::string& path);
  void merge(std::vector<CmakeVariables::Changes> ways, bool is_exhaustive);
  bool declares(const std::string& function);
  bool has_declaration(const std::vector<CmakeNode>& nodes);
  bool is_running(const std::string& callee) const;
  bool use_up(std::size_t work);
  std::size_t work_of(const Call& call);
  bool is_removal_by_host(const Call& call) const;

  // Expanding arguments.
  Words expand_arguments(const CmakeCommand& command);
  std::string expand(std::string_view text, int depth = 0);
  std::string expand_reference(std::string_view text, std::size_t& at, int depth);
  std::optional<std::string> lookup(const std::string& name);

  // Conditions.
  Decision decide(const CmakeCommand& command, std::string& text);
  Truth decide(const std::vector<ConditionWord>& words);
  ConditionFacts facts();
  ConditionFacts facts_if_able();
  void note_comparisons(const CmakeCommand& command);
  void note_elements(const std::string& name, const std::string& list);
  bool depends_on_choice(const CmakeCommand& command, const std::string& text) const;

  // Commands.
  void do_set(const Call& call);
  void do_unset(const Call& call);
  void do_option(const Call& call);
  void do_dependent_option(const Call& call);
  void do_set_property(const Call& call);
  void do_include(const Call& call);
  void do_add_subdirectory(const Call& call);
  void do_find_package(const Call& call);
  void do_pkg_check_modules(const Call& call);
  void follow_module(const std::string& package, const Call& call);
  bool is_unconditional() const;
  void do_link_libraries(const Call& call);
  void do_file(const Call& call);
  void do_find_file(const Call& call);
  void do_configure_file(const Call& call);
  void do_project(const Call& call);
  void do_minimum_version(const Call& call);
  void do_policy(const Call& call);
  void do_enable_language(const Call& call);
  void do_add_target(const Call& call);
  void do_message(const Call& call);
  void do_return(const Call& call);
  void do_break(const Call& call);
  void do_continue(const Call& call);
  void do_include_guard(const Call& call);
  void do_unknown(const Call& call);
  void do_nothing(const Call&) {}

  CmakeContext context(const Call& call) const;
  void note_required(const Call& call);
  bool yields_to_user(const std::string& name) const;
  void set_variable(const std::string& name, std::optional<std::string> value);
  void set_version(const std::string& prefix, const std::string& version);
  void note_replacement(const Call& call, const std::string& name);
  std::string in_source(const std::string& path) const;  // relative to the tree, or "\x01" if it is not there
  std::string absolute(const std::string& path) const;
  void note(std::string text);

  SourceTree& tree_;
  BuildDescription& build_;
  CmakePoints points_;
  CmakeVariables variables_;
  std::map<std::string, CmakeFile> files_;
  std::map<std::string, Function> functions_;
  std::map<std::string, bool> declares_;
  std::set<std::string> targets_;
  std::set<std::string> guarded_;
  std::set<std::string> templates_;  // of configure_file
  std::map<std::string, int> runs_;  // of files
  std::set<std::string> found_prefixes_;
  std::set<std::string> compiler_checks_;  // variables that say whether the compiler takes an option or a source
  std::vector<Frame> frames_;
  std::vector<Condition> conditions_;
  std::map<std::string, std::string> macro_arguments_;
  std::set<std::string> foreign_directories_;
  std::string file_;
  std::size_t line_ = 0;
  Mode mode_ = Mode::live;
  Flow flow_ = Flow::next;
  bool option_yields_ = false;    // policy CMP0077: a normal variable wins over option()
  std::string minimum_file_;      // that names the least version of CMake
  bool is_minimum_live_ = false;  // whether that call runs on every host
  std::size_t modules_ = 0;       // for packages, that are being followed
  std::size_t depth_ = 0;         // blocks, calls and files within each other
  std::size_t commands_ = 0;
  std::size_t bytes_ = 0;
  bool is_exhausted_ = false;
};

}  // namespace xaas
