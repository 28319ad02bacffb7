# A project gets the file that its own linker makes, and a lowered program is the same program: which members of
# archives are in it, which libraries are loaded, how its stack may be used, when relocations call resolvers, and where
# a layout script puts things.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/linkers-1.0
makefile_of "$source" <<'S'
B = $(C) -ffreestanding -fno-stack-protector -fno-pie -fno-asynchronous-unwind-tables
run = -L. -Wl,-rpath,'$$ORIGIN/../lib'
programs = member library block needed stack nested resolver table packed aligned wrapped relocated same-id other-id constructed
libraries = *.so
# The archive is in front of the object that needs it. GNU ld does not look back.
early late: ; echo 'const char *which(void) { return "$@"; }' >$@.c && $(C) -c $@.c && rm -f lib$@.a && ar cr lib$@.a $@.o
which.o: which.c ; $(C) -c which.c
member: which.o early late ; $(C) -L. -learly which.o -llate -o $@
library: which.o early late
	$(C) -shared -fPIC late.c -Wl,-soname,liblater.so -o liblater.so && $(C) -L. -learly which.o -llater $(run) -o $@
# Only a member of an archive gives this common block a value.
block: block.f90 values.f90
	gfortran -O2 -c block.f90 && gfortran -O2 -c values.f90 && rm -f libvalues.a && ar cr libvalues.a values.o
	gfortran block.o libvalues.a -o $@
needed: needed.c quiet.c registers.c
	$(CC) -shared -fPIC registers.c -Wl,-soname,libregisters.so -o libregisters.so
	$(C) -c needed.c && $(C) -c quiet.c && $(C) needed.o quiet.o -Wl,--as-needed $(run) -lregisters -o $@
# GNU ld makes the stack executable for objects that do not say whether they need it.
stack: stack.c id.s ; $(C) -c stack.c && $(CC) -c id.s && $(CC) stack.o id.o -o $@
nested: nested.c ; gcc -O1 nested.c -o $@
resolver: resolver.c clones.c taken.c
	$(C) -fPIC -c clones.c && $(C) -fPIC -c taken.c && $(CC) -shared clones.o taken.o -Wl,-soname,libclones.so -o libclones.so
	$(C) resolver.c $(run) -lclones -o $@
table: table.c entries.ld
	for n in beta alpha; do sed "s/NAME/$$n/g" entry.c >$$n.c && $(C) -c $$n.c || exit 1; done
	$(C) -c table.c && $(CC) table.o beta.o alpha.o -Wl,-T,entries.ld -o $@
bare.o helper.o: ; $(B) -c $(@:.o=.c)
packed: bare.o helper.o ; $(CC) -nostdlib -static -no-pie bare.o helper.o -Wl,-T,packed.ld -o $@
aligned: bare.o helper.o ; $(CC) -nostdlib -static -no-pie -Wl,--build-id=none bare.o helper.o -Wl,-T,aligned.ld -o $@
wrapped: copies.c counts.c
	$(C) -c copies.c && $(C) -c counts.c && rm -f libcounts.a && ar cr libcounts.a counts.o
	$(C) copies.o libcounts.a -Wl,--wrap=memcpy -o $@
# GNU ld lets the loader write to constants.
relocated: relocated.c ; $(C) relocated.c -o $@
# GNU ld makes .ctors part of .init_array.
constructed: ctors.c ; $(C) ctors.c -o $@
same-id other-id: ; echo '#include <stdio.h>' >$@.c && echo 'int main(void) { return puts("$@") < 0; }' >>$@.c && $(C) $@.c -Wl,--build-id=0x1234567890 -o $@
S
cat >"$source/which.c" <<'S'
#include <stdio.h>
const char *which(void);
int main(void) { return puts(which()) < 0; }
S
cat >"$source/block.f90" <<'S'
program main
  real(8) :: c, g
  common /values/ c, g
  print '(f6.2,1x,f6.2)', c, g
end program
S
cat >"$source/values.f90" <<'S'
block data
  real(8) :: c, g
  common /values/ c, g
  data c /3.25d0/, g /9.81d0/
end block data
S
cat >"$source/needed.c" <<'S'
#include <stdio.h>
int verbose(void);
int version(void);
int main(void) { return verbose() ? printf("%d\n", version()) : puts("main"); }
S
echo 'int verbose(void) { return 0; }' >"$source/quiet.c"
cat >"$source/registers.c" <<'S'
#include <stdio.h>
__attribute__((constructor)) static void registers(void) { puts("registered"); }
int version(void) { return 3; }
S
cat >"$source/stack.c" <<'S'
#include <stdio.h>
#include <string.h>
int id(int);
int main(void) {
  unsigned char code[16] __attribute__((aligned(16)));
  memcpy(code, "\x8d\x47\x02\xc3", 4);
  int (*volatile f)(int) = (int (*)(int))(void *)code;
  return printf("%d\n", f(id(5))) < 0;
}
S
printf '.text\n.globl id\nid: mov %%edi, %%eax\n ret\n' >"$source/id.s"
cat >"$source/nested.c" <<'S'
#include <stdio.h>
static int apply(int (*f)(int), int x) { return f(x); }
int main(int c, char **v) { (void)v; int in(int y) { return y + c; } int (*volatile p)(int) = in; return printf("%d\n", apply(p, 40)) < 0; }
S
cat >"$source/clones.c" <<'S'
__attribute__((target_clones("avx512f", "avx2", "default"))) long sum(const int *a, int n) { long s = 0; for (int i = 0; i < n; i++) s += a[i]; return s; }
S
cat >"$source/taken.c" <<'S'
long sum(const int *, int);
typedef long (*function)(const int *, int);
function taken(void) { return sum; }
long twice(const int *a, int n) { return 2 * sum(a, n); }
S
cat >"$source/resolver.c" <<'S'
#include <stdio.h>
typedef long (*function)(const int *, int);
function taken(void);
long twice(const int *, int);
int main(void) { int a[100]; for (int i = 0; i < 100; i++) a[i] = i; return printf("%ld %ld\n", twice(a, 50), taken()(a, 100)) < 0; }
S
cat >"$source/table.c" <<'S'
#include <stdio.h>
struct entry { const char *name; int (*run)(int); };
extern const struct entry entries_begin[], entries_end[];
int main(void) { for (const struct entry *e = entries_begin; e < entries_end; e++) printf("%s=%d\n", e->name, e->run(5)); return 0; }
S
cat >"$source/entry.c" <<'S'
struct entry { const char *name; int (*run)(int); };
static int run(int x) { return x * (int)sizeof "NAME"; }
const struct entry entry_NAME __attribute__((section(".entries.NAME"))) = {"NAME", run};
S
echo 'SECTIONS { .entries : { entries_begin = .; KEEP(*(SORT(.entries.*))) entries_end = .; } } INSERT AFTER .rodata;' >"$source/entries.ld"
cat >"$source/bare.c" <<'S'
static long sys(long n, long a, const void *b, long c) { long r; __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory"); return r; }
static void say(const char *s) { long n = 0; while (s[n]) n++; sys(1, 1, s, n); }
extern char text_start[], text_end[], data_start[], data_end[], bss_start[], bss_end[];
int helper(int);
int table[64] = {1, 2, 3};
int zero[64];
static int in(const void *p, char *a, char *b) { return (char *)p >= a && (char *)p < b; }
void _start(void) {
  say(in((void *)helper, text_start, text_end) ? "helper in text\n" : "helper elsewhere\n");
  say(in((void *)_start, text_start, text_end) ? "start in text\n" : "start elsewhere\n");
  say(in(table, data_start, data_end) ? "table in data\n" : "table elsewhere\n");
  say(in(zero, bss_start, bss_end) ? "zero in bss\n" : "zero elsewhere\n");
  zero[helper(1) & 63] = table[helper(2) & 63];
  sys(60, 0, 0, 0);
}
S
echo '__attribute__((noinline)) int helper(int x) { return x * 3 + 1; }' >"$source/helper.c"
# The first layout has one page for code and constants, the second a page for each.
cat >"$source/packed.ld" <<'S'
ENTRY(_start)
SECTIONS {
  . = 0x400000 + SIZEOF_HEADERS;
  .text : { text_start = .; *(.text) text_end = .; }
  .rodata : { *(.rodata) *(.rodata.*) }
  . = ALIGN(0x1000);
  .data : { data_start = .; *(.data) data_end = .; }
  .bss : { bss_start = .; *(.bss) *(COMMON) bss_end = .; }
  /DISCARD/ : { *(.comment) *(.eh_frame) *(.note.GNU-stack) }
}
S
sed 's/SIZEOF_HEADERS/0x1000/; s/  \.rodata/  . = ALIGN(0x1000);\n  .rodata/' "$source/packed.ld" >"$source/aligned.ld"
cat >"$source/copies.c" <<'S'
#include <stdio.h>
struct large { char c[5000]; };
extern int count;
int main(int argc, char **argv) {
  (void)argv;
  static struct large a, b;
  a.c[7] = (char)argc;
  b = a;
  return printf("%d %d\n", b.c[7], count) < 0;
}
S
cat >"$source/counts.c" <<'S'
int count;
void *__real_memcpy(void *, const void *, unsigned long);
void *__wrap_memcpy(void *d, const void *s, unsigned long n) { count++; return __real_memcpy(d, s, n); }
S
cat >"$source/relocated.c" <<'S'
#include <stdio.h>
extern const char *const names[];
__asm__(".pushsection .fixed,\"a\"\n.globl names\nnames: .quad name\n.popsection\n.pushsection .rodata\nname: .asciz \"by the loader\"\n.popsection");
int main(void) { return puts(names[0]) < 0; }
S
cat >"$source/ctors.c" <<'S'
#include <stdio.h>
static void start(void) { puts("constructed"); }
__attribute__((section(".ctors"), used)) static void (*constructor)(void) = start;
int main(void) { return puts("main") < 0; }
S
built_both_ways "$source"
says_the_same '$T/bin/member' '$T/bin/library' '$T/bin/block' '$T/bin/needed' '$T/bin/stack' '$T/bin/nested' '$T/bin/resolver' \
  '$T/bin/table' '$T/bin/packed' '$T/bin/aligned' '$T/bin/wrapped' '$T/bin/relocated' '$T/bin/constructed' '$T/bin/same-id' \
  '$T/bin/other-id' 'readelf -dW $T/bin/needed | grep NEEDED | grep -vc libxaas-'
are_lowered bin/member bin/library bin/needed bin/stack bin/resolver lib/libclones.so bin/table bin/packed bin/aligned bin/wrapped bin/relocated \
  bin/same-id bin/other-id
contains "$(reason_of bin/constructed)" "lld does not link it as its own linker does: sections of the project's own (.ctors"
contains "$(cat "$work/expected")" 'late 0'
contains "$(cat "$work/expected")" 'registered'
