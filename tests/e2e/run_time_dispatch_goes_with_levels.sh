# A program that chooses its code when it runs, by __builtin_cpu_supports, by target_clones, and by units or functions
# with options of their own, is lowered for CPUs without these features as well, and is right at each level.
. "$(dirname "$0")/lib.sh"
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir "$work/units" "$work/functions"
cd "$work/units"
# The kernels are one source for three widths; each unit gets the widest that its options give.
cat >kernel.h <<'END'
#if defined(__AVX512F__)
#define WIDTH 8
#elif defined(__AVX2__)
#define WIDTH 4
#else
#define WIDTH 2
#endif
typedef double vector __attribute__((vector_size(WIDTH * 8), aligned(8)));
static double kernel(const double* x, int n, int* width) {
  vector s = {0};
  double r = 0;
  for (int i = 0; i < n; i += WIDTH) s += *(const vector*)(x + i);
  for (int i = 0; i < WIDTH; ++i) r += s[i];
  *width = WIDTH;
  return r;
}
END
for name in plain avx2 avx512; do
  echo "#include \"kernel.h\"
double sum_$name(const double* x, int n, int* width) { return kernel(x, n, width); }" >kernel_$name.c
done
cat >main.c <<'END'
#include <stdio.h>
double sum_plain(const double*, int, int*), sum_avx2(const double*, int, int*), sum_avx512(const double*, int, int*);
int main(void) {
  int width = 0;
  double x[64], sum;
  for (int i = 0; i < 64; ++i) x[i] = i;
  sum = sum_plain(x, 64, &width), printf("%g:%d", sum, width);
  if (__builtin_cpu_supports("avx2")) sum = sum_avx2(x, 64, &width), printf(" %g:%d", sum, width);
  if (__builtin_cpu_supports("avx512f")) sum = sum_avx512(x, 64, &width), printf(" %g:%d", sum, width);
  puts("");
}
END
cat >Makefile <<'END'
CFLAGS = -O2
dispatch: main.o kernel_plain.o kernel_avx2.o kernel_avx512.o ; $(CC) -o $@ $^
kernel_avx2.o: CFLAGS += -mavx2
kernel_avx512.o: CFLAGS += -mavx512f
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin dispatch
END
cd "$work/functions"
cat >functions.c <<'END'
#include <immintrin.h>
#include <stdio.h>
#define LOOP int s = 0; for (int i = 0; i < n; ++i) s += x[i] * x[i]; return s;
#ifdef __AVX512F__
const char* const unit = "avx512f";
#elif defined(__AVX2__)
const char* const unit = "avx2";
#else
const char* const unit = "plain";
#endif
int squares(const int* x, int n) { LOOP }
__attribute__((target("avx2"))) int squares_avx2(const int* x, int n) {
  __m256i s = _mm256_setzero_si256();
  int part[8], all = 0;
  for (int i = 0; i < n; i += 8) {
    const __m256i y = _mm256_loadu_si256((const __m256i*)(x + i));
    s = _mm256_add_epi32(s, _mm256_mullo_epi32(y, y));
  }
  _mm256_storeu_si256((__m256i*)part, s);
  for (int i = 0; i < 8; ++i) all += part[i];
  return all;
}
__attribute__((target("avx512f"))) int squares_avx512(const int* x, int n) {
  __m512i s = _mm512_setzero_si512();
  for (int i = 0; i < n; i += 16) {
    const __m512i y = _mm512_loadu_si512(x + i);
    s = _mm512_add_epi32(s, _mm512_mullo_epi32(y, y));
  }
  return _mm512_reduce_add_epi32(s);
}
__attribute__((target_clones("avx512f", "avx2", "default"))) int squares_cloned(const int* x, int n) { LOOP }
#pragma GCC push_options
#pragma GCC target("avx2")
int squares_pragma(const int* x, int n) { LOOP }
#pragma GCC pop_options
int main(void) {
  int x[32];
  for (int i = 0; i < 32; ++i) x[i] = i;
  printf("%s %d %d %d", unit, squares(x, 32), squares_cloned(x, 32), squares_pragma(x, 32));
  if (__builtin_cpu_supports("avx2")) printf(" %d", squares_avx2(x, 32));
  if (__builtin_cpu_supports("avx512f")) printf(" %d", squares_avx512(x, 32));
  puts("");
}
END
cat >Makefile <<'END'
CFLAGS = -O2 -Wno-unknown-pragmas
dispatch: functions.o ; $(CC) -o $@ $^
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin dispatch
END
cd "$work"
mkxaas -q units units.xaas
mkxaas -q functions functions.xaas
# runs CPU IMAGE [OLDER]: runs the program here, or as QEMU's CPU OLDER, which stops at instructions that it lacks.
runs() { xaas-lower --cpu="$1" -o lowered "$2" bin/dispatch >/dev/null && ${3:+qemu-x86_64-static -cpu "$3"} ./lowered; }
equal "2016:2 2016:4 2016:8" "$(runs nehalem units.xaas)"
equal "2016:4 2016:4 2016:8" "$(runs haswell units.xaas)"
equal "2016:8 2016:8 2016:8" "$(runs skylake-avx512 units.xaas)"
equal "plain 10416 10416 10416 10416 10416" "$(runs nehalem functions.xaas)"
equal "avx2 10416 10416 10416 10416 10416" "$(runs haswell functions.xaas)"
equal "avx512f 10416 10416 10416 10416 10416" "$(runs skylake-avx512 functions.xaas)"
if command -v qemu-x86_64-static >/dev/null; then
  equal "2016:2" "$(runs nehalem units.xaas Nehalem 2>/dev/null)"
  equal "2016:4 2016:4" "$(runs haswell units.xaas Haswell 2>/dev/null)"
  equal "plain 10416 10416 10416" "$(runs nehalem functions.xaas Nehalem 2>/dev/null)"
  equal "avx2 10416 10416 10416 10416" "$(runs haswell functions.xaas Haswell 2>/dev/null)"
fi
# Dispatch alone asks nothing of the preprocessor, so there is one code for all levels.
sed -i '/^#ifdef __AVX512F__/,/^#endif/d; s/unit, squares(/"dispatch", squares(/' functions/functions.c
mkxaas -q functions only.xaas
case $(xaas-lower explain only.xaas) in *level*) die "$(xaas-lower explain only.xaas)" ;; esac
equal "dispatch 10416 10416 10416 10416 10416" "$(runs nehalem only.xaas)"
equal "dispatch 10416 10416 10416 10416 10416" "$(runs skylake-avx512 only.xaas)"
