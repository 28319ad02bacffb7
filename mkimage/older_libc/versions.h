// Symbol versions of the libraries in this folder. They stand for what a newer libc defines, so they must not need it
// themselves.
#pragma once

// The version of what glibc has always had on this architecture.
#if defined(__x86_64__)
#define OLDEST_LIBC "GLIBC_2.2.5"
#define OLDEST_WITH_64_SIGNALS "GLIBC_2.3.3"  // of sys_siglist
#elif defined(__aarch64__)
#define OLDEST_LIBC "GLIBC_2.17"
#define OLDEST_WITH_64_SIGNALS OLDEST_LIBC
#endif

#define EXPORTED __attribute__((visibility("default")))

// Makes `name` stand for `symbol` of libc, in this version of it.
#define REFERENCE(name, symbol, version) __asm__(".symver " #name "," #symbol "@" version);
