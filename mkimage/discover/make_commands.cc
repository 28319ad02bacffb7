// See make_commands.h.
#include "mkimage/discover/make_commands.h"

#include <algorithm>
#include <set>
#include <utility>

#include "format/base/text.h"

namespace xaas {
namespace {

constexpr std::size_t kMaxSteps = 1000;  // from directory to directory, in one command
constexpr std::size_t kMaxPath = 1000;   // bytes

// Words end at blanks and quotes. What separates commands is a word: ";" for all of `;&|`, "(" and ")". "$(MAKE)" is
// one word.
std::vector<std::string> words_of(std::string_view command) {
  // "@-+" in front tell make how to run the command.
  command.remove_prefix(std::min(command.find_first_not_of(" \t@-+"), command.size()));
  std::vector<std::string> words(1);
  const auto end_word = [&] {
    if (!words.back().empty()) words.emplace_back();
  };
  std::size_t references = 0;  // "$(" that are open
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    const bool opens = c == '(' && i > 0 && command[i - 1] == '$';
    const bool closes = c == ')' && references > 0;
    if (opens) ++references;
    if (closes) --references;
    const bool is_inside = opens || closes;
    const bool separates = !is_inside && std::string_view(";&|()").find(c) != std::string_view::npos;
    const bool is_blank = std::string_view(" \t@\"").find(c) != std::string_view::npos;
    if (separates || is_blank) end_word();
    if (!is_blank) words.back() += c == '&' || c == '|' ? ';' : c;
    if (separates) end_word();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

bool is_make(std::string_view word) {
  return word == "make" || word == "gmake" || word == "$(MAKE)" || word == "${MAKE}";
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Goes through a command as the shell does, with each `for` once, for all its words together.
class MakeCommand {
 public:
  explicit MakeCommand(std::vector<std::string> words) : words_(std::move(words)) {}

  MakeDirectories directories() {
    for (std::size_t i = 0; i < words_.size() && found_.is_whole; ++i) take(i);
    end_call();
    found_.is_whole = found_.is_whole && !is_cut_;
    return std::move(found_);
  }

 private:
  using Directories = std::vector<std::string>;

  void take(std::size_t i) {
    const std::string& word = words_[i];
    const std::string next = i + 1 < words_.size() ? words_[i + 1] : "";
    const bool separates = word == ";" || word == "(" || word == ")";
    if (separates) end_call();
    if (separates || word == "do") is_list_ = false;
    if (is_list_ && looped_.size() < kMaxMakeDirectories) {
      looped_.push_back(word);
    } else if (is_list_) {
      is_cut_ = true;
    }
    if (word == "in" && i >= 2 && words_[i - 2] == "for") {
      looped_.clear();
      is_list_ = true;
    }
    // In parentheses, `cd` is for what stands there.
    if (word == "(" && may_step(here_.size())) outer_.push_back(here_);
    if (word == ")" && !outer_.empty()) {
      here_ = std::move(outer_.back());
      outer_.pop_back();
    }
    if (word == "cd") change_to(next);
    if (is_make(word) && may_step(here_.size())) {
      called_ = here_;
      is_call_ = true;
    }
    if (word == "-C" && is_call_) called_ = joined(called_, next);
  }
  void change_to(const std::string& name) {
    if (name == "-" || name == "$$OLDPWD") return std::swap(here_, before_);
    const bool is_unknown = name.starts_with("$$") && looped_.empty();
    if (is_unknown || name.empty() || name == ";" || name == ")") return;
    before_ = here_;
    here_ = joined(here_, name);
  }
  void end_call() {
    if (!std::exchange(is_call_, false)) return;
    for (std::string& name : called_) {
      if (name.empty() || !known_.insert(name).second) continue;
      if (found_.names.size() >= kMaxMakeDirectories) return void(found_.is_whole = false);
      found_.names.push_back(std::move(name));
    }
  }
  // `name` in each of the directories. A variable of the shell stands for what is looped over. ".." leaves the last
  // part of a directory, which may be a variable.
  Directories joined(const Directories& directories, const std::string& name) {
    const Directories& names = name.starts_with("$$") ? looped_ : (single_ = {name});
    Directories all;
    for (const std::string& directory : directories) {
      for (const std::string& below : names) {
        const bool is_below = !directory.empty() && !below.starts_with('/');
        const bool is_long = directory.size() + below.size() > kMaxPath;
        if (is_long || !may_step(1)) return found_.is_whole = false, all;
        if (below == ".." && is_below && last_part(directory) != "..") {
          all.push_back(
              directory.substr(0, directory.size() - std::min(last_part(directory).size() + 1, directory.size())));
          continue;
        }
        all.push_back(is_below ? directory + "/" + below : below);
      }
    }
    return all;
  }

  bool may_step(std::size_t steps) {
    steps_ += steps;
    found_.is_whole = found_.is_whole && steps_ <= kMaxSteps;
    return found_.is_whole;
  }

  std::vector<std::string> words_;
  MakeDirectories found_;
  std::set<std::string> known_;
  Directories looped_;  // what a `for` goes through
  Directories single_;
  bool is_list_ = false;
  bool is_cut_ = false;             // whether a list had more words than are followed
  Directories here_ = {""};         // where the command is
  Directories before_ = {""};       // where it was before the last `cd`
  std::vector<Directories> outer_;  // where it was before each "(" that is open
  Directories called_;              // where a call of make begins to work
  bool is_call_ = false;
  std::size_t steps_ = 0;
};

bool calls_make(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (is_make(word)) return true;
  }
  return false;
}

}  // namespace

MakeDirectories directories_of_make(std::string_view command) {
  std::vector<std::string> words = words_of(command);
  return calls_make(words) ? MakeCommand(std::move(words)).directories() : MakeDirectories();
}

}  // namespace xaas
