// See tool_main.h.
#include "format/base/tool_main.h"

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "format/base/text.h"

namespace xaas {
namespace {

constexpr const char* kNotWritten = "cannot write to standard output";

// printable(), except that backslashes stay as they are: they stand in commands that people copy.
std::string harmless(std::string_view line) {
  std::string text;
  while (true) {
    const std::size_t backslash = line.find('\\');
    text += printable(line.substr(0, backslash));
    if (backslash == std::string_view::npos) return text;
    text += '\\';
    line.remove_prefix(backslash + 1);
  }
}

Status flush_output() {
  if (std::fflush(stdout) != 0) return fail_errno(kNotWritten);
  if (std::ferror(stdout) != 0) return fail(Code::io, "{}", kNotWritten);  // a write failed before, unnoticed
  return {};
}

Error describe(const std::exception& exception) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr)
    return {Code::exhausted, "there is not enough memory"};
  const auto* system = dynamic_cast<const std::system_error*>(&exception);
  if (system != nullptr && std::ferror(stdout) != 0) {
    return {Code::io, fmt::format("{}: {}", kNotWritten, system->code().message())};
  }
  return {Code::failed, exception.what()};
}

Result<int> run(const std::function<Result<int>()>& work) {
  try {
    return work();
  } catch (const std::exception& exception) {
    return tl::unexpected(describe(exception));
  }
}

}  // namespace

Status print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
  return fail_errno(kNotWritten);
}

int report(std::string_view tool, const Error& error) {
  std::string_view left = error.message;
  while (true) {
    const std::size_t end = left.find('\n');
    const std::string line = fmt::format("{}: {}\n", tool, harmless(left.substr(0, end)));
    static_cast<void>(std::fputs(line.c_str(), stderr));
    if (end == std::string_view::npos) return kFailed;
    left.remove_prefix(end + 1);
  }
}

int tool_main(std::string_view tool, const std::function<Result<int>()>& work) {
  const Result<int> status = run(work);
  const Status flushed = flush_output();
  if (!status) return report(tool, status.error());
  if (flushed) return *status;
  report(tool, flushed.error());
  return *status == kDone ? kFailed : *status;
}

}  // namespace xaas
