// libxaas-libc.so: functions that newer versions of glibc have, for programs on older ones. A program looks here last,
// so libc's own functions are used where there are any. Functions of threads are in threads.c. Implements
// spec/image-format.md, section "Older libcs".
//
// The comment on a group says since which version glibc has it. The functions do what the manual pages say, and nothing
// here needs a glibc newer than 2.17.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "mkimage/older_libc/versions.h"

// 2.33: the files of stat(). Before, programs called __xstat() and its relatives. The kernel's struct is the same.

EXPORTED int stat(const char* path, struct stat* status) {
  return (int)syscall(SYS_newfstatat, AT_FDCWD, path, status, 0);
}

EXPORTED int lstat(const char* path, struct stat* status) {
  return (int)syscall(SYS_newfstatat, AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}

EXPORTED int fstat(int file, struct stat* status) { return (int)syscall(SYS_fstat, file, status); }

EXPORTED int fstatat(int directory, const char* path, struct stat* status, int flags) {
  return (int)syscall(SYS_newfstatat, directory, path, status, flags);
}

_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "the two are the same on 64-bit machines");
EXPORTED int stat64(const char*, struct stat64*) __attribute__((alias("stat")));
EXPORTED int lstat64(const char*, struct stat64*) __attribute__((alias("lstat")));
EXPORTED int fstat64(int, struct stat64*) __attribute__((alias("fstat")));
EXPORTED int fstatat64(int, const char*, struct stat64*, int) __attribute__((alias("fstatat")));

EXPORTED int mknodat(int directory, const char* path, mode_t mode, dev_t device) {
  if ((unsigned)device != device) {  // the kernel takes 32 bits
    errno = EINVAL;
    return -1;
  }
  return (int)syscall(SYS_mknodat, directory, path, mode, (unsigned)device);
}

EXPORTED int mknod(const char* path, mode_t mode, dev_t device) { return mknodat(AT_FDCWD, path, mode, device); }

// 2.30 and later: system calls.

EXPORTED pid_t gettid(void) { return (pid_t)syscall(SYS_gettid); }

EXPORTED int tgkill(pid_t group, pid_t thread, int signal) { return (int)syscall(SYS_tgkill, group, thread, signal); }

EXPORTED ssize_t getdents64(int directory, void* buffer, size_t size) {
  return syscall(SYS_getdents64, directory, buffer, size > INT_MAX ? INT_MAX : size);
}

EXPORTED int getcpu(unsigned* cpu, unsigned* node) { return (int)syscall(SYS_getcpu, cpu, node, NULL); }

EXPORTED int execveat(int directory, const char* path, char* const arguments[], char* const environment[], int flags) {
  return (int)syscall(SYS_execveat, directory, path, arguments, environment, flags);
}

// The milliseconds of a time, rounded up, so that nobody waits too short. -1 without a limit.
static int milliseconds_of(const struct timespec* limit) {
  if (limit == NULL) return -1;
  if (limit->tv_sec >= INT_MAX / 1000) return INT_MAX;
  return (int)(limit->tv_sec * 1000 + (limit->tv_nsec + 999999) / 1000000);
}

// Kernels before 5.11 have no call for it.
EXPORTED int epoll_pwait2(int epoll, struct epoll_event* events, int count, const struct timespec* limit,
                          const sigset_t* blocked) {
  const int error = errno;
  const int result = (int)syscall(SYS_epoll_pwait2, epoll, events, count, limit, blocked, _NSIG / 8);
  if (result >= 0 || errno != ENOSYS) return result;
  if (limit != NULL && (limit->tv_sec < 0 || limit->tv_nsec < 0 || limit->tv_nsec > 999999999)) {
    errno = EINVAL;
    return -1;
  }
  errno = error;
  return epoll_pwait(epoll, events, count, milliseconds_of(limit), blocked);
}

EXPORTED int pidfd_open(pid_t process, unsigned flags) { return (int)syscall(SYS_pidfd_open, process, flags); }

EXPORTED int pidfd_getfd(int process, int file, unsigned flags) {
  return (int)syscall(SYS_pidfd_getfd, process, file, flags);
}

EXPORTED int pidfd_send_signal(int process, int signal, siginfo_t* information, unsigned flags) {
  return (int)syscall(SYS_pidfd_send_signal, process, signal, information, flags);
}

EXPORTED ssize_t process_madvise(int process, const struct iovec* ranges, size_t count, int advice, unsigned flags) {
  return syscall(SYS_process_madvise, process, ranges, count, advice, flags);
}

EXPORTED int process_mrelease(int process, unsigned flags) {
  return (int)syscall(SYS_process_mrelease, process, flags);
}

EXPORTED int sched_setattr(pid_t thread, void* attributes, unsigned flags) {
  return (int)syscall(SYS_sched_setattr, thread, attributes, flags);
}

EXPORTED int sched_getattr(pid_t thread, void* attributes, unsigned size, unsigned flags) {
  return (int)syscall(SYS_sched_getattr, thread, attributes, size, flags);
}

EXPORTED int close_range(unsigned first, unsigned last, int flags) {
  return (int)syscall(SYS_close_range, first, last, flags);
}

// 2.34: closing all files from one on. Kernels before 5.9 have no call for it.

static int number_of(const char* name) {
  int number = 0;
  for (; *name >= '0' && *name <= '9'; name++) number = 10 * number + *name - '0';
  return *name == 0 ? number : -1;
}

EXPORTED void closefrom(int first) {
  const int from = first < 0 ? 0 : first;
  if (close_range((unsigned)from, UINT_MAX, 0) == 0) return;
  DIR* directory = opendir("/proc/self/fd");
  if (directory == NULL) {
    for (int file = (int)sysconf(_SC_OPEN_MAX) - 1; file >= from; file--) close(file);
    return;
  }
  for (const struct dirent* entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    const int file = number_of(entry->d_name);
    if (file >= from && file != dirfd(directory)) close(file);
  }
  closedir(directory);
}

// 2.33: the figures of malloc. The older function counts in 32 bits, so the figures are those modulo 2^32.

struct Figures {
  int of[10];
};
struct WideFigures {
  size_t of[10];
};
extern struct Figures mallinfo(void);
EXPORTED struct WideFigures mallinfo2(void) {
  const struct Figures narrow = mallinfo();
  struct WideFigures wide;
  for (int i = 0; i < 10; i++) wide.of[i] = (unsigned)narrow.of[i];
  return wide;
}

// 2.32: the description of a signal, in English.

extern const char* const descriptions[65];
REFERENCE(descriptions, sys_siglist, OLDEST_WITH_64_SIGNALS)

EXPORTED const char* sigdescr_np(int signal) { return signal < 0 || signal > 64 ? NULL : descriptions[signal]; }

// 2.32: whether the process certainly has one thread. Nothing here knows, and "no" is always right.

EXPORTED char __libc_single_threaded = 0;

// 2.35: the unwinder's question for the object that holds an address.

struct Search {
  uintptr_t address;
  struct dl_find_object* result;
};

static int find_in_object(struct dl_phdr_info* object, size_t size, void* data) {
  (void)size;
  const struct Search* search = data;
  const ElfW(Phdr)* frames = NULL;
  uintptr_t first = UINTPTR_MAX;
  uintptr_t last = 0;
  int is_inside = 0;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr)* segment = &object->dlpi_phdr[i];
    const uintptr_t begin = object->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_GNU_EH_FRAME) frames = segment;
    if (segment->p_type != PT_LOAD) continue;
    if (begin < first) first = begin;
    if (begin + segment->p_memsz > last) last = begin + segment->p_memsz;
    if (search->address >= begin && search->address - begin < segment->p_memsz) is_inside = 1;
  }
  if (!is_inside) return 0;
  search->result->dlfo_map_start = (void*)first;
  search->result->dlfo_map_end = (void*)last;
  search->result->dlfo_eh_frame = frames == NULL ? NULL : (void*)(object->dlpi_addr + frames->p_vaddr);
  return 1;
}

EXPORTED int _dl_find_object(void* address, struct dl_find_object* result) {
  struct Search search = {(uintptr_t)address, result};
  memset(result, 0, sizeof *result);
  if (dl_iterate_phdr(find_in_object, &search) == 0) return -1;
  for (struct link_map* map = _r_debug.r_map; map != NULL; map = map->l_next) {
    const uintptr_t dynamic = (uintptr_t)map->l_ld;
    if (dynamic >= (uintptr_t)result->dlfo_map_start && dynamic < (uintptr_t)result->dlfo_map_end) {
      result->dlfo_link_map = map;
    }
  }
  return 0;
}

// 2.35: whether two blocks of memory are equal.

EXPORTED int __memcmpeq(const void* one, const void* other, size_t size) { return memcmp(one, other, size); }

// 2.36: random numbers.

EXPORTED void arc4random_buf(void* buffer, size_t size) {
  unsigned char* at = buffer;
  while (size > 0) {
    const long got = syscall(SYS_getrandom, at, size, 0);
    if (got < 0 && errno != EINTR) abort();  // a number that is not random would be worse
    if (got < 0) continue;
    at += got;
    size -= (size_t)got;
  }
}

EXPORTED uint32_t arc4random(void) {
  uint32_t number = 0;
  arc4random_buf(&number, sizeof number);
  return number;
}

// Numbers of the last, incomplete range are drawn again, because they would make the first numbers more frequent.
EXPORTED uint32_t arc4random_uniform(uint32_t bound) {
  if (bound < 2) return 0;
  const uint32_t incomplete = -bound % bound;
  uint32_t number = 0;
  do number = arc4random();
  while (number < incomplete);
  return number % bound;
}

// 2.38: copies of strings that always end with 0.

EXPORTED size_t strlcpy(char* to, const char* from, size_t size) {
  const size_t length = strlen(from);
  if (size == 0) return length;
  const size_t copied = length < size ? length : size - 1;
  memcpy(to, from, copied);
  to[copied] = 0;
  return length;
}

EXPORTED size_t strlcat(char* to, const char* from, size_t size) {
  const size_t before = strnlen(to, size);
  return before + strlcpy(to + before, from, size - before);
}

EXPORTED size_t wcslcpy(wchar_t* to, const wchar_t* from, size_t size) {
  const size_t length = wcslen(from);
  if (size == 0) return length;
  const size_t copied = length < size ? length : size - 1;
  wmemcpy(to, from, copied);
  to[copied] = 0;
  return length;
}

EXPORTED size_t wcslcat(wchar_t* to, const wchar_t* from, size_t size) {
  const size_t before = wcsnlen(to, size);
  return before + wcslcpy(to + before, from, size - before);
}

// The same as _FORTIFY_SOURCE calls them, with the size of the destination, which must be large enough.

extern void __chk_fail(void) __attribute__((noreturn));

#define CHECKED(name, character)                                                                      \
  EXPORTED size_t __##name##_chk(character* to, const character* from, size_t size, size_t to_size) { \
    if (size > to_size) __chk_fail();                                                                 \
    return name(to, from, size);                                                                      \
  }
CHECKED(strlcpy, char)
CHECKED(strlcat, char)
CHECKED(wcslcpy, wchar_t)
CHECKED(wcslcat, wchar_t)

// 2.38: reading numbers as C23 does, where "0b101" is a number if the base is 2 or not given. All of these types have
// 64 bits.

enum { kDigits = 66 };  // one more than any number has, so that what is too large stays so

struct Binary {
  char text[kDigits + 2];  // a sign, the digits and 0
  size_t length;           // of what was read; 0 if it is no binary number
};

// `at` gives the character at a place in the text that is read.
static struct Binary read_binary(wint_t (*at)(const void*, size_t), const void* text, int base) {
  struct Binary result = {{0}, 0};
  size_t i = 0;
  size_t written = 0;
  if (base != 0 && base != 2) return result;
  while (iswspace(at(text, i))) i++;
  if (at(text, i) == '-' || at(text, i) == '+') result.text[written++] = (char)at(text, i++);
  if (at(text, i) != '0' || (at(text, i + 1) | 32) != 'b') return result;
  i += 2;
  if (at(text, i) != '0' && at(text, i) != '1') return result;
  const size_t sign = written;
  for (; at(text, i) == '0' || at(text, i) == '1'; i++) {
    const int leads = written == sign && at(text, i) == '0';
    if (!leads && written < kDigits) result.text[written++] = (char)at(text, i);
  }
  if (written == sign) result.text[written] = '0';
  result.length = i;
  return result;
}

static wint_t narrow_at(const void* text, size_t place) { return ((const unsigned char*)text)[place]; }
static wint_t wide_at(const void* text, size_t place) { return (wint_t)((const wchar_t*)text)[place]; }

// The functions of libc that read as C99 does. A header may have replaced them by those that are defined here.
#define READS_AS_C99(type, name, wide_name)                    \
  extern type c99_##name(const char*, char**, int);            \
  extern type c99_##wide_name(const wchar_t*, wchar_t**, int); \
  REFERENCE(c99_##name, name, OLDEST_LIBC)                     \
  REFERENCE(c99_##wide_name, wide_name, OLDEST_LIBC)
READS_AS_C99(long, strtol, wcstol)
READS_AS_C99(unsigned long, strtoul, wcstoul)

#define READ(type, name, character, function, binary_function, at)       \
  EXPORTED type name(const character* text, character** end, int base) { \
    const struct Binary binary = read_binary(at, text, base);            \
    if (binary.length == 0) return function(text, end, base);            \
    if (end != NULL) *end = (character*)text + binary.length;            \
    return binary_function(binary.text, NULL, 2);                        \
  }
#define READ_IN_LOCALE(type, name, function)                                   \
  EXPORTED type name(const void* text, void* end, int base, locale_t locale) { \
    (void)locale; /* the digits of a number are the same in all */             \
    return function(text, end, base);                                          \
  }
READ(long, __isoc23_strtol, char, c99_strtol, c99_strtol, narrow_at)
READ(unsigned long, __isoc23_strtoul, char, c99_strtoul, c99_strtoul, narrow_at)
READ(long, __isoc23_wcstol, wchar_t, c99_wcstol, c99_strtol, wide_at)
READ(unsigned long, __isoc23_wcstoul, wchar_t, c99_wcstoul, c99_strtoul, wide_at)

#define SAME(type, name, character, other) \
  EXPORTED type name(const character*, character**, int) __attribute__((alias(#other)));
SAME(long long, __isoc23_strtoll, char, __isoc23_strtol)
SAME(intmax_t, __isoc23_strtoimax, char, __isoc23_strtol)
SAME(unsigned long long, __isoc23_strtoull, char, __isoc23_strtoul)
SAME(uintmax_t, __isoc23_strtoumax, char, __isoc23_strtoul)
SAME(long long, __isoc23_wcstoll, wchar_t, __isoc23_wcstol)
SAME(intmax_t, __isoc23_wcstoimax, wchar_t, __isoc23_wcstol)
SAME(unsigned long long, __isoc23_wcstoull, wchar_t, __isoc23_wcstoul)
SAME(uintmax_t, __isoc23_wcstoumax, wchar_t, __isoc23_wcstoul)
READ_IN_LOCALE(long, __isoc23_strtol_l, __isoc23_strtol)
READ_IN_LOCALE(long long, __isoc23_strtoll_l, __isoc23_strtoll)
READ_IN_LOCALE(unsigned long, __isoc23_strtoul_l, __isoc23_strtoul)
READ_IN_LOCALE(unsigned long long, __isoc23_strtoull_l, __isoc23_strtoull)
READ_IN_LOCALE(long, __isoc23_wcstol_l, __isoc23_wcstol)
READ_IN_LOCALE(long long, __isoc23_wcstoll_l, __isoc23_wcstoll)
READ_IN_LOCALE(unsigned long, __isoc23_wcstoul_l, __isoc23_wcstoul)
READ_IN_LOCALE(unsigned long long, __isoc23_wcstoull_l, __isoc23_wcstoull)

// Here "%i" reads no binary numbers, because libc reads them.

#define SCAN(name, first, character)                                                 \
  extern int __isoc99_v##name(first, const character*, va_list);                     \
  EXPORTED int __isoc23_v##name(first from, const character* format, va_list list) { \
    return __isoc99_v##name(from, format, list);                                     \
  }                                                                                  \
  EXPORTED int __isoc23_##name(first from, const character* format, ...) {           \
    va_list list;                                                                    \
    va_start(list, format);                                                          \
    const int result = __isoc99_v##name(from, format, list);                         \
    va_end(list);                                                                    \
    return result;                                                                   \
  }
SCAN(sscanf, const char*, char)
SCAN(fscanf, FILE*, char)
SCAN(swscanf, const wchar_t*, wchar_t)
SCAN(fwscanf, FILE*, wchar_t)

#define SCAN_INPUT(name, of_file, character)                             \
  EXPORTED int __isoc23_v##name(const character* format, va_list list) { \
    return __isoc99_v##of_file(stdin, format, list);                     \
  }                                                                      \
  EXPORTED int __isoc23_##name(const character* format, ...) {           \
    va_list list;                                                        \
    va_start(list, format);                                              \
    const int result = __isoc99_v##of_file(stdin, format, list);         \
    va_end(list);                                                        \
    return result;                                                       \
  }
SCAN_INPUT(scanf, fscanf, char)
SCAN_INPUT(wscanf, fwscanf, wchar_t)
