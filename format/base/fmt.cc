// The fmt library, compiled once. Debian has it only as a shared library, and its header-only form doubles the time of
// a build.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {
// The templates that <fmt/format.h> declares `extern`, for the one kind of character that we print.
template thousands_sep_result<char> thousands_sep_impl<char>(locale_ref);
template char decimal_point_impl<char>(locale_ref);
}  // namespace detail
FMT_END_NAMESPACE
