# A call of another unit's function leaves variables in memory, and makes a loop look again at what it waits for, although
# functions are copied from one unit into another. Units need not agree on what is constant, assembly may change and use
# what the unit defines, and a variable may have two names. Memory that is cleared in another unit is clear. A function may
# return twice, or go on in another thread.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/mixing-1.0
makefile_of "$source" <<'S'
programs = known pokes said cleared twice two-names defined waits threads migrates
libraries = libswitch.so
known: known.c uses.c counts.c ; $(call several,known uses counts)
pokes: pokes.c poke.c ; $(call several,pokes poke)
said: said.c says_so.c does.c ; $(call several,said says_so does)
cleared: secret.c clear.c ; $(call several,secret clear)
twice: twice.c fill.c leap.c ; $(call several,twice fill leap)
two-names: two_names.c named.c by_name.c ; $(call several,two_names named by_name)
# None of the units that use the variable needs it.
defined: defined.c value.c set_value.c weakly.c ; $(C) -c value.c && $(call several,defined set_value weakly) value.o -Wl,--defsym=second=value
waits: waits.c alarms.c asks.c ; $(call several,waits alarms asks)
# A function goes on in another thread.
threads: threads.c local.c switch.c
	$(C) -fPIC -fvisibility=hidden -c local.c && $(C) -fPIC -c switch.c && $(CC) -shared local.o switch.o -Wl,-soname,libswitch.so -o libswitch.so
	$(C) threads.c -L. -lswitch -Wl,-rpath,'$$ORIGIN/../lib' -o $@
migrates: migrates.c run.c mine.c look.c ; $(call several,migrates run mine look) -pthread
S
cat >"$source/known.c" <<'S'
#include <stdio.h>
extern int state, count;
void set(void), bump(void);
int called(void);
int main(void) { set(); bump(); return printf("%d %d %d\n", state, count, called()) < 0; }
S
cat >"$source/uses.c" <<'S'
int state = 0;
extern int count;
int read_count(void) { return count; }
void set(void) { __asm__ volatile("movl $1, state(%%rip)" ::: "memory"); }
void bump(void) { __asm__ volatile("incl count(%%rip)" ::: "memory"); }
int helper(int x) { return x + 5; }
int called(void) { int r; __asm__ volatile("subq $136, %%rsp; call helper; addq $136, %%rsp" : "=a"(r) : "D"(3) : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc"); return r; }
S
echo 'int count = 41;' >"$source/counts.c"
cat >"$source/pokes.c" <<'S'
#include <stdio.h>
void poke(int *);
int peek(const int *);
int main(void) { int x = 1, y; poke(&x); y = 3; int z = peek(&y); y = 5; return printf("%d %d %d\n", x, z, peek(&y)) < 0; }
S
cat >"$source/poke.c" <<'S'
void poke(int *p) { __asm__ volatile("movl $7, (%0)" :: "r"(p)); }
int peek(const int *p) { int r; __asm__("movl (%1), %0" : "=r"(r) : "r"(p)); return r; }
S
cat >"$source/said.c" <<'S'
#include <stdio.h>
int get(void), ask(void);
void change(void);
int main(void) { int a = get(), b = ask(); change(); return printf("%d %d, %d %d\n", a, b, get(), ask()) < 0; }
S
echo 'extern const int setting; __attribute__((const)) int state(void); int get(void) { return setting; } int ask(void) { return state() + 1; }' >"$source/says_so.c"
# It cannot be mixed itself.
echo '__asm__(""); int setting = 1; static int s = 1; int state(void) { return s; } void change(void) { setting += 41; s += 5; }' >"$source/does.c"
cat >"$source/secret.c" <<'S'
#include <stdio.h>
void clear(void *, unsigned long);
__attribute__((noinline)) static char use(int seed) {
  char key[64];
  for (int i = 0; i < 64; i++) key[i] = (char)('A' + ((seed + i) & 7));
  volatile char used = key[seed & 63];
  clear(key, sizeof key);
  return used;
}
__attribute__((noinline)) static int is_left(void) {
  volatile char stack[200];
  int count = 0;
  for (int i = 0; i < 200; i++) count += stack[i] >= 'A' && stack[i] <= 'H';
  return count > 30;
}
int main(int c, char **v) { (void)v; use(c); return printf("%d\n", is_left()) < 0; }
S
echo '#include <string.h>
void clear(void *from, unsigned long size) { memset(from, 0, size); }' >"$source/clear.c"
cat >"$source/twice.c" <<'S'
#include <setjmp.h>
#include <stdio.h>
jmp_buf place;
void fill(int *, int), leap(void);
__attribute__((noinline)) static int once_more(int n) { int x; fill(&x, n); if (!setjmp(place)) { fill(&x, n + 6); leap(); } return x; }
int main(int c, char **v) { (void)v; return printf("%d\n", once_more(c)) < 0; }
S
echo 'void fill(int *p, int v) { *p = v; }' >"$source/fill.c"
printf '#include <setjmp.h>\nextern jmp_buf place;\nvoid leap(void) { longjmp(place, 1); }\n' >"$source/leap.c"
cat >"$source/two_names.c" <<'S'
#include <stdio.h>
void set(int);
int get(void);
int main(void) { set(5); int one = get(); set(6); return printf("%d %d\n", one, get()) < 0; }
S
cp "$source/two_names.c" "$source/defined.c"
echo 'int first = 1; extern int second __attribute__((alias("first"))); void set(int x) { first = x; }' >"$source/named.c"
echo 'int value = 1;' >"$source/value.c"
echo 'extern int value __attribute__((weak)); void set(int x) { value = x; }' >"$source/set_value.c"
echo 'extern int second; int get(void) { return second; }' >"$source/by_name.c"
echo 'extern int second __attribute__((weak)); int get(void) { return second; }' >"$source/weakly.c"
cat >"$source/waits.c" <<'S'
#include <stdio.h>
extern int done;
void begin(void), idle(void);
int is_done(void), is_set(const int *);
int main(void) {
  int first, turns = 0;
  begin();
  while (!is_done()) {}
  first = is_done();
  begin();
  while (!is_set(&done)) turns++;
  begin();
  while (!done) idle();
  return printf("%d %d %d\n", first, turns > 0, done) < 0;
}
S
cat >"$source/alarms.c" <<'S'
#include <signal.h>
#include <sys/time.h>
int done;
static void ring(int s) { (void)s; done = 1; }
void begin(void) {
  const struct itimerval soon = {{0, 0}, {0, 10000}};
  done = 0;
  signal(SIGALRM, ring);
  setitimer(ITIMER_REAL, &soon, 0);
}
S
echo 'extern int done; int idled; int is_done(void) { return done; } int is_set(const int *p) { return *p; } void idle(void) { idled++; }' >"$source/asks.c"
cat >"$source/local.c" <<'S'
static __thread int id;
int get_id(void) { return id; }
void set_id(int i) { id = i; }
S
cat >"$source/switch.c" <<'S'
#include <pthread.h>
#include <stdio.h>
#include <ucontext.h>
__attribute__((visibility("hidden"))) int get_id(void);
__attribute__((visibility("hidden"))) void set_id(int);
static ucontext_t routine, back;
static char stack[65536];
static void run(void) {
  int one = get_id();
  swapcontext(&routine, &back);
  printf("%d %d\n", one, get_id());
  swapcontext(&routine, &back);
}
static void *go_on(void *p) { set_id(2); swapcontext(&back, &routine); return p; }
void two_threads(void) {
  pthread_t thread;
  set_id(1);
  getcontext(&routine);
  routine.uc_stack.ss_sp = stack;
  routine.uc_stack.ss_size = sizeof stack;
  makecontext(&routine, run, 0);
  swapcontext(&back, &routine);
  pthread_create(&thread, 0, go_on, 0);
  pthread_join(thread, 0);
}
S
echo 'void two_threads(void); int main(void) { two_threads(); return 0; }' >"$source/threads.c"
cat >"$source/migrates.c" <<'S'
#include <pthread.h>
#include <ucontext.h>
int *mine(void);
void run(void);
ucontext_t routine, back;
static char stack[65536];
static void *go_on(void *p) { *mine() = 2; swapcontext(&back, &routine); return p; }
int main(void) {
  pthread_t thread;
  *mine() = 1;
  getcontext(&routine);
  routine.uc_stack.ss_sp = stack;
  routine.uc_stack.ss_size = sizeof stack;
  makecontext(&routine, run, 0);
  swapcontext(&back, &routine);
  pthread_create(&thread, 0, go_on, 0);
  return pthread_join(thread, 0);
}
S
cat >"$source/run.c" <<'S'
#include <stdio.h>
#include <ucontext.h>
int *mine(void), look(const int *);
extern ucontext_t routine, back;
void run(void) {
  int one = look(mine());
  swapcontext(&routine, &back);
  printf("%d %d\n", one, look(mine()));
  swapcontext(&routine, &back);
}
S
echo '__thread int own[4]; int *mine(void) { return &own[2]; }' >"$source/mine.c"
echo '__asm__(""); int look(const int *p) { return *p; }' >"$source/look.c"
built_both_ways "$source"
programs=$(ls "$work/plain/bin")
says_the_same $(printf '$T/bin/%s ' $programs)
are_lowered $(printf 'bin/%s ' $programs) lib/libswitch.so
