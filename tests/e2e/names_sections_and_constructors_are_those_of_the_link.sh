# Units whose assembly names symbols are compiled by themselves, so a label is there once, and what only assembly names is
# there. What a program finds by its section is there, in the order of the link. Constructors run in that order, too, and see
# what those before them have done. Of two definitions the first counts.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/mixing-1.0
makefile_of "$source" <<'S'
programs = labels names sites doubled found ordered arrays starts
labels: labels.c probe.c ; $(call several,labels probe)
names: names.c hidden.c
	$(C) -mno-red-zone -c names.c && $(C) -c hidden.c && rm -f libhidden.a && ar cr libhidden.a hidden.o
	$(CC) names.o libhidden.a -o $@
sites: sites.c site.c ; $(call several,sites site)
# The first definition in the link counts for all units.
doubled: doubled.c ; $(C) -DN=1 -c doubled.c -o d1.o && $(C) -DN=2 -c doubled.c -o d2.o && $(C) -DMAIN -c doubled.c && $(CC) d2.o d1.o doubled.o -Wl,-z,muldefs -o $@
found: main.c found.c ; $(call several,main found)
# Each unit says its name when the program starts and when it ends.
says = sed 's/NAME/$(1)/g; s/MORE/$(2)/' says.c >$(1).c && $(C) $(3) -c $(1).c
ordered: says.c end.c
	$(call says,a) && $(call says,b,__asm__(".globl mark; mark = 5");) && $(call says,c) && $(call says,d,,-mno-red-zone) && $(call says,e)
	$(C) -c end.c && $(CC) a.o b.o c.o d.o e.o end.o -o $@
arrays: says.c end.c
	$(call says,f,ARRAY) && $(call says,g,ARRAY) && $(call says,h) && $(C) -c end.c -o $@.o && $(CC) f.o g.o h.o $@.o -o $@
starts: started.cc first.cc second.cc third.c
	for u in started first second; do $(CXX) -O2 -c $$u.cc || exit 1; done; $(C) -c third.c && $(CXX) first.o second.o third.o started.o -o $@
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
cat >"$source/sites.c" <<'S'
#include <stdio.h>
extern const long __start_sites[], __stop_sites[];
void site(int *);
int main(void) { int x = 0; site(&x); site(&x); return printf("%d %d\n", x, (int)(__stop_sites - __start_sites)) < 0; }
S
echo 'void site(int *p) { __asm__ volatile(".pushsection sites,\"a\"\n.quad 7\n.popsection" ::: "memory"); *p += 1; }' >"$source/site.c"
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
built_both_ways "$source"
programs=$(ls "$work/plain/bin")
says_the_same $(printf '$T/bin/%s ' $programs) 'nm $T/bin/labels | grep -c probe_point' 'strings $T/bin/found | grep "version 1.0"' \
  'readelf -p .modinfo $T/bin/found'
are_lowered $(printf 'bin/%s ' $programs)
