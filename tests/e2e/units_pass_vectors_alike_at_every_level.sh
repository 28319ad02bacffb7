# How a wide vector is passed depends on the CPU that a unit is compiled for. So a unit that only passes one asks for
# the CPU, and agrees at each level with the units that ask by #ifdef.
. "$(dirname "$0")/lib.sh"
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir "$work/project"
cd "$work/project"
cat >asks.c <<'END'
typedef float v8 __attribute__((vector_size(32)));
typedef double d8 __attribute__((vector_size(64)));
struct pair { v8 vector; };
#ifdef __AVX512F__
const char* const best = "avx512";
#elif defined(__AVX2__)
const char* const best = "avx2";
#else
const char* const best = "plain";
#endif
v8 add(v8 a, v8 b) { return a + b; }
d8 multiply(d8 a, d8 b, int times) { return a * b * times; }
struct pair wrap(struct pair a, float by) { a.vector *= by; return a; }
float call(v8 (*function)(v8), v8 a) { return function(a)[7]; }
END
cat >main.c <<'END'
#include <stdio.h>
typedef float v8 __attribute__((vector_size(32)));
typedef double d8 __attribute__((vector_size(64)));
struct pair { v8 vector; };
extern const char* const best;
v8 add(v8, v8);
d8 multiply(d8, d8, int);
struct pair wrap(struct pair, float);
float call(v8 (*)(v8), v8);
static v8 negate(v8 a) { return -a; }
int main(void) {
  const v8 a = {1, 2, 3, 4, 5, 6, 7, 8}, s = add(a, a);
  const d8 b = {1, 2, 3, 4, 5, 6, 7, 8}, p = multiply(b, b, 2);
  const struct pair w = wrap((struct pair){a}, 3);
  printf("%s %g %g %g %g %g %g %g\n", best, s[0], s[7], p[0], p[7], w.vector[0], w.vector[7], call(negate, a));
}
END
# What declares functions otherwise asks as well: in a block, without a prototype, as a lambda expression, and by pointer.
cat >block.c <<'END'
#include <stdio.h>
typedef float v8 __attribute__((vector_size(32)));
int main(void) {
  extern v8 add(v8, v8);
  const v8 a = {1, 2, 3, 4, 5, 6, 7, 8}, s = add(a, a);
  printf("%g\n", s[7]);
}
END
cat >old.c <<'END'
#include <stdio.h>
typedef float v8 __attribute__((vector_size(32)));
v8 add();
int main(void) {
  const v8 a = {1, 2, 3, 4, 5, 6, 7, 8}, s = add(a, a);
  printf("%g\n", s[7]);
}
END
cat >lambda.cc <<'END'
#include <cstdio>
typedef float v8 __attribute__((vector_size(32)));
extern "C" float call_with_eights(v8 (*)(v8));
int main() { std::printf("%g\n", call_with_eights([](v8 a) { return a + a; })); }
END
cat >pointer.c <<'END'
#include <stdio.h>
typedef float v8 __attribute__((vector_size(32)));
extern v8 (*const pointer)(v8, v8);
int main(void) {
  const v8 a = {1, 2, 3, 4, 5, 6, 7, 8}, s = pointer(a, a);
  printf("%g\n", s[7]);
}
END
cat >>asks.c <<'END'
v8 (*const pointer)(v8, v8) = add;
float call_with_eights(v8 (*function)(v8)) { return function((v8){} + 8)[7]; }
END
cat >Makefile <<'END'
CFLAGS = -O2 -Wno-psabi -std=gnu99
CXXFLAGS = -O2 -Wno-psabi
PROGRAMS = direct block old lambda pointer
all: $(PROGRAMS)
$(PROGRAMS): %: %.o asks.o ; $(CC) -o $@ $^
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin $(PROGRAMS)
END
mv main.c direct.c
cd "$work"
mkxaas -q project vectors.xaas
runs() { xaas-lower --cpu="$1" -o lowered vectors.xaas "bin/$2" >/dev/null && ./lowered; }
result="2 16 2 128 3 24 -8"
equal "plain $result" "$(runs nehalem direct)"
equal "plain $result" "$(runs sandybridge direct)"
equal "avx2 $result" "$(runs haswell direct)"
equal "avx512 $result" "$(runs skylake-avx512 direct)"
wrong=
for program in block old lambda pointer; do
  for cpu in nehalem haswell skylake-avx512; do
    said=$(runs $cpu $program)
    [ "$said" = 16 ] || wrong="$wrong $program:$cpu:$said"
  done
done
equal "" "$wrong"
