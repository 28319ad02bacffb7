# If a unit does not compile for a CPU level, no unit of the image is compiled for it, and `xaas-lower explain` says
# which one it was and what the compiler said. All units are at the lower level.
. "$(dirname "$0")/lib.sh"
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir "$work/project"
cd "$work/project"
cat >asks.h <<'END'
#ifdef __AVX512F__
#define BEST 512
#elif defined(__AVX2__)
#define BEST 256
#else
#define BEST 128
#endif
END
echo '#include "asks.h"
int good(void) { return BEST; }' >good.c
echo '#include "asks.h"
#ifdef __AVX512F__
#error "not ported to AVX-512"
#endif
int bad(void) { return BEST; }' >bad.c
echo '#include <stdio.h>
int good(void), bad(void);
int main(void) { printf("%d %d\n", good(), bad()); }' >main.c
cat >Makefile <<'END'
CFLAGS = -O2 -march=native
held: main.o good.o bad.o ; $(CC) -o $@ $^
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin held
END
cd "$work"
mkxaas -q project held.xaas 2>/dev/null
lowered() { xaas-lower --cpu="$1" -o lowered held.xaas bin/held >/dev/null && ./lowered; }
equal "128 128" "$(lowered nehalem)"
equal "256 256" "$(lowered haswell)"
equal "256 256" "$(lowered skylake-avx512)"
equal "256 256" "$(lowered sapphirerapids)"
explained=$(xaas-lower explain --cpu=skylake-avx512 held.xaas)
contains "$explained" "level     x86-64-v3  chosen"
refused=$(grep 'x86-64-v4  not used' <<<"$explained")
contains "$refused" "bad.c"
contains "$refused" "not ported to AVX-512"
xaas-lower explain --cpu=skylake-avx512 --json held.xaas | python3 -c '
import json, sys
levels = {level["name"]: level for level in json.load(sys.stdin)["levels"]}
lower, higher = levels["x86-64-v3"], levels["x86-64-v4"]
assert lower["chosen"] is True and lower["reason"] == "", levels
assert higher["chosen"] is False, levels
assert "bad.c" in higher["reason"] and "not ported to AVX-512" in higher["reason"], levels'
