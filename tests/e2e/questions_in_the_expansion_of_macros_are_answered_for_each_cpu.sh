# A project's header may ask for the CPU only where its macros are expanded, in conditions or in the code. That counts
# as asking, for each unit that expands them.
. "$(dirname "$0")/lib.sh"
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir "$work/project"
cd "$work/project"
cat >simd.h <<'END'
#define HAS_AVX2 (defined(__AVX2__))
#define HAS_AVX512 __AVX512F__ + 0
#define HAS_FMA __FMA__
#define AND(a, b) ((a) && (b))
#define WIDTH (HAS_AVX2 ? 32 : 16)
END
cat >conditions.c <<'END'
#include "simd.h"
int conditions(void) {
#if AND(HAS_AVX512, 1)
  return 512;
#elif HAS_AVX2
  return 256;
#else
  return 128;
#endif
}
END
echo '#include "simd.h"
int width(void) {
#if WIDTH == 32
  return 32;
#else
  return 16;
#endif
}' >width.c
# Where nothing defines it, the name in the expansion stays what it is.
cat >text.c <<'END'
#include "simd.h"
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
const char* text(void) { return TEXT(HAS_FMA); }
END
# A macro may also put the name together.
cat >pasted.c <<'END'
#define HAS(x) (__##x##__ + 0)
int pasted(void) {
#if HAS(AVX2)
  return 32;
#else
  return 16;
#endif
}
END
cat >main.c <<'END'
#include <stdio.h>
#include "simd.h"
int conditions(void), width(void), pasted(void);
const char* text(void);
int main(void) { printf("%d %d %s %d\n", conditions(), width(), text(), pasted()); }
END
cat >Makefile <<'END'
CFLAGS = -O2 -Wno-expansion-to-defined
macros: main.o conditions.o width.o text.o pasted.o ; $(CC) -o $@ $^
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin macros
END
cd "$work"
mkxaas -q project macros.xaas
lowered() { xaas-lower --cpu="$1" ${2:+--features="$2"} -o lowered macros.xaas bin/macros >/dev/null && ./lowered; }
equal "128 16 __FMA__ 16" "$(lowered nehalem)"
equal "256 32 1 32" "$(lowered haswell)"
equal "512 32 1 32" "$(lowered skylake-avx512)"
# What the expansions ask is required, too.
equal "128 16 __FMA__ 16" "$(lowered haswell -fma)"
