// The oldest version of glibc's symbols on the architecture for which the tests are compiled.
#pragma once

namespace xaas::test {

#if defined(__aarch64__)
inline constexpr const char* kOldestLibc = "GLIBC_2.17";
#else
inline constexpr const char* kOldestLibc = "GLIBC_2.2.5";
#endif

}  // namespace xaas::test
