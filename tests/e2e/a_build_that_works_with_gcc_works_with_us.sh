# A build gets from our compilers what it gets from GCC and GNU ld: inputs that can be read only once, rules of make,
# the output of the linker, commands in GCC's language that make no object, code that GCC compiles with a warning, and
# what clang leaves out with a warning: attributes and options that change what a program means. OpenMP needs one runtime,
# by whatever name the project asks for it.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/habits-1.0
mkdir -p "$source"
cat >"$source/Makefile" <<'S'
SHELL = /bin/bash
D = $(DESTDIR)$(PREFIX)
C = $(CC) -O2
SYSTEM = $(CC)
programs = response input descriptor nested scripted assembly piped silent old old_cpp swapped single assembled unnamed unnamed_unit preprocessed openmp faults unsigned trained
all: $(programs) libversions.so libsymver.so answers rules
response: named.c ; $(C) @<(echo "-DNAME='\"response\"'") named.c -o $@
input: named.c ; echo '#define NAME "input"' | $(C) -include /dev/stdin -c named.c -o $@.o && $(CC) $@.o -o $@
descriptor: named.c ; $(C) -include <(echo '#define NAME "descriptor"') -c named.c -o $@.o && $(CC) $@.o -o $@
libversions.so: versions.c ; echo 'V1 { global: shown; local: *; };' | $(C) -shared -fPIC versions.c -Wl,--version-script=/dev/stdin -o $@
# GCC's nested functions: compiled, assembled, and from standard input.
nested: nested.c ; gcc -O2 nested.c -o $@
assembly: nested.c ; gcc -O2 -S nested.c -o $@.s && gcc $@.s -o $@
assembled: named.c ; gcc -DNAME='"assembled"' -O2 -S named.c -o $@.s && as $@.s -o $@.o && gcc $@.o -o $@
piped: nested.c ; gcc -O2 -x c -c - -o $@.o <nested.c && gcc $@.o -o $@
silent: nested.c ; gcc -fsyntax-only nested.c && gcc -O2 -save-temps -c nested.c -o $@.o && gcc $@.o -o $@
# The linker's own script, with a change.
scripted: scripted.c
	$(C) -c scripted.c && $(CC) scripted.o -Wl,--defsym=mine=0 -Wl,--verbose -o first | sed -e '1,/^======/d' -e '/^======/,$$d' >default.ld
	sed 's/\. = DATA_SEGMENT_END (\.);/mine = .; &/' default.ld >mine.ld && $(CC) scripted.o -Wl,-T,mine.ld -Wl,-Map,scripted.map -o $@
	grep -q scripted.o scripted.map
# GCC's language for the compiler of the environment, which is clang with us.
unnamed: nested.c ; $(SYSTEM) -O2 nested.c -o $@
unnamed_unit: nested.c ; $(SYSTEM) -O2 -c nested.c -o $@.o && $(SYSTEM) $@.o -o $@
preprocessed: named.c ; cpp -DNAME='"preprocessed"' named.c >$@.c && $(SYSTEM) -O2 $@.c -o $@
openmp: openmp.c ; gcc -O2 -fopenmp -c openmp.c -o $@.o && gcc $@.o -l gomp -o $@
# Code that GCC 12 compiles with warnings.
old: old.c ; gcc -O2 -w old.c -o $@
old_cpp: old.cc ; g++ -O2 -w old.cc -o $@
# What clang leaves out, with a warning unless the project wants none.
swapped: swapped.c ; gcc -O2 -w -c swapped.c && gcc swapped.o -o $@
single: single.c ; gcc -O2 -fsingle-precision-constant single.c -o $@
# With a profile that GCC has measured.
T = gcc -O2 -DNAME='"trained"' -Werror=missing-profile
trained: named.c ; $T -fprofile-generate -c named.c -o $@.o && $T -fprofile-generate $@.o -o $@ && ./$@ && $T -fprofile-use -c named.c -o $@.o && $T $@.o -o $@
unsigned: unsigned.c ; gcc -w -O2 -funsigned-bitfields unsigned.c -o $@
faults: faults.cc ; g++ -O2 -fnon-call-exceptions -c faults.cc && g++ faults.o -o $@
libsymver.so: symver.c ; gcc -O2 -shared -fPIC symver.c -Wl,--version-script=symver.map -o $@
answers: ; gcc -dumpfullversion >$@ && $(CC) -Wl,--version | head -n 1 >>$@ && $(CC) first.c 2>&1 | grep -c error: >>$@; true
# Rules of make without system headers, in each way to ask for them.
rules: named.c
	$(C) -DNAME='"rule"' -MMD -MF first.d -c named.c -o $@.o && $(C) -DNAME='"rule"' -Wp,-MMD,second.d named.c -o $@.x
	$(C) -DNAME='"rule"' -MMD -MF third.d named.c -o $@.x && cat first.d second.d third.d >$@
	$(CC) -v 2>&1 | grep -c unused >>$@; clang-19 -cc1 -E -x c /dev/null >>$@
install: all
	mkdir -p $D/bin $D/lib && cp $(programs) answers rules $D/bin && cp libversions.so libsymver.so $D/lib
S
cat >"$source/named.c" <<'S'
#include <stdio.h>
int main(void) { return puts(NAME) < 0; }
S
echo 'int shown(void) { return 1; } int hidden(void) { return 2; }' >"$source/versions.c"
cat >"$source/nested.c" <<'S'
#include <stdio.h>
int main(int c, char **v) { (void)v; int in(int y) { return y + c; } return printf("%d\n", in(40)) < 0; }
S
cat >"$source/unsigned.c" <<'S'
#include <stdio.h>
struct bits { int three : 3; };
int main(void) { struct bits b = {7}; return printf("%d\n", b.three) < 0; }
S
cat >"$source/faults.cc" <<'S'
#include <csignal>
#include <cstdio>
static void fault(int) { throw 3; }
int *volatile nowhere;
int main() {
  std::signal(SIGSEGV, fault);
  try { *nowhere = 1; } catch (int i) { std::printf("caught %d\n", i); }
}
S
cat >"$source/openmp.c" <<'S'
#include <omp.h>
#include <stdio.h>
int main(void) {
  int sum = 0, numbers = 0;
  omp_set_num_threads(3);
#pragma omp parallel for reduction(+ : sum)
  for (int i = 0; i < 100; i++) sum += i;
#pragma omp parallel reduction(+ : numbers)
  numbers += omp_get_thread_num();
  return printf("%d %d\n", sum, numbers) < 0;
}
S
cat >"$source/scripted.c" <<'S'
#include <stdio.h>
extern char mine[];
int main(void) { return printf("%d\n", (char *)mine > (char *)main) < 0; }
S
cat >"$source/old.c" <<'S'
static counter = 3;
static twice(x) { return 2 * x; }
int main(void) { int *p = counter - 3; printf("%d %d\n", twice(counter), p == 0); return 0; }
S
cat >"$source/old.cc" <<'S'
#include <cstdio>
enum E { one = 1 };
constexpr E far = static_cast<E>(9);
struct T { template <class U> static U make(U u) { return u; } };
template <class X> int use(X) { return X::template make(3); }
int f(int x) { register int k = x; unsigned char a[] = {x}; return k + a[0]; }
int main() { std::printf("%d %d %d\n", f(2), use(T()), (int)far); }
S
cat >"$source/swapped.c" <<'S'
#include <stdio.h>
union number { struct __attribute__((scalar_storage_order("big-endian"))) { int value; } swapped; unsigned char bytes[4]; };
int main(void) { union number n = {{1}}; return printf("%d %d\n", n.bytes[0], n.bytes[3]) < 0; }
S
cat >"$source/single.c" <<'S'
#include <stdio.h>
int main(void) { return printf("%d\n", 0.1 == 0.1f) < 0; }
S
cat >"$source/symver.c" <<'S'
__attribute__((symver("f@V1"))) int old_f(void) { return 1; }
__attribute__((symver("f@@V2"))) int new_f(void) { return 2; }
S
echo 'V1 { global: f; local: *; }; V2 { global: f; } V1;' >"$source/symver.map"
echo 'int x = ;' >"$source/first.c"
plain_variables=SYSTEM=gcc built_both_ways "$source"
says_the_same '$T/bin/response' '$T/bin/input' '$T/bin/descriptor' '$T/bin/nested' '$T/bin/assembly' '$T/bin/piped' '$T/bin/silent' \
  '$T/bin/scripted' '$T/bin/old' '$T/bin/old_cpp' '$T/bin/swapped' '$T/bin/single' '$T/bin/assembled' '$T/bin/unnamed' '$T/bin/unnamed_unit' '$T/bin/preprocessed' '$T/bin/openmp' '$T/bin/faults' '$T/bin/unsigned' '$T/bin/trained' 'nm -D --defined-only $T/lib/libsymver.so | cut -c18-' \
  'cat $T/bin/answers $T/bin/rules' 'nm -D --defined-only $T/lib/libversions.so | cut -c18-'
are_lowered bin/response bin/input bin/descriptor bin/old bin/old_cpp bin/openmp lib/libversions.so
