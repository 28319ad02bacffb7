# A function is copied from one unit into another only if it means the same there. Some units are compiled by
# themselves: units that differ in options that LLVM does not look at, and units whose assembly names symbols. The
# program is lowered nevertheless. Constructors run in the order of the link all the same, exceptions pass through C,
# functions find their own frames, and memory that is cleared in another unit is clear. Units need not agree on types,
# nor on what is constant, assembly may use what the unit defines, and what a program finds by its section is there. A
# variable may have two names. A call of another unit's function leaves variables in memory, and makes a loop look again
# at what it waits for. Constructors see what those before them have done. Recursion needs no more of the stack.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/mixing-1.0
mkdir -p "$source"
cat >"$source/Makefile" <<'S'
D = $(DESTDIR)$(PREFIX)
C = $(CC) -O2
programs = redzone math mathlink wide model stack labels names versions emulated ordered arrays thrown frames cleared \
  shared-types known sites flags doubled found threads pokes rounding twice two-names defined starts waits said migrates deep
all: $(programs)
redzone: leaf.c push.c ; $(C) -c leaf.c && $(C) -mno-red-zone -c push.c && $(CC) leaf.o push.o -o $@
math: math.c strict.c fast.c
	$(C) -c math.c && $(C) -c strict.c && $(C) -ffast-math -c fast.c && $(CC) math.o strict.o fast.o -lm -o $@
# At run time denormal numbers become zero, and only at run time.
mathlink: math ; $(CC) -ffast-math math.o strict.o fast.o -lm -o $@
units = $(C) $(2) -c one.c -o $@1.o && $(C) $(3) -c two.c -o $@2.o && $(C) $(4) -c three.c -o $@3.o && $(C) $(1) -c sum.c -o $@.o && \
  $(CC) -no-pie $@.o $@1.o $@2.o $@3.o -o $@
wide: ; $(call units,,-fshort-wchar,,)
model: ; $(call units,-fno-pie,-fno-pie,-fno-pie -mcmodel=large,-fno-pie -mcmodel=medium)
stack: ; $(call units,-mstack-alignment=32,-mstack-alignment=16,-mstack-alignment=64,)
labels: labels.c probe.c ; $(C) -c labels.c && $(C) -c probe.c && $(CC) labels.o probe.o -o $@
names: names.c hidden.c
	$(C) -mno-red-zone -c names.c && $(C) -c hidden.c && rm -f libhidden.a && ar cr libhidden.a hidden.o
	$(CC) names.o libhidden.a -o $@
versions: versions.cc user.cc ; $(CXX) -O2 -c versions.cc && $(CXX) -O2 -c user.cc && $(CXX) user.o versions.o -o $@
emulated: emulated.c ; $(C) -femulated-tls emulated.c -o $@
# Each unit says its name when the program starts and when it ends.
says = sed 's/NAME/$(1)/g; s/MORE/$(2)/' says.c >$(1).c && $(C) $(3) -c $(1).c
ordered: says.c end.c
	$(call says,a) && $(call says,b,__asm__(".globl mark; mark = 5");) && $(call says,c) && $(call says,d,,-mno-red-zone) && $(call says,e)
	$(C) -c end.c && $(CC) a.o b.o c.o d.o e.o end.o -o $@
arrays: says.c end.c
	$(call says,f,ARRAY) && $(call says,g,ARRAY) && $(call says,h) && $(C) -c end.c -o $@.o && $(CC) f.o g.o h.o $@.o -o $@
# Clang says of all functions in C that they throw nothing.
thrown: thrown.cc each.c ; $(C) -c each.c && $(CXX) -O2 -c thrown.cc && $(CXX) thrown.o each.o -o $@
frames: frames.c looks.c ; $(C) -c frames.c && $(C) -c looks.c && $(CC) frames.o looks.o -o $@
shared-types: types.c set.c ; $(C) -c types.c && $(C) -c set.c && $(CC) types.o set.o -o $@
known: known.c uses.c counts.c ; for u in known uses counts; do $(C) -c $$u.c || exit 1; done; $(CC) known.o uses.o counts.o -o $@
sites: sites.c site.c ; $(C) -c sites.c && $(C) -c site.c && $(CC) sites.o site.o -o $@
flags: flags.c eflags.c ; $(C) -c flags.c && $(C) -c eflags.c && $(CC) flags.o eflags.o -o $@
# The first definition in the link counts for all units.
doubled: doubled.c ; $(C) -DN=1 -c doubled.c -o d1.o && $(C) -DN=2 -c doubled.c -o d2.o && $(C) -DMAIN -c doubled.c && $(CC) d2.o d1.o doubled.o -Wl,-z,muldefs -o $@
found: main.c found.c ; $(C) -c main.c && $(C) -c found.c && $(CC) main.o found.o -o $@
pokes: pokes.c poke.c ; $(C) -c pokes.c && $(C) -c poke.c && $(CC) pokes.o poke.o -o $@
rounding: rounding.c mode.c add.c ; for u in rounding mode add; do $(C) -c $$u.c || exit 1; done; $(CC) rounding.o mode.o add.o -lm -o $@
several = for u in $(1); do $(C) -c $$u.c || exit 1; done; $(CC) $(1:%=%.o) -o $@
twice: twice.c fill.c leap.c ; $(call several,twice fill leap)
two-names: two_names.c named.c by_name.c ; $(call several,two_names named by_name)
defined: defined.c set_value.c by_name.c ; $(C) -c set_value.c && $(call several,defined by_name) set_value.o -Wl,--defsym=second=value
starts: started.cc first.cc second.cc third.c
	for u in started first second; do $(CXX) -O2 -c $$u.cc || exit 1; done; $(C) -c third.c && $(CXX) first.o second.o third.o started.o -o $@
waits: waits.c alarms.c asks.c ; $(call several,waits alarms asks)
said: said.c says_so.c does.c ; $(call several,said says_so does)
migrates: migrates.c run.c mine.c look.c ; $(call several,migrates run mine look) -pthread
deep: deep.c deeper.c report.c fills.c ; $(call several,deep deeper report fills)
# A function goes on in another thread.
threads: threads.c local.c switch.c
	$(C) -fPIC -fvisibility=hidden -c local.c && $(C) -fPIC -c switch.c && $(CC) -shared local.o switch.o -Wl,-soname,libswitch.so -o libswitch.so
	$(C) threads.c -L. -lswitch -Wl,-rpath,'$$ORIGIN/../lib/private' -o $@
cleared: secret.c clear.c ; $(C) -c secret.c && $(C) -c clear.c && $(CC) secret.o clear.o -o $@
install: all
	mkdir -p $D/bin $D/lib/private && cp $(programs) $D/bin && cp libswitch.so $D/lib/private
S
cat >"$source/types.c" <<'S'
#include <stdio.h>
void set(float *, float);
__attribute__((noinline)) static int of_two(int *p, long i, long j) { p[i] = 1; set((float *)p + j, 0); return p[i]; }
int main(int c, char **v) { (void)v; int a[4] = {0}; return printf("%d\n", of_two(a, c, c)) < 0; }
S
echo 'void set(float *p, float v) { *p = v; }' >"$source/set.c"
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
cat >"$source/sites.c" <<'S'
#include <stdio.h>
extern const long __start_sites[], __stop_sites[];
void site(int *);
int main(void) { int x = 0; site(&x); site(&x); return printf("%d %d\n", x, (int)(__stop_sites - __start_sites)) < 0; }
S
echo 'void site(int *p) { __asm__ volatile(".pushsection sites,\"a\"\n.quad 7\n.popsection" ::: "memory"); *p += 1; }' >"$source/site.c"
cat >"$source/flags.c" <<'S'
#include <stdio.h>
unsigned long eflags(void);
int is_deeper(char *);
__attribute__((noinline)) static int leaf(int a) {
  volatile int x[16];
  for (int i = 0; i < 16; i++) x[i] = a + i;
  int r = eflags() == 0;
  for (int i = 0; i < 16; i++) r += x[i];
  return r;
}
int main(int c, char **v) { (void)v; char outer; return printf("%d %d\n", leaf(c), is_deeper(&outer)) < 0; }
S
cat >"$source/eflags.c" <<'S'
unsigned long eflags(void) { unsigned long f; __asm__ volatile("pushfq\n\tpopq %0" : "=r"(f) :: "memory"); return f; }
int is_deeper(char *outer) { volatile char inner; return (char *)&inner < outer; }
S
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
cat >"$source/rounding.c" <<'S'
#include <fenv.h>
#include <float.h>
#include <stdio.h>
double add(double, double), divide(double, double);
void up(void), down(void), no_denormals(void);
int main(void) {
  up();
  double above = add(1, 1e-20);
  down();
  double below = add(1, 1e-20);
  feclearexcept(FE_ALL_EXCEPT);
  volatile double infinite = divide(1, 0);
  int by_zero = fetestexcept(FE_DIVBYZERO) != 0;
  no_denormals();
  return printf("%d %d %g %g\n", above > below, by_zero, infinite, divide(DBL_MIN, 4)) < 0;
}
S
cat >"$source/mode.c" <<'S'
#include <fenv.h>
#include <xmmintrin.h>
void up(void) { fesetround(FE_UPWARD); }
void down(void) { fesetround(FE_DOWNWARD); }
void no_denormals(void) { _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON); }
S
echo 'double add(double a, double b) { return a + b; } double divide(double a, double b) { return a / b; }' >"$source/add.c"
cat >"$source/doubled.c" <<'S'
#include <stdio.h>
#ifdef MAIN
extern int data;
int which(void), call_1(void), call_2(void);
int main(void) { return printf("%d %d %d %d\n", which(), data, call_1(), call_2()) < 0; }
#else
#define CALL_(n) call_##n
#define CALL(n) CALL_(n)
int data = N * 10;
__attribute__((noinline)) int which(void) { return N; }
int CALL(N)(void) { return which() + data; }
#endif
S
cat >"$source/main.c" <<'S'
#include <stdio.h>
int main(void) { return puts("main") < 0; }
S
cat >"$source/found.c" <<'S'
#include <stdio.h>
static void start(void) { puts("start"); }
static void end(void) { puts("end"); }
void (*const starts)(void) __attribute__((section(".init_array"))) = start;
void (*const ends)(void) __attribute__((section(".fini_array"))) = end;
const char license[] __attribute__((section(".modinfo"))) = "license=GPL";
const char version[] = "@(#) version 1.0";
S
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
echo 'int value = 1; void set(int x) { value = x; }' >"$source/set_value.c"
echo 'extern int second; int get(void) { return second; }' >"$source/by_name.c"
cat >"$source/first.cc" <<'S'
#include <cstdio>
int number = 1, order = 0;
static struct First { First() { std::printf("first "); number = 41; order = 7; } } first;
S
echo 'extern int number, order; int next = number + 1, early = ++order;' >"$source/second.cc"
echo 'extern int order; int seen; __attribute__((constructor)) static void third(void) { seen = order * 2; }' >"$source/third.c"
cat >"$source/started.cc" <<'S'
#include <cstdio>
extern int number, order, next, early;
extern "C" int seen;
int main() { return std::printf("%d %d %d %d %d\n", number, next, early, order, seen) < 0; }
S
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
cat >"$source/said.c" <<'S'
#include <stdio.h>
int get(void), ask(void);
void change(void);
int main(void) { int a = get(), b = ask(); change(); return printf("%d %d, %d %d\n", a, b, get(), ask()) < 0; }
S
echo 'extern const int setting; __attribute__((const)) int state(void); int get(void) { return setting; } int ask(void) { return state() + 1; }' >"$source/says_so.c"
# It cannot be mixed itself.
echo '__asm__(""); int setting = 1; static int s = 1; int state(void) { return s; } void change(void) { setting += 41; s += 5; }' >"$source/does.c"
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
echo '#include <stdio.h>
int odd(int); int even(int n) { return n == 0 ? 0 : odd(n - 1) + 1; }
int main(int c, char **v) { (void)v; return printf("%d\n", even(c * 1000)) < 0; }' >"$source/deep.c"
echo 'int report(int), even(int); int odd(int n) { int r = n % 997 == 5 ? report(n) : 0; return even(n - 1) + r; }' >"$source/deeper.c"
echo 'int fills(char *, int); int report(int n) { char text[65536]; return fills(text, n); }' >"$source/report.c"
echo 'int fills(char *b, int n) { for (int i = 0; i < 65536; i++) b[i] = (char)(n + i); return b[65535] & 1; }' >"$source/fills.c"
cat >"$source/leaf.c" <<'S'
#include <stdio.h>
int pushes(int);
__attribute__((noinline)) int leaf(int a, int b) {
  volatile int x[8];
  for (int i = 0; i < 8; i++) x[i] = a + i;
  int r = pushes(b);
  for (int i = 0; i < 8; i++) r += x[i];
  return r;
}
int main(int c, char **v) { (void)v; return printf("%d\n", leaf(c, c + 1)) < 0; }
S
cat >"$source/push.c" <<'S'
int pushes(int x) { int r; __asm__ volatile("pushq $-1; pushq $-1; pushq $-1; pushq $-1; addq $32, %%rsp; leal 1(%1), %0" : "=r"(r) : "r"(x) : "cc"); return r; }
S
cat >"$source/strict.c" <<'S'
int is_nan(double x) { return x != x; }
double quarter(double x) { return x / 4; }
S
echo 'double divide(double a, double b) { return a / b; }' >"$source/fast.c"
cat >"$source/math.c" <<'S'
#include <float.h>
#include <stdio.h>
int is_nan(double);
double divide(double, double), quarter(double);
int main(int c, char **v) { (void)v; double z = c - 1; return printf("%d %d %g\n", is_nan(z / z), is_nan(divide(z, z)), quarter(DBL_MIN)) < 0; }
S
echo 'int one(int x) { return x + (int)sizeof(__WCHAR_TYPE__); }' >"$source/one.c"
echo 'static int t[8] = {1,2,3,4,5,6,7,8}; int two(int x) { return t[x & 7]++; }' >"$source/two.c"
echo 'int three(int x) { return x + 9; }' >"$source/three.c"
cat >"$source/sum.c" <<'S'
#include <stdio.h>
int one(int), two(int), three(int);
int main(int c, char **v) { (void)v; return printf("%d %d %d\n", one(c), two(c), three(c)) < 0; }
S
cat >"$source/labels.c" <<'S'
#include <stdio.h>
int probe(int);
int main(int c, char **v) { (void)v; return printf("%d %d\n", probe(c), probe(c + 1)) < 0; }
S
echo 'int probe(int x) { __asm__ volatile("probe_point: nop" ::: "memory"); return x + 1; }' >"$source/probe.c"
cat >"$source/names.c" <<'S'
#include <stdio.h>
extern const char label_1, label_2;
static const void *const labels[] = {&label_1, &label_2};
__attribute__((noinline)) void body(volatile int *p) { __asm__ volatile(".globl label_1\nlabel_1: nop\n nop\n nop\n.globl label_2\nlabel_2: nop" ::: "memory"); *p = 1; }
int main(void) {
  volatile int x = 0;
  int r, d;
  body(&x);
  __asm__ volatile("call only_from_assembly" : "=a"(r) : "D"(20) : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
  __asm__("movl only_data(%%rip), %0" : "=r"(d));
  return printf("%d %d %d\n", r, d, (int)((const char *)labels[1] - (const char *)labels[0]) + x) < 0;
}
S
echo 'int only_from_assembly(int x) { return x + 22; } int only_data = 77;' >"$source/hidden.c"
cat >"$source/versions.cc" <<'S'
#include <cstdio>
__attribute__((target("default"))) int level() { return 1; }
__attribute__((target("avx2"))) int level() { return 1; }
int other(int);
int main() { std::printf("%d %d\n", level(), other(4)); }
S
cat >"$source/user.cc" <<'S'
__attribute__((target("default"))) int level();
__attribute__((target("avx2"))) int level();
__attribute__((noinline)) int other(int n) { int s = 0; for (int i = 0; i < n; i++) { s += level() * i; for (int k = 0; k < n; k++) s ^= k * i + (s >> 3); } return s; }
S
cat >"$source/emulated.c" <<'S'
#include <stdio.h>
__thread int counter = 3;
int main(void) { return printf("%d\n", ++counter) < 0; }
S
cat >"$source/says.c" <<'S'
#include <stdio.h>
__attribute__((constructor)) static void starts(void) { printf("NAME "); }
__attribute__((destructor)) static void ends(void) { printf("~NAME "); }
static void from_array(void) { printf("NAME-array "); }
#define ARRAY __attribute__((section(".init_array"), used)) static void (*entry)(void) = from_array;
__attribute__((section("names"), used)) static const char name[16] = "NAME";
void *array_NAME(void) { return from_array; }
MORE
S
cat >"$source/end.c" <<'S'
#include <stdio.h>
extern const char __start_names[], __stop_names[];
int main(void) { for (const char *name = __start_names; name < __stop_names; name += 16) printf("%s ", name); return puts("main") < 0; }
S
cat >"$source/thrown.cc" <<'S'
#include <cstdio>
extern "C" int each(int count, int (*call)(int));
struct Unwound { ~Unwound() { std::printf("unwound "); } };
static int odd_only(int i) { if (i == 2) throw i; return i; }
int main() {
  try {
    Unwound here;
    return each(4, odd_only);
  } catch (int i) {
    std::printf("caught %d\n", i);
  }
}
S
echo 'int each(int count, int (*call)(int)) { int sum = 0; for (int i = 0; i < count; i++) sum += call(i); return sum; }' >"$source/each.c"
cat >"$source/frames.c" <<'S'
#include <stdio.h>
char *frame(void), *stack(void), *caller(void);
int main(void) {
  volatile char local[64];
  local[0] = 1;
  char *start = (char *)main;
  return printf("%d %d %d\n", frame() < (char *)local, stack() < (char *)local, caller() > start && caller() < start + 512) < 0;
}
S
cat >"$source/looks.c" <<'S'
char *frame(void) { return __builtin_frame_address(0); }
char *caller(void) { return __builtin_return_address(0); }
char *stack(void) { char *at; __asm__ volatile("mov %%rsp, %0" : "=r"(at)); return at; }
S
echo '#include <string.h>
void clear(void *from, unsigned long size) { memset(from, 0, size); }' >"$source/clear.c"
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
built_both_ways "$source"
says_the_same '$T/bin/redzone' '$T/bin/math' '$T/bin/mathlink' '$T/bin/wide' '$T/bin/model' '$T/bin/stack' '$T/bin/labels' \
  'nm $T/bin/labels | grep -c probe_point' '$T/bin/names' '$T/bin/versions' '$T/bin/ordered' '$T/bin/arrays' '$T/bin/thrown' '$T/bin/frames' '$T/bin/cleared' \
  '$T/bin/shared-types' '$T/bin/known' '$T/bin/sites' '$T/bin/flags' '$T/bin/doubled' '$T/bin/pokes' '$T/bin/rounding' '$T/bin/found' 'strings $T/bin/found | grep "version 1.0"' \
  'readelf -p .modinfo $T/bin/found' '$T/bin/threads' '$T/bin/twice' '$T/bin/two-names' '$T/bin/defined' '$T/bin/starts' '$T/bin/waits' \
  '$T/bin/said' '$T/bin/migrates' 'ulimit -s 8192; $T/bin/deep' '$T/bin/emulated' 'nm $T/bin/emulated | grep -c __emutls'
are_lowered bin/redzone bin/math bin/mathlink bin/wide bin/model bin/stack bin/labels bin/names bin/versions bin/ordered bin/arrays \
  bin/thrown bin/frames bin/cleared bin/shared-types bin/known bin/sites bin/flags bin/doubled bin/found bin/threads bin/pokes bin/rounding lib/private/libswitch.so \
  bin/twice bin/two-names bin/defined bin/starts bin/waits bin/said bin/migrates bin/deep
