// Turns errno into an Error; see error.h.
#include "format/base/error.h"

#include <cerrno>
#include <cstring>

namespace xaas {
namespace {

Code code_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return Code::permission;
    case ENOENT:
      return Code::not_found;
    default:
      return Code::io;
  }
}

}  // namespace

tl::unexpected<Error> fail_errno(const std::string& what) {
  const int error = errno;
  char buffer[128];
  return fail(code_of(error), "{}: {}", what, strerror_r(error, buffer, sizeof buffer));
}

}  // namespace xaas
