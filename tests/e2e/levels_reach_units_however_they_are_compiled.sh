# Code that asks for the CPU is compiled for the levels in whatever way the project compiles it: by the command that
# links, into a static library, and with a precompiled header that asks in the place of the unit.
. "$(dirname "$0")/lib.sh"
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir "$work/direct" "$work/cmake"
cd "$work/direct"
cat >width.h <<'END'
#ifdef __AVX512F__
#define WIDTH 512
#elif defined(__AVX2__)
#define WIDTH 256
#else
#define WIDTH 128
#endif
END
echo '#include "width.h"
int width(void) { return WIDTH; }' >b.c
echo '#include <stdio.h>
#include "width.h"
int width(void);
int main(void) { printf("%d %d\n", WIDTH, width()); }' >a.c
cat >Makefile <<'END'
both: a.c b.c ; $(CC) -O2 -march=native a.c b.c -o $@
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin both
END
cd "$work/cmake"
cp ../direct/width.h .
# The units themselves neither ask nor include the header.
echo 'int width() { return WIDTH; }
std::string name() { return "library"; }' >width.cc
echo '#include <iostream>
int width();
std::string name();
int main() { std::cout << WIDTH << " " << width() << " " << name() << "\n"; }' >main.cc
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.16)
project(both CXX)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -march=native")
add_library(width STATIC width.cc)
target_precompile_headers(width PRIVATE <string> width.h)
add_executable(both main.cc)
target_link_libraries(both width)
target_precompile_headers(both REUSE_FROM width)
install(TARGETS both)
END
cd "$work"
for project in direct cmake; do
  mkxaas -q "$project" "$project.xaas" 2>/dev/null
  end=$([ $project = direct ] || echo " library")
  for expected in nehalem=128 haswell=256 skylake-avx512=512; do
    xaas-lower --cpu="${expected%=*}" -o lowered "$project.xaas" bin/both >/dev/null
    equal "$project: ${expected#*=} ${expected#*=}$end" "$project: $(./lowered)"
  done
done
