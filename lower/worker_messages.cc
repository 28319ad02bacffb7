// See worker_messages.h.
#include "lower/worker_messages.h"

#include <sys/wait.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <system_error>
#include <vector>

#include "format/base/text.h"
#include "lower/link_units.h"

namespace xaas {
namespace {

constexpr std::size_t kLineKept = 1000;

std::string last_line(std::string_view messages) {
  while (!messages.empty() && (messages.back() == '\n' || messages.back() == ' ')) messages.remove_suffix(1);
  return harmless(messages.substr(messages.rfind('\n') + 1));
}

std::string signal_name(int number) {
  const char* text = sigdescr_np(number);
  return fmt::format("signal {} ({})", number, text == nullptr ? "unknown" : text);
}

}  // namespace

std::string harmless(std::string_view text) { return printable(text.substr(0, kLineKept)); }

// LLVM prints "Running pass 'x' on module 'units/3.bc'".
std::string unit_at_work(const Job& job, std::string_view messages) {
  constexpr std::string_view kStack = "Stack dump:";
  const std::string unit_prefix = fmt::format("{}/", kUnitDirectory);
  messages = messages.substr(std::min(messages.find(kStack), messages.size()));
  const std::size_t at = messages.find(unit_prefix);
  if (at == std::string_view::npos) return "";
  std::size_t number = 0;
  const char* digits = messages.data() + at + unit_prefix.size();
  const auto parsed = std::from_chars(digits, messages.data() + messages.size(), number);
  const std::vector<LinkUnit> units = link_units(job.recipe);
  return parsed.ec == std::errc() && number < units.size() ? units[number].input->name : "";
}

std::string work_of(const Job& job, std::string_view messages) {
  const std::string unit = unit_at_work(job, messages);
  return unit.empty() ? job.recipe.output : fmt::format("{} of {}", unit, job.recipe.output);
}

std::string describe_end(int status, const Job& job, std::string_view messages) {
  std::string text;
  const std::string what = work_of(job, messages);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
    text = fmt::format("the worker was killed for a system call that workers may not make, while lowering {}", what);
  } else if (WIFSIGNALED(status)) {
    text = fmt::format("the worker was killed by {} while lowering {}", signal_name(WTERMSIG(status)), what);
  } else {
    text = fmt::format("the worker ended with status {} and no result while lowering {}", WEXITSTATUS(status), what);
  }
  const std::string line = last_line(messages);
  return line.empty() ? text : text + ": " + line;
}

}  // namespace xaas
