# Of a project that is built with -march=native, each host runs what such a build gives on it: the code behind #ifdef
# that its CPU is asked for, as far as it reaches a level, or the rest. That holds for xaas-lower and for a mount.
. "$(dirname "$0")/lib.sh"
need_fuse
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir "$work/project" "$work/app"
cd "$work/project"
cat >sum.c <<'END'
#ifdef __AVX2__
#include <immintrin.h>
#endif
#ifdef __AVX512F__
const char* const width = "avx512";
double sum(const double* x, int n) {
  __m512d s = _mm512_setzero_pd();
  for (int i = 0; i < n; i += 8) s = _mm512_add_pd(s, _mm512_loadu_pd(x + i));
  return _mm512_reduce_add_pd(s);
}
#elif defined(__AVX2__)
const char* const width = "avx2";
double sum(const double* x, int n) {
  __m256d s = _mm256_setzero_pd();
  double part[4];
  for (int i = 0; i < n; i += 4) s = _mm256_add_pd(s, _mm256_loadu_pd(x + i));
  _mm256_storeu_pd(part, s);
  return part[0] + part[1] + part[2] + part[3];
}
#else
const char* const width = "plain";
double sum(const double* x, int n) {
  double s = 0;
  for (int i = 0; i < n; ++i) s += x[i];
  return s;
}
#endif
END
cat >main.c <<'END'
#include <stdio.h>
extern const char* const width;
double sum(const double*, int);
int main(void) {
  double x[96];
  for (int i = 0; i < 96; ++i) x[i] = i;
  printf("%s %g\n", width, sum(x, 96));
}
END
cat >Makefile <<'END'
CFLAGS = -O2 -march=native
add: main.o sum.o ; $(CC) $(CFLAGS) -o $@ $^
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin add
END
cd "$work"
mkxaas -q project add.xaas 2>/dev/null
lowered() { xaas-lower --cpu="$1" ${2:+--features="$2"} -o lowered add.xaas bin/add >/dev/null && ./lowered; }
mounted() { xaas-mount -o "strict${1:+,cpu=$1}" add.xaas app -- "$work/app/bin/add"; }
for run in lowered mounted; do
  equal "plain 4560" "$($run nehalem)"
  equal "plain 4560" "$($run sandybridge)"
  equal "avx2 4560" "$($run haswell)"
  equal "avx512 4560" "$($run skylake-avx512)"
done
equal "avx512 4560" "$(mounted)"  # this CPU
# A CPU that lacks what the code of a level uses does not run that code, whatever its name.
equal "plain 4560" "$(lowered haswell -avx2)"
equal "avx2 4560" "$(lowered skylake-avx512 -avx512f)"

explained() { xaas-lower explain --cpu="$1" add.xaas; }
contains "$(explained nehalem)" "level     x86-64-v3  not used: needs +avx2"
contains "$(explained haswell)" "level     x86-64-v3  chosen"
contains "$(explained haswell)" "level     x86-64-v4  not used: needs +avx512f"
contains "$(explained skylake-avx512)" "level     x86-64-v3  not used: x86-64-v4 fits better"
contains "$(explained skylake-avx512)" "level     x86-64-v4  chosen"
