// Errors as values, which every module boundary of the project returns. A message is one line that says what went
// wrong, where, and how to mend it. Further lines, if there are any, are advice.
#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace xaas {

enum class Code {
  invalid,      // the input is not what it claims to be, or is damaged
  not_found,    // a named thing does not exist
  unsupported,  // valid, but this build or this host cannot do it
  io,           // the operating system refused a read or a write
  permission,   // not allowed
  failed,       // a child process or a step of the work failed
  interrupted,  // the caller asked to stop
  exhausted,    // there was not enough memory
};

struct Error {
  Code code;
  std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

// The result of fail(Code::io, "cannot read {}: {}", path, why) converts to any Result.
template <typename... Args>
tl::unexpected<Error> fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// Returns `what` followed by the text of errno. EACCES and EPERM give Code::permission, ENOENT gives Code::not_found,
// and every other value gives Code::io. It reads errno, so call it right after the failure.
tl::unexpected<Error> fail_errno(const std::string& what);

}  // namespace xaas

// XAAS_TRY(status): if `status` is an error, returns that error to the caller.
#define XAAS_TRY(expression)                                                 \
  do {                                                                       \
    if (auto xaas_status_ = (expression); !xaas_status_)                     \
      return tl::unexpected<::xaas::Error>(std::move(xaas_status_.error())); \
  } while (false)

// XAAS_ASSIGN(auto x, result): x becomes the value of `result`. If `result` is an error, returns that error to the
// caller.
#define XAAS_CONCAT_(a, b) a##b
#define XAAS_CONCAT(a, b) XAAS_CONCAT_(a, b)
#define XAAS_ASSIGN(declaration, expression) XAAS_ASSIGN_(XAAS_CONCAT(xaas_result_, __LINE__), declaration, expression)
#define XAAS_ASSIGN_(temporary, declaration, expression)                              \
  auto temporary = (expression);                                                      \
  if (!temporary) return tl::unexpected<::xaas::Error>(std::move(temporary.error())); \
  declaration = std::move(*temporary)
