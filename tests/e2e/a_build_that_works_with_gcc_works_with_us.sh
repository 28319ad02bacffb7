# A build gets from our compilers what it gets from GCC and GNU ld: inputs that can be read only once, the output of the
# linker, commands in GCC's language that make no object, and code that GCC compiles with a warning.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/habits-1.0
mkdir -p "$source"
cat >"$source/Makefile" <<'S'
SHELL = /bin/bash
D = $(DESTDIR)$(PREFIX)
C = $(CC) -O2
programs = response input descriptor nested scripted assembly piped silent old
all: $(programs) libversions.so answers
response: named.c ; $(C) @<(echo "-DNAME='\"response\"'") named.c -o $@
input: named.c ; echo '#define NAME "input"' | $(C) -include /dev/stdin -c named.c -o $@.o && $(CC) $@.o -o $@
descriptor: named.c ; $(C) -include <(echo '#define NAME "descriptor"') -c named.c -o $@.o && $(CC) $@.o -o $@
libversions.so: versions.c ; echo 'V1 { global: shown; local: *; };' | $(C) -shared -fPIC versions.c -Wl,--version-script=/dev/stdin -o $@
# GCC's nested functions: compiled, assembled, and from standard input.
nested: nested.c ; gcc -O2 nested.c -o $@
assembly: nested.c ; gcc -O2 -S nested.c -o $@.s && gcc $@.s -o $@
piped: nested.c ; gcc -O2 -x c -c - -o $@.o <nested.c && gcc $@.o -o $@
silent: nested.c ; gcc -fsyntax-only nested.c && gcc -O2 -save-temps -c nested.c -o $@.o && gcc $@.o -o $@
# The linker's own script, with a change.
scripted: scripted.c
	$(C) -c scripted.c && $(CC) scripted.o -Wl,--defsym=mine=0 -Wl,--verbose -o first | sed -e '1,/^======/d' -e '/^======/,$$d' >default.ld
	sed 's/\. = DATA_SEGMENT_END (\.);/mine = .; &/' default.ld >mine.ld && $(CC) scripted.o -Wl,-T,mine.ld -Wl,-Map,scripted.map -o $@
	grep -q scripted.o scripted.map
# Code that GCC 12 compiles with warnings.
old: old.c ; gcc -O2 -w old.c -o $@
answers: ; gcc -dumpfullversion >$@ && $(CC) -Wl,--version | head -n 1 >>$@ && $(CC) first.c 2>&1 | grep -c error: >>$@; true
install: all
	mkdir -p $D/bin $D/lib && cp $(programs) answers $D/bin && cp libversions.so $D/lib
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
echo 'int x = ;' >"$source/first.c"
built_both_ways "$source"
says_the_same '$T/bin/response' '$T/bin/input' '$T/bin/descriptor' '$T/bin/nested' '$T/bin/assembly' '$T/bin/piped' '$T/bin/silent' \
  '$T/bin/scripted' '$T/bin/old' 'cat $T/bin/answers' 'nm -D --defined-only $T/lib/libversions.so | cut -c18-'
are_lowered bin/response bin/input bin/descriptor bin/old lib/libversions.so
