# A function is copied from one unit into another only if it means the same there. Units that differ in options that LLVM
# does not look at are compiled by themselves, and so is what changes how the CPU computes. Units need not agree on types.
# Exceptions pass through C, functions find their own frames, and recursion needs no more of the stack.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/mixing-1.0
makefile_of "$source" <<'S'
programs = redzone flags math mathlink rounding options shared-types versions emulated thrown frames deep
redzone: leaf.c push.c ; $(C) -c leaf.c && $(C) -mno-red-zone -c push.c && $(CC) leaf.o push.o -o $@
flags: flags.c eflags.c ; $(call several,flags eflags)
math: math.c strict.c fast.c
	$(C) -c math.c && $(C) -c strict.c && $(C) -ffast-math -c fast.c && $(CC) math.o strict.o fast.o -lm -o $@
# At run time denormal numbers become zero, and only at run time.
mathlink: math ; $(CC) -ffast-math math.o strict.o fast.o -lm -o $@
options: one.c two.c three.c sum.c
	$(C) -fno-pie -fshort-wchar -c one.c && $(C) -fno-pie -mcmodel=large -c two.c && $(C) -fno-pie -mcmodel=medium -c three.c
	$(C) -fno-pie -mstack-alignment=64 -Done=four -c one.c -o four.o && $(C) -fno-pie -c sum.c
	$(CC) -no-pie sum.o one.o two.o three.o four.o -o $@
rounding: rounding.c mode.c add.c ; $(call several,rounding mode add) -lm
shared-types: types.c set.c ; $(call several,types set)
versions: versions.cc user.cc ; $(CXX) -O2 -c versions.cc && $(CXX) -O2 -c user.cc && $(CXX) user.o versions.o -o $@
emulated: emulated.c ; $(C) -femulated-tls emulated.c -o $@
# Clang says of all functions in C that they throw nothing.
thrown: thrown.cc each.c ; $(C) -c each.c && $(CXX) -O2 -c thrown.cc && $(CXX) thrown.o each.o -o $@
frames: frames.c looks.c ; $(call several,frames looks)
deep: deep.c deeper.c report.c fills.c ; $(call several,deep deeper report fills)
S
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
cat >"$source/math.c" <<'S'
#include <float.h>
#include <stdio.h>
int is_nan(double);
double divide(double, double), quarter(double);
int main(int c, char **v) { (void)v; double z = c - 1; return printf("%d %d %g\n", is_nan(z / z), is_nan(divide(z, z)), quarter(DBL_MIN)) < 0; }
S
cat >"$source/strict.c" <<'S'
int is_nan(double x) { return x != x; }
double quarter(double x) { return x / 4; }
S
echo 'double divide(double a, double b) { return a / b; }' >"$source/fast.c"
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
echo 'int one(int x) { return x + (int)sizeof(__WCHAR_TYPE__); }' >"$source/one.c"
echo 'static int t[8] = {1,2,3,4,5,6,7,8}; int two(int x) { return t[x & 7]++; }' >"$source/two.c"
echo 'int three(int x) { return x + 9; }' >"$source/three.c"
cat >"$source/sum.c" <<'S'
#include <stdio.h>
int one(int), two(int), three(int), four(int);
int main(int c, char **v) { (void)v; return printf("%d %d %d %d\n", one(c), two(c), three(c), four(c)) < 0; }
S
cat >"$source/types.c" <<'S'
#include <stdio.h>
void set(float *, float);
__attribute__((noinline)) static int of_two(int *p, long i, long j) { p[i] = 1; set((float *)p + j, 0); return p[i]; }
int main(int c, char **v) { (void)v; int a[4] = {0}; return printf("%d\n", of_two(a, c, c)) < 0; }
S
echo 'void set(float *p, float v) { *p = v; }' >"$source/set.c"
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
echo '#include <stdio.h>
int odd(int); int even(int n) { return n == 0 ? 0 : odd(n - 1) + 1; }
int main(int c, char **v) { (void)v; return printf("%d\n", even(c * 1000)) < 0; }' >"$source/deep.c"
echo 'int report(int), even(int); int odd(int n) { int r = n % 997 == 5 ? report(n) : 0; return even(n - 1) + r; }' >"$source/deeper.c"
echo 'int fills(char *, int); int report(int n) { char text[65536]; return fills(text, n); }' >"$source/report.c"
echo 'int fills(char *b, int n) { for (int i = 0; i < 65536; i++) b[i] = (char)(n + i); return b[65535] & 1; }' >"$source/fills.c"
built_both_ways "$source"
programs=$(ls "$work/plain/bin")
says_the_same $(printf '$T/bin/%s ' $programs) 'ulimit -s 8192; $T/bin/deep' 'nm $T/bin/emulated | grep -c __emutls'
are_lowered $(printf 'bin/%s ' ${programs/emulated/})  # which stays as it was built
