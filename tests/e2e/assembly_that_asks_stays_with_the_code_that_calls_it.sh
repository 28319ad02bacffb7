# Assembly is not compiled for CPU levels. Where the functions that it defines depend on the CPU, code that calls those
# of a level cannot be linked, so a program with such code is lowered without that level rather than not at all.
. "$(dirname "$0")/lib.sh"
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir "$work/project"
cd "$work/project"
cat >main.c <<'END'
#include <stdio.h>
int fast(void);
int main(void) {
#ifdef __AVX2__
  printf("fast %d\n", fast());
#else
  puts("plain 256");
#endif
}
END
cat >fast.S <<'END'
#ifdef __AVX2__
.globl fast
fast:
  mov $256, %eax
  ret
#endif
.section .note.GNU-stack,"",@progbits
END
cat >Makefile <<'END'
CFLAGS = -O2 -march=native
program: main.o fast.o ; $(CC) -o $@ $^
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin program
END
# What a library of the project defines is there at every level, whatever the name of its file is.
mkdir "$work/libraries"
cd "$work/libraries"
cat >main.c <<'END'
#include <stdio.h>
int plain(void), fast(void);
int main(void) {
#ifdef __AVX2__
  printf("fast %d\n", fast());
#else
  printf("plain %d\n", plain());
#endif
}
END
echo 'int plain(void) { return 1; } int fast(void) { return 2; }' >both.c
cat >Makefile <<'END'
CFLAGS = -O2
program: main.o libboth.so.1.2 ; $(CC) -o $@ $^ -Wl,-rpath,'$$ORIGIN/../lib'
libboth.so.1.2: both.c ; $(CC) -O2 -shared -fPIC -Wl,-soname,libboth.so.1 -o $@ $^
install:
	install -D -t $(DESTDIR)$(PREFIX)/bin program
	install -D -t $(DESTDIR)$(PREFIX)/lib libboth.so.1.2
	ln -sf libboth.so.1.2 $(DESTDIR)$(PREFIX)/lib/libboth.so.1
END
cd "$work"
mkxaas -q --toolchain=none libraries libraries.xaas
contains "$(xaas-lower explain --cpu=haswell libraries.xaas)" "level     x86-64-v3  chosen"
mkxaas -q project asm.xaas 2>/dev/null
for cpu in nehalem haswell skylake-avx512; do
  xaas-lower --cpu=$cpu -o lowered asm.xaas bin/program >/dev/null
  contains "$(./lowered)" " 256"
done
contains "$(xaas-lower explain --cpu=haswell asm.xaas | grep " x86-64-v3  not used: ")" fast
