// Confinement: a hostile worker achieves nothing, and the caller learns in one line how a worker ended.
#include <sys/prctl.h>

#include <atomic>
#include <string>
#include <thread>

#include "lower/worker.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace {

// A worker that does what the job's build-id says, and answers with the names of the forbidden actions that worked.
constexpr const char* kWorkerSource = R"(
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char job[1 << 20], done[4096];
static int asked(const char* what) {
  char text[256];
  snprintf(text, sizeof text, "\"build_id\":\"%s\"", what);
  return strstr(job, text) != NULL;
}
static void report(const char* what, int worked) {
  if (worked) { strcat(done, what); strcat(done, " "); }
}
static void answer(int ok) {
  printf("{\"version\":1,\"ok\":%s,\"message\":\"%s\",\"out_of_memory\":false,\"warnings\":[],"
         "\"retarget_seconds\":0,\"link_seconds\":0,\"peak_bytes\":0}\n",
         ok ? "true" : "false", done);
  fflush(stdout);
}
static void* thread_main(void* value) { *(int*)value = 1; return NULL; }

static int progress(void) {
  const char* name = getenv("XAAS_PROGRESS_FD");
  return name == NULL ? -1 : atoi(name);
}
static void look_around(void) {
  for (int fd = 3; fd < 64; ++fd) report("descriptor", fcntl(fd, F_GETFD) != -1 && fd != progress());
  report("read-etc", open("/etc/passwd", O_RDONLY) >= 0);
  report("read-proc", open("/proc/self/environ", O_RDONLY) >= 0);
  report("list-root", open("/home", O_RDONLY | O_DIRECTORY) >= 0);
  report("write-tmp", open("/tmp/xaas-escaped", O_WRONLY | O_CREAT, 0600) >= 0);
  report("write-home", open("/root/xaas-escaped", O_WRONLY | O_CREAT, 0600) >= 0);
  report("null", open("/dev/null", O_RDWR) >= 0);
  report("symlink", symlink("/etc/passwd", "link") == 0);
  report("device", mknod("device", S_IFCHR | 0600, 259) == 0);
  report("chmod-etc", chmod("/etc", 0700) == 0);
  report("setuid", syscall(SYS_setuid, 1) == 0);
  // By number: these must be refused whatever the kernel's Landlock knows.
  report("truncate", syscall(SYS_truncate, "directory-none", 0) == 0 || errno != ENOSYS);
  report("fchmod", syscall(SYS_fchmod, 0, 0) == 0 || errno != ENOSYS);
  report("change-job", write(0, "x", 1) == 1);
  report("environment", getenv("HOME") != NULL || getenv("PATH") != NULL);
  open("../escaped", O_WRONLY | O_CREAT, 0600);
}
static void behave(void) {
  int shared = 0;
  pthread_t thread;
  if (pthread_create(&thread, NULL, thread_main, &shared) == 0) pthread_join(thread, NULL);
  report("thread", shared);
  mkdir("directory", 0700);
  FILE* file = fopen("directory/file", "w");
  report("write", file != NULL && fputs("text", file) >= 0 && fclose(file) == 0);
  report("rename", rename("directory/file", "output") == 0);
  report("remove", rmdir("directory") == 0);
}

static _Thread_local int spins;
static void say_where(int number) {
  if (spins) write(2, "Stack dump:\n0.\tRunning pass 'x' on module 'units/1.bc'.\n", 55);
  signal(number, SIG_DFL);
  raise(number);
}
static void* spin(void* value) { for (spins = 1;;) {} return value; }
static void hang(void) {
  pthread_t thread;
  signal(SIGABRT, say_where);
  pthread_create(&thread, NULL, spin, NULL);
  pthread_join(thread, NULL);
}

int main(void) {
  read(0, job, sizeof job - 1);
  if (asked("a0")) look_around();
  if (asked("a1")) behave();
  if (asked("a2")) socket(AF_INET, SOCK_STREAM, 0);
  if (asked("a3")) execl("/bin/sh", "sh", "-c", "true", NULL);
  if (asked("a4")) ptrace(PTRACE_ATTACH, getppid(), 0, 0);
  if (asked("a5")) kill(getppid(), SIGTERM);
  if (asked("a6")) fork();
  if (asked("a7")) mount("none", ".", "tmpfs", 0, NULL);
  if (asked("a8")) unshare(CLONE_NEWUSER);
  if (asked("d0")) write(progress(), "..", 2);
  if (asked("d1")) for (int i = 0; i < 1000; ++i) write(progress(), job, 4096);
  if (asked("d2")) close(progress());
  if (asked("b0")) { fputs("first line\nLLVM ERROR: bad module\n", stderr); abort(); }
  if (asked("b1")) *(volatile int*)8 = 1;
  if (asked("b2")) for (;;) {}
  if (asked("b3")) return 3;
  if (asked("b8")) { fputs("\033]0;owned\007 last\n", stderr); return 3; }
  if (asked("b9")) strcpy(done, "a\\u001b[2J\\nb");
  if (asked("b4")) { puts("not JSON"); return 0; }
  if (asked("b5")) for (;;) puts("more and more and more and more and more and more and more and more and more");
  if (asked("b6")) syscall(SYS_tgkill, getppid(), getppid(), SIGTERM), report("signal", errno == 0);
  if (asked("c2")) { fputs("Stack dump:\n0.\tRunning pass 'x' on module 'units/1.bc'.\n", stderr); abort(); }
  if (asked("c3")) hang();
  if (asked("c4")) { signal(SIGABRT, SIG_IGN); for (;;) {} }
  if (asked("c0")) raise(SIGKILL);
  if (asked("c1")) report("memory", mmap(NULL, 100 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  answer(!asked("b7"));
  return 0;
}
)";

const WorkerProgram& program() {
  static const auto made =
      test::good(WorkerProgram::from_bytes(test::compile_c(kWorkerSource, "-O1 -w -static -pthread")));
  return *made;
}

Job job_called(const std::string& action) {
  Job job;
  job.recipe.output = "bin/x";
  job.build_id = action;
  job.output = "output";
  return job;
}

Result<JobResult> run_action(const std::string& action, const WorkerLimits& limits = {}) {
  const TempDirectory scratch = test::scratch();
  return run_worker(program(), job_called(action), scratch.path(), limits);
}

std::string failure_of(const std::string& action, const WorkerLimits& limits = {}) {
  const auto result = run_action(action, limits);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::failed);
  return result.error().message;
}

// A test that cannot confine a worker returns at once.
bool can_confine() {
  if (prctl(PR_GET_SECCOMP) >= 0) return true;
  WARN("skipped: there is no seccomp here, as under an emulator of another CPU");
  return false;
}

constexpr Confinement kConfinements[] = {Confinement::landlock, Confinement::chroot};

// Some machines offer only one of the two.
bool is_available(Confinement confinement) {
  const auto result = run_action("a1", {.confinement = confinement});
  if (result || result.error().code != Code::unsupported) return true;
  WARN(result.error().message);
  return false;
}

}  // namespace

TEST_CASE("a worker computes, uses threads and works on files in its scratch directory") {
  if (!can_confine()) return;
  for (const Confinement confinement : kConfinements) {
    if (!is_available(confinement)) continue;
    const TempDirectory scratch = test::scratch();
    const auto result =
        test::good(run_worker(program(), job_called("a1"), scratch.path(), {.confinement = confinement}));
    CHECK(result.ok);
    CHECK(result.message == "thread write rename remove ");
    CHECK(test::good(read_file(scratch.path() / "output")) == "text");
  }
}

TEST_CASE("a worker sees no file but its own, no environment and no descriptor of its parent") {
  if (!can_confine()) return;
  const Fd leaked(::dup(0));  // it has no close-on-exec flag
  for (const Confinement confinement : kConfinements) {
    if (!is_available(confinement)) continue;
    const TempDirectory outer = test::scratch();
    std::filesystem::create_directory(outer.path() / "scratch");
    const auto result =
        test::good(run_worker(program(), job_called("a0"), outer.path() / "scratch", {.confinement = confinement}));
    CHECK(result.message == "");
    CHECK_FALSE(std::filesystem::exists(outer.path() / "escaped"));
  }
}

TEST_CASE("a worker that reaches for the network, a program, another process or the kernel is killed") {
  if (!can_confine()) return;
  for (const char* action : {"a2", "a3", "a4", "a5", "a6", "a7", "a8"}) {
    INFO(action);
    CHECK_THAT(failure_of(action), Catch::Contains("killed for a system call"));
  }
}

TEST_CASE("a worker can send signals to itself only") {
  if (!can_confine()) return;
  CHECK(test::good(run_action("b6")).message == "");
}

TEST_CASE("a crash is named with its signal, the file and the worker's last words") {
  if (!can_confine()) return;
  CHECK(failure_of("b0") == "the worker was killed by signal 6 (Aborted) while lowering bin/x: LLVM ERROR: bad module");
  CHECK(failure_of("b1") == "the worker was killed by signal 11 (Segmentation fault) while lowering bin/x");
}

// The job has two units.
Job job_with_units(const std::string& action) {
  Job job = job_called(action);
  job.recipe.arguments = {IrInput{Digest::of("a"), "a.o", {}},
                          ArchiveInput{"libx.a", {IrInput{Digest::of("b"), "b.o", {}}}}};
  return job;
}

std::string failure_with_units(const std::string& action, const WorkerLimits& limits = {}) {
  const Job job = job_with_units(action);
  const TempDirectory scratch = test::scratch();
  const auto result = run_worker(program(), job, scratch.path(), limits);
  REQUIRE_FALSE(result);
  return result.error().message;
}

std::vector<ModuleCount> counts_of(const Job& job) {
  std::vector<ModuleCount> counts;
  const TempDirectory scratch = test::scratch();
  const auto note = [&](const ModuleCount& count) { counts.push_back(count); };
  CHECK(test::good(run_worker(program(), job, scratch.path(), {}, note)).ok);
  return counts;
}

TEST_CASE("a worker says how many modules are done, and is believed only as far as there are modules") {
  if (!can_confine()) return;
  const std::vector<ModuleCount> done = counts_of(job_with_units("d0"));
  REQUIRE(done.size() >= 2);
  CHECK(done.front() == ModuleCount{.done = 0, .all = 2});
  CHECK(done.back() == ModuleCount{.done = 2, .all = 2});
  CHECK(counts_of(job_with_units("d1")).back() == ModuleCount{.done = 2, .all = 2});
  CHECK(counts_of(job_with_units("d1")).size() <= 3);
  CHECK(counts_of(job_with_units("d2")) == std::vector{ModuleCount{.done = 0, .all = 2}});
  Job merged = job_with_units("d0");
  merged.merged = true;
  CHECK(counts_of(merged).back() == ModuleCount{.done = 1, .all = 1});
  CHECK(counts_of(job_called("d1")) == std::vector{ModuleCount{}});  // nothing is to be compiled
}

TEST_CASE("a crash names the unit that the worker was at") {
  if (!can_confine()) return;
  CHECK_THAT(failure_with_units("c2"), Catch::Contains("killed by signal 6 (Aborted) while lowering b.o of bin/x: "));
}

TEST_CASE("a hang is reported with the unit that the worker was at, in whichever thread") {
  if (!can_confine()) return;
  CHECK(failure_with_units("c3", {.time = std::chrono::milliseconds(1200)}) ==
        "the worker ran longer than 1 seconds and was stopped while lowering b.o of bin/x");
}

TEST_CASE("what a worker says is one line that no terminal acts on") {
  if (!can_confine()) return;
  CHECK_THAT(failure_of("b8"), Catch::EndsWith("\\033]0;owned\\007 last"));
  CHECK(test::good(run_action("b9")).message == "a\\033[2J\\012b");
}

TEST_CASE("a worker that hangs is killed when its time is over, also one that does not want to") {
  if (!can_confine()) return;
  const std::string action = GENERATE("b2", "c4");
  CHECK(failure_of(action, {.time = std::chrono::milliseconds(1200)}) ==
        "the worker ran longer than 1 seconds and was stopped while lowering bin/x");
}

TEST_CASE("a worker is killed when its caller stops it") {
  if (!can_confine()) return;
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  const auto result = run_action("b2", {.stop = stop.get_token()});
  stopper.join();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::interrupted);
}

TEST_CASE("a worker that answers nothing, nonsense or without end is an error") {
  if (!can_confine()) return;
  CHECK(failure_of("b3") == "the worker ended with status 3 and no result while lowering bin/x");
  CHECK_THAT(failure_of("b5"), Catch::Contains("answers without end"));
  const auto nonsense = run_action("b4");
  REQUIRE_FALSE(nonsense);
  CHECK_THAT(nonsense.error().message, Catch::Contains("answer of the worker"));
}

TEST_CASE("a worker has no more memory than it may have, and one that somebody kills has not run out of it") {
  if (!can_confine()) return;
  CHECK(test::good(run_action("c1")).message == "memory ");
  CHECK(test::good(run_action("c1", {.memory = 50 << 20})).message == "");
  const auto result = run_action("c0");
  REQUIRE_FALSE(result);
  CHECK_THAT(result.error().message, Catch::Contains("killed by signal 9"));
}

TEST_CASE("a result that is not ok is a value") {
  if (!can_confine()) return;
  const auto result = test::good(run_action("b7"));
  CHECK_FALSE(result.ok);
}

TEST_CASE("something that is no program is refused as a worker") {
  if (!can_confine()) return;
  const auto text = test::good(WorkerProgram::from_bytes("#!/bin/sh\nexit 0\n"));
  const TempDirectory scratch = test::scratch();
  const auto result = run_worker(*text, job_called("a1"), scratch.path(), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::failed);
  CHECK_THAT(result.error().message, Catch::Contains("cannot execute the worker"));
}

}  // namespace xaas
