// Running a compiler whose command may not work out: keeping what it says, trying another compiler, asking for the
// headers that it reads.
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
  std::optional<std::string> refusal;  // the compiler's first message, where the fallback ran
};
// Runs the command as the project gave it, with the compiler; where that cannot do it and there is a fallback, with
// that one, whose messages are then the ones to be seen. `variables` are for the compiler; `again` gives those of the
// other one, from the compiler's first message.
PlainRun run_as_asked(const Compilation& compilation, Variables variables,
                      const std::function<Variables(const std::string& refusal)>& again = {});

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

// The message about the error among a compiler's messages, or the first one.
std::string first_error(std::string_view messages);

// Has the compiler write the names of the headers that it reads, which changes nothing else that it does.
class HeaderList {
 public:
  explicit HeaderList(const CaptureStore& store) : file_(store, ".headers") {}

  Variables variables() const;  // for the compiler's environment
  const std::filesystem::path& path() const { return file_.path(); }
  std::vector<std::string> read() const;  // each once, in order

 private:
  StoreFile file_;
};

// The headers that such a list names, each once, in order.
std::vector<std::string> read_header_list(const std::filesystem::path& path);

// Puts a file in the place of one that was there, as compilers write; never in the place of a device.
Status replace_file(const std::filesystem::path& path, std::string_view content);

}  // namespace xaas
