# Other build systems than CMake precompile headers in other ways: clang finds all.h.gch by itself for -include all.h,
# and Meson names only the precompiled file. A unit whose answers are in it agrees at each level with those that include
# the header as it is, and never loses the header.
. "$(dirname "$0")/lib.sh"
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir -p "$work/gch" "$work/meson/pch"
cd "$work/gch"
cat >all.h <<'END'
#ifdef __AVX512F__
#define WIDTH 512
#elif defined(__AVX2__)
#define WIDTH 256
#else
#define WIDTH 128
#endif
END
echo 'int width(void) { return WIDTH; }' >width.c
echo '#include <stdio.h>
#include "all.h"
int width(void);
int main(void) { printf("%d %d\n", WIDTH, width()); }' >main.c
cat >Makefile <<'END'
CFLAGS = -O2
both: main.o width.o ; $(CC) -o $@ $^
width.o: all.h.gch ; $(CC) $(CFLAGS) -include all.h -c -o $@ width.c
all.h.gch: all.h ; $(CC) $(CFLAGS) -x c-header -o $@ $<
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin both
END
cd "$work/meson"
cp ../gch/all.h pch
sed 's/"all.h"/"pch\/all.h"/' ../gch/main.c >main.c
echo '#ifdef __AVX2__
#endif
#ifndef WIDTH
#define WIDTH -1
#endif
int width(void) { return WIDTH; }' >width.c
cat >meson.build <<'END'
project('both', 'c', default_options: ['optimization=2'])
width = static_library('width', 'width.c', c_pch: 'pch/all.h')
executable('both', 'main.c', link_with: width, install: true)
END
cd "$work"
command -v meson >/dev/null || rm -r meson
for project in gch meson; do
  [ -e $project ] || continue
  mkxaas -q $project $project.xaas
  for cpu in nehalem haswell skylake-avx512; do
    xaas-lower --cpu=$cpu -o lowered $project.xaas bin/both >/dev/null
    read -r one other < <(./lowered)
    [ "$one" = "$other" ] || wrong="${wrong:-} $project:$cpu:$one,$other"
  done
done
equal "" "${wrong:-}"
