# A program and a library of the project may share data whose form depends on the CPU. A mount gives both of one level.
# Where it may give one of them as it was built and the other as it was lowered, it uses no level.
. "$(dirname "$0")/lib.sh"
need_fuse
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir "$work/project" "$work/app"
cd "$work/project"
cat >vec.h <<'END'
#ifdef __AVX512F__
#define ALIGNMENT 64
#elif defined(__AVX2__)
#define ALIGNMENT 32
#else
#define ALIGNMENT 16
#endif
struct Vec { double x; } __attribute__((aligned(ALIGNMENT)));
void scale(struct Vec* v, int n, double by);
END
echo '#include "vec.h"
void scale(struct Vec* v, int n, double by) { for (int i = 0; i < n; ++i) v[i].x *= by; }' >vec.c
cat >main.c <<'END'
#include <stdio.h>
#include "vec.h"
int main() {
  struct Vec v[3];
  for (int i = 0; i < 3; ++i) v[i].x = i;
  scale(v, 3, 10);
  printf("%d: %g %g %g\n", ALIGNMENT, v[0].x, v[1].x, v[2].x);
}
END
cat >Makefile <<'END'
COMPILE = $(CC) -O2 -x $(LANGUAGE)
SONAME = libvec.so
FILE = $(SONAME)
scaled: main.c $(FILE) ; $(COMPILE) -Wl,-rpath,'$$ORIGIN/../lib' -o $@ $< -x none $(FILE)
$(FILE): vec.c ; $(COMPILE) -shared -fPIC -Wl,-soname,$(SONAME) -o $@ $<
install:
	install -D -t $(DESTDIR)$(PREFIX)/bin scaled
	install -D -t $(DESTDIR)$(PREFIX)/lib $(FILE)
	[ $(FILE) = $(SONAME) ] || ln -sf $(FILE) $(DESTDIR)$(PREFIX)/lib/$(SONAME)
END
cd "$work"
runs() { xaas-mount -o "$2" "$1.xaas" app -- "$work/app/bin/scaled"; }
# The name of a library's file can differ from that by which programs need it.
for language in c c++; do
  version=
  [ $language = c ] || version=".1 FILE=libvec.so.1.2"
  mkxaas -q project $language.xaas -- LANGUAGE=$language SONAME=libvec.so$version
  equal "64: 0 10 20" "$(runs $language cpu=skylake-avx512,strict)"
  equal "32: 0 10 20" "$(runs $language cpu=haswell,strict)"
  equal "16: 0 10 20" "$(runs $language cpu=nehalem,strict)"
  equal "16: 0 10 20" "$(runs $language lower=never)"
  equal "64: 0 10 20" "$(runs $language cpu=skylake-avx512,lower=eager)"
done
# Now the program is lowered at once, and the library is not.
wrong=
for language in c++ c; do
  for options in lower=background timeout=0; do
    rm -rf "$XAAS_CACHE"
    xaas-lower $language.xaas bin/scaled >/dev/null
    said=$(runs $language $options)
    [ "${said#*: }" = "0 10 20" ] || wrong="$wrong $language,$options,$said"
  done
done
equal "" "$wrong"
