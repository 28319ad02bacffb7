# In C++ libraries the form of data may depend on the CPU that they were compiled for. So a program that uses one that
# was not captured is not compiled for CPU levels, unless the user names the levels. `xaas-lower explain` says why. A
# library with a C interface and the runtime libraries of C++ hold nothing back.
. "$(dirname "$0")/lib.sh"
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir "$work/theirs" "$work/project"
cd "$work/theirs"
# As in Eigen, the alignment of the type, and so its size, is that of the CPU's widest vector.
cat >vec.h <<'END'
#ifdef __AVX512F__
#define ALIGNMENT 64
#elif defined(__AVX2__)
#define ALIGNMENT 32
#else
#define ALIGNMENT 16
#endif
struct alignas(ALIGNMENT) Vec { double x; };
void scale(Vec* v, int n, double by);
extern Vec zeros[2];
END
echo '#include "vec.h"
Vec zeros[2];
void scale(Vec* v, int n, double by) { for (int i = 0; i < n; ++i) v[i].x *= by; }' >vec.cc
echo 'double twice(double x) { return 2 * x; }' >twice.c
clang++-19 -O2 -shared -fPIC -o libvec.so vec.cc
clang++-19 -O2 -c -o vec.o vec.cc
ar rcs libvecs.a vec.o
clang-19 -O2 -shared -fPIC -o libtwice.so twice.c
cd "$work/project"
cat >main.cc <<'END'
#include <iostream>
#include <string>
#include "vec.h"
extern "C" double twice(double);
int main() {
  Vec v[4];
  for (int i = 0; i < 4; ++i) v[i].x = i;
  scale(v, 4, 10);
  std::cout << std::to_string(ALIGNMENT);
  for (const Vec& one : v) std::cout << ' ' << twice(one.x);
  std::cout << '\n';
}
END
# Variables of C++ have the names that those of C have.
cat >variable.cc <<'END'
#include <cstdio>
#include "vec.h"
int main() {
  zeros[1].x = 1;
  std::printf("%d %g\n", ALIGNMENT, zeros[1].x);
}
END
cp ../theirs/vec.h ../theirs/vec.cc .
# MAIN: the program; THEIRS: what is linked of others; OURS: what is compiled here.
cat >Makefile <<'END'
CXXFLAGS = -O2 -march=native
MAIN = main.o
scaled: $(MAIN) $(OURS) ; $(CXX) -o $@ $^ -L$(DIR) -Wl,-rpath,$(DIR) $(THEIRS) -ltwice
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin scaled
END
cd "$work"
# make_image NAME VARIABLES [OPTION]
make_image() { mkxaas -q ${3:-} project "$1.xaas" -- "DIR=$work/theirs" $2 2>/dev/null; }
runs() { xaas-lower --cpu="$1" -o lowered "$2.xaas" bin/scaled >/dev/null && ./lowered; }
make_image shared THEIRS=-lvec
make_image static THEIRS=-lvecs
make_image ours OURS=vec.o
for cpu in nehalem haswell skylake-avx512; do equal "16 0 20 40 60" "$(runs $cpu shared)"; done
equal "16 0 20 40 60" "$(runs haswell static)"
equal "16 0 20 40 60" "$(runs nehalem ours)"
equal "32 0 20 40 60" "$(runs haswell ours)"
equal "64 0 20 40 60" "$(runs skylake-avx512 ours)"
for level in x86-64-v3 x86-64-v4; do
  contains "$(xaas-lower explain --cpu=sapphirerapids shared.xaas | grep " $level  not used: ")" libvec.so
  contains "$(xaas-lower explain --cpu=sapphirerapids static.xaas | grep " $level  not used: ")" libvecs.a
done
# The user knows better: who says so gets the level, and the consequences.
make_image shared THEIRS=-lvec --levels=x86-64-v3
contains "$(xaas-lower explain --cpu=sapphirerapids shared.xaas)" "level     x86-64-v3  chosen"
contains "$(runs haswell shared)" "32 "
# A variable tells as much about its type as a function.
make_image variable "MAIN=variable.o THEIRS=-lvec"
equal "16 1" "$(runs nehalem variable)"
equal "16 1" "$(runs haswell variable)"
contains "$(xaas-lower explain --cpu=haswell variable.xaas | grep " x86-64-v3  not used: ")" libvec.so
