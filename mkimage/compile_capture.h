// Runs one compile as part of a capturing build: real objects as the project asked for, which also carry ThinLTO
// pre-link bitcode. Implements spec/lowering.md, "Canonical form", as far as the compiler's flags go.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mkimage/capture_cache.h"
#include "mkimage/capture_environment.h"
#include "mkimage/compiler_options.h"
#include "mkimage/process.h"

namespace xaas {

struct Compilation {
  std::string compiler;                // absolute path of the real one
  std::vector<std::string> arguments;  // as the project gave them, without -march=native, with GCC's tolerance
  CompilerCommand command;             // what they mean
  std::string fallback = {};           // absolute path of the compiler that was called by name, where that is another
  CompilerRole role = CompilerRole::c;
  std::vector<std::string> fallback_arguments = {};  // for that one: without options of ours
};

// The project's arguments with ours behind them, which win. `extra` goes to the very end.
std::vector<std::string> capturing_arguments(const CaptureEnvironment& environment, const Compilation& compilation,
                                             const std::vector<std::string>& extra);

// The same command with less of what it says of the CPU, from the least, where that can be taken away; the record keeps
// what was asked.
std::vector<Compilation> with_less_isa(const Compilation& compilation);

struct PlainRun {
  int code = 0;                        // exit status
  std::optional<std::string> refusal;  // the compiler's first message, where the fallback ran
};
// Runs the command as the project gave it, with the compiler; where that cannot do it and there is a fallback, with
// that one, whose messages are then the ones to be seen. `variables` are for the compiler; `again` gives those of the
// other one, from the compiler's first message.
PlainRun run_as_asked(const Compilation& compilation, Variables variables,
                      const std::function<Variables(const std::string& refusal)>& again = {});
// Puts a file in the place of one that was there, as compilers write; never in the place of a device.
Status replace_file(const std::filesystem::path& path, std::string_view content);
// The object that compiling `input` makes.
std::filesystem::path object_of(const Compilation& compilation, const CompilerInput& input);

// Writes the object that a compile of the command's only input made, and says what the compiler said.
Status replay(const Compilation& compilation, const CompileResult& result);

// Reasons in records.
std::string does_not_compile(const std::string& message);
std::string does_not_compile_to_bitcode(const std::string& message);

// Runs the compiler, records what it made and returns its exit status. A capture that does not work out never shows:
// the compiler is run as the project asked, and the object stays native, with the reason in its record.
int compile_and_capture(const CaptureEnvironment& environment, const Compilation& compilation);

// What a compile of one source left behind.
struct CompiledUnit {
  std::string source;       // as on the command line
  std::string target;       // the object file; of one that is temporary, the file that it is linked into
  std::string_view object;  // bytes of the object file
  std::optional<std::string_view> bitcode;  // of the same unit
  std::vector<std::string> headers = {};    // that it read
  std::optional<UnitIdentity> identity = {};
  bool is_shared = false;  // nothing was compiled for it
};
void record_unit(const CaptureEnvironment& environment, const Compilation& compilation, const CompiledUnit& unit);
// The bitcode that clang put into an object.
std::optional<std::string_view> embedded_bitcode(std::string_view object);

// Has the compiler write the names of the headers that it reads, which changes nothing else that it does. The list is
// removed on destruction.
class HeaderList {
 public:
  explicit HeaderList(const CaptureStore& store);
  ~HeaderList();
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  Variables variables() const;  // for the compiler's environment
  const std::filesystem::path& path() const { return path_; }
  std::vector<std::string> read() const;  // each once, in order

 private:
  std::filesystem::path path_;
};

// The headers that such a list names, each once, in order.
std::vector<std::string> read_header_list(const std::filesystem::path& path);

// A run of the compiler that may not work out: what it says is kept until that is known.
class TentativeRun {
 public:
  TentativeRun() = default;  // none yet: not ok()
  // The arguments include the program.
  TentativeRun(std::vector<std::string> arguments, Variables variables);
  bool ok() const { return code_ == 0; }
  int code() const { return code_; }  // as ExitStatus::shell_code()
  const std::string& output() const { return output_; }
  const std::string& messages() const { return messages_; }
  void pass_on_output() const;        // to our standard output and error
  std::string first_message() const;  // for a record

 private:
  int code_ = 1;
  std::string output_;
  std::string messages_;
};

}  // namespace xaas
