// Functions of threads in libxaas-libc.so; see libc.c. Before glibc 2.34, libpthread.so.0 had what they call. In a
// program without threads it may be missing.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

#include "mkimage/older_libc/versions.h"

#define WEAK_REFERENCE(name, symbol)                    \
  extern __typeof__(symbol) name __attribute__((weak)); \
  REFERENCE(name, symbol, OLDEST_LIBC)

// 2.30: waiting until a time of a given clock. The time is converted to CLOCK_REALTIME, which may be set meanwhile, so
// the clock decides whether the time has come.

enum { kNanoseconds = 1000000000 };

static struct timespec difference(struct timespec one, struct timespec other) {
  struct timespec result = {one.tv_sec - other.tv_sec, one.tv_nsec - other.tv_nsec};
  if (result.tv_nsec < 0) result = (struct timespec){result.tv_sec - 1, result.tv_nsec + kNanoseconds};
  return result;
}

static struct timespec sum(struct timespec one, struct timespec other) {
  struct timespec result = {one.tv_sec + other.tv_sec, one.tv_nsec + other.tv_nsec};
  if (result.tv_nsec >= kNanoseconds) result = (struct timespec){result.tv_sec + 1, result.tv_nsec - kNanoseconds};
  return result;
}

static int is_known(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC; }

static struct timespec in_real_time(clockid_t clock, const struct timespec* until) {
  struct timespec now;
  struct timespec real;
  clock_gettime(clock, &now);
  clock_gettime(CLOCK_REALTIME, &real);
  return clock == CLOCK_REALTIME ? *until : sum(real, difference(*until, now));
}

static int has_come(clockid_t clock, const struct timespec* until) {
  struct timespec now;
  clock_gettime(clock, &now);
  return difference(*until, now).tv_sec < 0;
}

// A wait without the signal that it waits for is allowed.
EXPORTED int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                                    const struct timespec* until) {
  if (!is_known(clock)) return EINVAL;
  const struct timespec real = in_real_time(clock, until);
  const int result = pthread_cond_timedwait(condition, mutex, &real);
  return result == ETIMEDOUT && !has_come(clock, until) ? 0 : result;
}

WEAK_REFERENCE(timed_lock, pthread_mutex_timedlock)
WEAK_REFERENCE(timed_read_lock, pthread_rwlock_timedrdlock)
WEAK_REFERENCE(timed_write_lock, pthread_rwlock_timedwrlock)
WEAK_REFERENCE(timed_wait, sem_timedwait)

#define WAIT_BY_CLOCK(name, type, wait)                                          \
  EXPORTED int name(type* lock, clockid_t clock, const struct timespec* until) { \
    int result = is_known(clock) ? ETIMEDOUT : EINVAL;                           \
    while (result == ETIMEDOUT) {                                                \
      const struct timespec real = in_real_time(clock, until);                   \
      result = wait(lock, &real);                                                \
      if (has_come(clock, until)) break;                                         \
    }                                                                            \
    return result;                                                               \
  }
WAIT_BY_CLOCK(pthread_mutex_clocklock, pthread_mutex_t, timed_lock)
WAIT_BY_CLOCK(pthread_rwlock_clockrdlock, pthread_rwlock_t, timed_read_lock)
WAIT_BY_CLOCK(pthread_rwlock_clockwrlock, pthread_rwlock_t, timed_write_lock)

EXPORTED int sem_clockwait(sem_t* semaphore, clockid_t clock, const struct timespec* until) {
  errno = is_known(clock) ? ETIMEDOUT : EINVAL;
  while (errno == ETIMEDOUT) {
    const struct timespec real = in_real_time(clock, until);
    if (timed_wait(semaphore, &real) == 0) return 0;
    if (has_come(clock, until)) break;
  }
  return -1;
}

// 2.34: a signal for a thread. For a thread that has ended and is not joined, glibc says 0 since then, and ESRCH
// before. Both are in newer libcs, so this one has a name of its own: baselines and ready files
// call it everywhere.

WEAK_REFERENCE(kill_if_running, pthread_kill)

EXPORTED int xaas_pthread_kill(pthread_t thread, int signal) {
  const int result = kill_if_running(thread, signal);
  return result == ESRCH ? 0 : result;
}
