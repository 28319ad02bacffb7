// Runs compilers whose command may fail: keeps what they print, tries another compiler, and asks for the headers that
// they read.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/process.h"
#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_store.h"

namespace xaas {

struct PlainRun {
  int code = 0;                        // exit status
  std::optional<std::string> refusal;  // the compiler's first message, if the fallback ran
};
// Runs the command as the project gave it. If the compiler fails and there is a fallback, runs the fallback, and only
// the fallback's messages are shown. If it refuses a source and there is a last resort, which takes the source, the
// last resort counts, and the compiler's messages are not shown. `variables` are for the compiler. `again` returns the
// variables for the fallback; it gets the compiler's first message.
PlainRun run_as_asked(const Compilation& compilation, Variables variables,
                      const std::function<Variables(const std::string& refusal)>& again = {});

// A run of the compiler that may fail. What it prints is kept until that is known. A run for a project that may rely on
// GCC also fails if clang leaves out, with a warning, what changes the meaning of the program.
class TentativeRun {
 public:
  TentativeRun() = default;  // no run yet; ok() is false
  // The arguments include the program.
  TentativeRun(std::vector<std::string> arguments, Variables variables);
  // Runs the compilation's compiler. The arguments are without the program.
  TentativeRun(const Compilation& compilation, std::vector<std::string> arguments, Variables variables);
  bool ok() const { return code_ == 0 && left_out_.empty(); }
  int code() const { return code_; }  // as ExitStatus::shell_code()
  const std::string& output() const { return output_; }
  const std::string& messages() const { return messages_; }
  void pass_on_output() const;        // prints both to this process's standard output and error
  std::string first_message() const;  // for a record

 private:
  int code_ = 1;
  std::string output_;
  std::string messages_;
  std::string left_out_;  // the message that says it; empty if nothing was left out
};

// The first error among a compiler's messages, from "error:" to the end of the line, or else the first line.
std::string first_error(std::string_view messages);

// Whether the first error has a place in a file. Other errors, such as that of a full disk, may not occur again.
bool is_about_source(std::string_view messages);

// Makes the compiler write the names of the headers that it reads. Changes nothing else that the compiler does. Where
// the command asks for a rule of make without system headers (-MMD), the list is without them, too: clang's variables
// would bring them into the rule.
class HeaderList {
 public:
  explicit HeaderList(const CaptureStore& store) : file_(store, ".headers") {}
  // For a command with these arguments.
  HeaderList(const CaptureStore& store, const std::vector<std::string>& arguments);

  Variables variables() const;                 // for the compiler's environment
  std::vector<std::string> arguments() const;  // for clang's command line
  const std::filesystem::path& path() const { return file_.path(); }
  std::vector<std::string> read() const;  // each once, in order

 private:
  StoreFile file_;
  bool has_own_only_ = false;
};

// The headers that a list at `path` names, each once, in order.
std::vector<std::string> read_header_list(const std::filesystem::path& path);

// What a unit asked of the CPU: a macro or a built-in function that depends on -m options, or "vector_size(32)" or
// "vector_size(64)" for registers of so many bytes in which to pass vectors.
struct Ask {
  std::string name;
  bool is_defined = false;  // at the end of the unit, which may have defined a macro itself
  // Whether the compiler itself has it: '+' or '-', first for plain x86-64, then for each of the environment's levels.
  // The unit's own -m options count, but not its -march=.
  std::string answers;
  bool operator==(const Ask&) const = default;

  std::string label() const { return (is_defined ? '+' : '-') + name; }  // "+__SSE2__", "-__AVX2__"
  std::string line() const { return label() + " " + answers; }           // as the plugin writes it
};

// Reads Ask::line(). Nullopt if it is none.
std::optional<Ask> parse_ask(std::string_view line);

// Reads the file that the plugin asks_plugin.cc writes. Sorted by name.
std::vector<Ask> read_asks(const std::filesystem::path& path);

// Has the compiler note what a unit asks of the CPU, which changes nothing else that the compiler does. Nothing is
// noted if the environment names no plugin.
class AskList {
 public:
  explicit AskList(const CaptureEnvironment& environment)
      : environment_(environment), file_(environment.store(), ".asks") {}

  std::vector<std::string> arguments() const;  // for the compiler
  Variables variables() const;                 // for the compiler's environment
  std::vector<Ask> read() const { return read_asks(file_.path()); }

 private:
  const CaptureEnvironment& environment_;
  StoreFile file_;
};

// Replaces a regular file as compilers do. Never replaces a device.
Status replace_file(const std::filesystem::path& path, std::string_view content);

}  // namespace xaas
