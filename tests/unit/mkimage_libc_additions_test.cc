#include <arpa/nameser.h>
#include <fcntl.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <resolv.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <cwchar>
#include <type_traits>

extern "C" {
#include <sys/pidfd.h>  // which does not say by itself that these functions are C's in glibc 2.36
}

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "format/base/text.h"
#include "tests/unit/mkimage_libc_floor_support.h"

namespace {

timespec in_milliseconds(clockid_t clock, long milliseconds) {
  timespec time{};
  clock_gettime(clock, &time);
  time.tv_nsec += milliseconds * 1000000;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

bool is_past(clockid_t clock, const timespec& time) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec > time.tv_sec || (now.tv_sec == time.tv_sec && now.tv_nsec >= time.tv_nsec);
}

// What a function gives, and its errno.
template <typename Value>
struct Outcome {
  Value value{};
  int error = 0;
  bool operator==(const Outcome&) const = default;
};

template <typename Function, typename... Arguments>
auto outcome_of(Function* function, Arguments... arguments) {
  errno = 0;
  Outcome<decltype(function(arguments...))> outcome{function(arguments...)};
  outcome.error = errno;
  return outcome;
}

// Whether the addition of the name does the same as `theirs`.
template <typename Function, typename... Arguments>
void does_the_same(const char* name, Function* theirs, Arguments... arguments) {
  INFO(name);
  const auto expected = outcome_of(theirs, arguments...);
  const auto found = outcome_of(xaas::addition<Function>(name), arguments...);
  CHECK(found.value == expected.value);
  CHECK(found.error == expected.error);
}

// Runs `action` in a process for which the kernel lacks a system call. Returns what it does.
template <typename Action>
int without_call(unsigned call, const Action& action) {
  const pid_t child = fork();
  if (child == 0) {
    std::array<sock_filter, 4> program = {{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
                                           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                                           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
    const sock_fprog filter = {program.size(), program.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(100);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) _exit(101);
    _exit(action());
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("the additions call the resolver") {
  constexpr const char* kResolver = "libxaas-resolver.so";
  std::array<unsigned char, 512> query{};
  const int size = xaas::addition<decltype(res_mkquery)>("res_mkquery", kResolver)(
      ns_o_query, "a.example", ns_c_in, ns_t_a, nullptr, 0, nullptr, query.data(), query.size());
  CHECK(size == 27);
  std::array<char, 100> name{};
  auto* const expand = xaas::addition<decltype(dn_expand)>("dn_expand", kResolver);
  CHECK(expand(query.data(), query.data() + size, query.data() + 12, name.data(), name.size()) == 11);
  CHECK(std::string(name.data()) == "a.example");
  CHECK(xaas::addition<decltype(dn_skipname)>("dn_skipname", kResolver)(query.data() + 12, query.data() + size) == 11);
  const xaas::ElfDynamic dynamic =
      xaas::ElfFile::parse(xaas::MappedFile::open(xaas::floor_here().addition(kResolver))->bytes())->dynamic().value();
  CHECK(xaas::is_in(dynamic.needed, "libresolv.so.2"));
}

TEST_CASE("the additions find files and objects as libc does") {
  const auto same = [](const struct stat& one, const struct stat& other) {
    return one.st_ino == other.st_ino && one.st_mode == other.st_mode && one.st_size == other.st_size &&
           one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
  };
  struct stat expected{};
  struct stat found{};
  REQUIRE(::lstat("/proc/self/exe", &expected) == 0);
  CHECK(xaas::addition<decltype(::lstat)>("lstat")("/proc/self/exe", &found) == 0);
  CHECK(expected.st_mode == found.st_mode);
  REQUIRE(::stat("/proc/self/exe", &expected) == 0);
  for (const char* name : {"stat", "stat64"}) {
    CHECK(xaas::addition<decltype(::stat)>(name)("/proc/self/exe", &found) == 0);
    CHECK(same(expected, found));
  }
  const xaas::Fd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK(xaas::addition<decltype(::fstat)>("fstat")(file.get(), &found) == 0);
  CHECK(same(expected, found));
  CHECK(xaas::addition<decltype(::fstatat)>("fstatat")(AT_FDCWD, "/proc/self/exe", &found, 0) == 0);
  CHECK(same(expected, found));
  CHECK(xaas::addition<decltype(::stat)>("stat")("/no/such/file", &found) == -1);
  CHECK(errno == ENOENT);

  auto* const find_object = xaas::addition<decltype(_dl_find_object)>("_dl_find_object");
  for (void* address : {reinterpret_cast<void*>(&xaas::floor_here), reinterpret_cast<void*>(&std::puts),
                        reinterpret_cast<void*>(&xaas::load_beside)}) {
    dl_find_object ours{};
    dl_find_object theirs{};
    REQUIRE(_dl_find_object(address, &theirs) == 0);
    REQUIRE(find_object(address, &ours) == 0);
    CHECK(ours.dlfo_eh_frame == theirs.dlfo_eh_frame);
    CHECK(ours.dlfo_link_map == theirs.dlfo_link_map);
    CHECK(ours.dlfo_map_start <= address);
    CHECK(ours.dlfo_map_end > address);
  }
  dl_find_object nothing{};
  CHECK(find_object(nullptr, &nothing) == -1);
}

TEST_CASE("the additions know signals and memory as newer libcs do, and close files from one on") {
  auto* const describe = xaas::addition<const char*(int)>("sigdescr_np");
  for (int signal = -1; signal < 80; ++signal) {
    const char* const ours = describe(signal);
    const char* const theirs = ::sigdescr_np(signal);
    INFO(signal);
    CHECK(std::string(ours == nullptr ? "none" : ours) == (theirs == nullptr ? "none" : theirs));
  }

  const struct mallinfo2 ours = xaas::addition<decltype(::mallinfo2)>("mallinfo2")();
  const struct mallinfo2 theirs = ::mallinfo2();
  CHECK(ours.arena == theirs.arena);  // 0 with a sanitizer, which has a malloc of its own
  CHECK(ours.uordblks == theirs.uordblks);
  CHECK(ours.hblkhd == theirs.hblkhd);

  const pid_t child = fork();
  if (child == 0) {
    const int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int closed = fcntl(kept, F_DUPFD_CLOEXEC, 700);
    xaas::addition<void(int)>("closefrom")(kept + 1);
    _exit(fcntl(kept, F_GETFD) >= 0 && fcntl(closed, F_GETFD) < 0 ? 42 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 42);
}

TEST_CASE("the additions read and copy text as newer libcs do") {
  using Read = long(const char*, char**, int);
  using ReadWide = long(const wchar_t*, wchar_t**, int);
  auto* const read = xaas::addition<Read>("__isoc23_strtol");
  auto* const read_unsigned = xaas::addition<unsigned long(const char*, char**, int)>("__isoc23_strtoul");
  char* end = nullptr;
  const char* text = " -0b101x";
  CHECK(read(text, &end, 0) == -5);
  CHECK(end == text + 7);
  CHECK(read("0B11", nullptr, 2) == 3);
  CHECK(read("0b2", &end, 0) == 0);
  CHECK(read("0b11", nullptr, 16) == 0xb11);
  CHECK(read("-0x1f", nullptr, 0) == -31);
  CHECK(read("017", nullptr, 0) == 15);
  errno = 0;
  CHECK(read(("0b" + std::string(64, '1')).c_str(), nullptr, 0) == LONG_MAX);
  CHECK(errno == ERANGE);
  CHECK(read_unsigned(("0b" + std::string(200, '0') + std::string(64, '1')).c_str(), nullptr, 0) == ULONG_MAX);
  CHECK(xaas::addition<ReadWide>("__isoc23_wcstol")(L"0b110", nullptr, 0) == 6);
  CHECK(xaas::addition<ReadWide>("__isoc23_wcstol")(L"12", nullptr, 10) == 12);
  int number = 0;
  CHECK(xaas::addition<int(const char*, const char*, ...)>("__isoc23_sscanf")("n 42", "n %d", &number) == 1);
  CHECK(number == 42);

  char buffer[8] = "ab";
  CHECK(xaas::addition<std::size_t(char*, const char*, std::size_t)>("strlcat")(buffer, "cdefghij", sizeof buffer) ==
        10);
  CHECK(std::string(buffer) == "abcdefg");
  CHECK(xaas::addition<std::size_t(char*, const char*, std::size_t)>("strlcpy")(buffer, "xyz", 3) == 3);
  CHECK(std::string(buffer) == "xy");
  using CheckedCopy = std::size_t(char*, const char*, std::size_t, std::size_t);
  CHECK(xaas::addition<CheckedCopy>("__strlcpy_chk")(buffer, "xyz", 3, sizeof buffer) == 3);
  CHECK(xaas::addition<CheckedCopy>("__strlcat_chk")(buffer, "z", sizeof buffer, sizeof buffer) == 3);
  CHECK(std::string(buffer) == "xyz");
  const pid_t child = fork();
  if (child == 0) {
    close(STDERR_FILENO);  // libc would say why it ends the process
    std::signal(SIGABRT, SIG_DFL);
    xaas::addition<CheckedCopy>("__strlcpy_chk")(buffer, "xyz", sizeof buffer + 1, sizeof buffer);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));

  auto* const uniform = xaas::addition<std::uint32_t(std::uint32_t)>("arc4random_uniform");
  for (int i = 0; i < 100; ++i) CHECK(uniform(7) < 7);
  CHECK(uniform(1) == 0);
}

TEST_CASE("the additions wait until a time of the clock that was asked for") {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  sem_t semaphore;
  REQUIRE(sem_init(&semaphore, 0, 0) == 0);
  for (const clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME}) {
    timespec until = in_milliseconds(clock, 3);
    pthread_mutex_lock(&mutex);
    auto* const wait = xaas::addition<decltype(pthread_cond_clockwait)>("pthread_cond_clockwait");
    int result = 0;
    while (result == 0) result = wait(&condition, &mutex, clock, &until);
    CHECK(result == ETIMEDOUT);
    CHECK(is_past(clock, until));
    until = in_milliseconds(clock, 3);
    CHECK(xaas::addition<decltype(sem_clockwait)>("sem_clockwait")(&semaphore, clock, &until) == -1);
    CHECK(errno == ETIMEDOUT);
    CHECK(is_past(clock, until));
    pthread_mutex_unlock(&mutex);
    until = in_milliseconds(clock, 3);
    auto* const lock = xaas::addition<decltype(pthread_mutex_clocklock)>("pthread_mutex_clocklock");
    CHECK(lock(&mutex, clock, &until) == 0);
    CHECK(lock(&mutex, clock, &until) == ETIMEDOUT);
    CHECK(is_past(clock, until));
    pthread_mutex_unlock(&mutex);
  }
  const timespec now = in_milliseconds(CLOCK_MONOTONIC, 0);
  CHECK(xaas::addition<decltype(sem_clockwait)>("sem_clockwait")(&semaphore, CLOCK_BOOTTIME, &now) == -1);
  CHECK(errno == EINVAL);
  sem_destroy(&semaphore);
}

TEST_CASE("the additions call the kernel as newer libcs do") {
  const pid_t self = getpid();
  const xaas::Fd process(pidfd_open(self, 0));
  REQUIRE(process.get() >= 0);
  const xaas::Fd found(xaas::addition<decltype(pidfd_open)>("pidfd_open")(self, 0));
  CHECK(found.get() >= 0);
  does_the_same("pidfd_open", pidfd_open, -1, 0U);
  does_the_same("pidfd_getfd", pidfd_getfd, process.get(), -1, 0U);
  does_the_same("pidfd_getfd", pidfd_getfd, -1, 0, 0U);
  const xaas::Fd copy(xaas::addition<decltype(pidfd_getfd)>("pidfd_getfd")(process.get(), process.get(), 0));
  CHECK(copy.get() >= 0);
  siginfo_t* const no_information = nullptr;
  does_the_same("pidfd_send_signal", pidfd_send_signal, process.get(), 0, no_information, 0U);
  does_the_same("pidfd_send_signal", pidfd_send_signal, process.get(), 99, no_information, 0U);
  does_the_same("process_mrelease", process_mrelease, process.get(), 0U);
  does_the_same("process_mrelease", process_mrelease, -1, 0U);

  const std::size_t size = 4096;
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  const iovec range = {memory, size};
  does_the_same("process_madvise", process_madvise, process.get(), &range, std::size_t{1}, MADV_COLD, 0U);
  does_the_same("process_madvise", process_madvise, process.get(), &range, std::size_t{1}, 12345, 0U);
  munmap(memory, size);
}

TEST_CASE("the additions know how a thread is scheduled") {
  std::array<std::uint32_t, 12> expected{};  // struct sched_attr of 48 bytes
  std::array<std::uint32_t, 12> found{};
  const auto get = [](int thread, void* attributes, unsigned size) {
    return syscall(SYS_sched_getattr, thread, attributes, size, 0);
  };
  auto* const ours = xaas::addition<int(pid_t, void*, unsigned, unsigned)>("sched_getattr");
  REQUIRE(get(0, expected.data(), sizeof expected) == 0);
  CHECK(ours(0, found.data(), sizeof found, 0) == 0);
  CHECK(found == expected);
  CHECK(ours(0, found.data(), 1, 0) == -1);
  CHECK(errno == EINVAL);
  auto* const set = xaas::addition<int(pid_t, void*, unsigned)>("sched_setattr");
  CHECK(set(0, expected.data(), 0) == 0);
  CHECK(set(0, nullptr, 0) == -1);
  CHECK(errno == EINVAL);
}

TEST_CASE("the additions wait for files as newer libcs do, also where the kernel has no call for it") {
  const xaas::Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  REQUIRE(epoll.get() >= 0);
  epoll_event event{};
  const auto same = [&] {
    auto* const wait = xaas::addition<decltype(epoll_pwait2)>("epoll_pwait2");
    const auto differs = [&](int file, int count, const timespec& limit) {
      const sigset_t* const none = nullptr;
      const auto found = outcome_of(wait, file, &event, count, &limit, none);
      // libc's own does not do without the call.
      const bool is_wrong = limit.tv_nsec < 0 || limit.tv_nsec > 999999999 || limit.tv_sec < 0;
      const auto expected = is_wrong ? Outcome<int>{-1, EINVAL} : outcome_of(epoll_wait, file, &event, count, 0);
      return found != expected;
    };
    if (differs(epoll.get(), 1, {0, 0})) return 1;
    if (differs(epoll.get(), 0, {0, 0})) return 2;
    if (differs(-1, 1, {0, 0})) return 3;
    if (differs(epoll.get(), 1, {0, 1000000000})) return 4;
    if (differs(epoll.get(), 1, {-1, 0})) return 5;
    const timespec until = in_milliseconds(CLOCK_MONOTONIC, 3);
    if (differs(epoll.get(), 1, {0, 3000000})) return 6;
    return is_past(CLOCK_MONOTONIC, until) ? 42 : 7;
  };
  CHECK(same() == 42);
  CHECK(without_call(SYS_epoll_pwait2, same) == 42);

  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe2(pipe_ends.data(), O_CLOEXEC) == 0);
  const xaas::Fd reader(pipe_ends[0]);
  const xaas::Fd writer(pipe_ends[1]);
  event.events = EPOLLIN;
  event.data.u64 = 7;
  REQUIRE(epoll_ctl(epoll.get(), EPOLL_CTL_ADD, reader.get(), &event) == 0);
  REQUIRE(write(writer.get(), "x", 1) == 1);
  const auto finds = [&] {
    epoll_event ready{};
    const int count = xaas::addition<decltype(epoll_pwait2)>("epoll_pwait2")(epoll.get(), &ready, 1, nullptr, nullptr);
    return count == 1 && ready.data.u64 == 7 && ready.events == EPOLLIN ? 42 : 1;
  };
  CHECK(finds() == 42);
  CHECK(without_call(SYS_epoll_pwait2, finds) == 42);
}

TEST_CASE("the additions read wide numbers of a locale, and copy wide text, as newer libcs do") {
  const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
  REQUIRE(locale != nullptr);
  const auto same = [&](const char* name, auto* theirs, const wchar_t* text, int base) {
    using Function = std::remove_pointer_t<decltype(theirs)>;
    INFO(name);
    wchar_t* expected_end = nullptr;
    wchar_t* end = nullptr;
    CHECK(outcome_of(xaas::addition<Function>(name), text, &end, base, locale) ==
          outcome_of(theirs, text, &expected_end, base, locale));
    CHECK(end == expected_end);
  };
  for (const wchar_t* text : {L" 42x", L"-0x1f", L"017", L"", L"z", L"99999999999999999999", L"-9999999999999999999"}) {
    for (const int base : {0, 8, 10, 16, 36, 1}) {
      same("__isoc23_wcstol_l", wcstol_l, text, base);
      same("__isoc23_wcstoll_l", wcstoll_l, text, base);
      same("__isoc23_wcstoul_l", wcstoul_l, text, base);
      same("__isoc23_wcstoull_l", wcstoull_l, text, base);
    }
  }
  using Read = long(const wchar_t*, wchar_t**, int, locale_t);
  CHECK(xaas::addition<Read>("__isoc23_wcstol_l")(L"-0b110", nullptr, 0, locale) == -6);
  freelocale(locale);

  std::array<wchar_t, 4> buffer{};
  using CheckedCopy = std::size_t(wchar_t*, const wchar_t*, std::size_t, std::size_t);
  auto* const copy = xaas::addition<CheckedCopy>("__wcslcpy_chk");
  auto* const append = xaas::addition<CheckedCopy>("__wcslcat_chk");
  CHECK(copy(buffer.data(), L"xyzuv", 3, buffer.size()) == 5);
  CHECK(std::wstring(buffer.data()) == L"xy");
  CHECK(append(buffer.data(), L"zuv", buffer.size(), buffer.size()) == 5);
  CHECK(std::wstring(buffer.data()) == L"xyz");
  for (auto* const function : {copy, append}) {
    const pid_t child = fork();
    if (child == 0) {
      close(STDERR_FILENO);  // libc would say why it ends the process
      std::signal(SIGABRT, SIG_DFL);
      function(buffer.data(), L"x", buffer.size() + 1, buffer.size());
      _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
  }
}
