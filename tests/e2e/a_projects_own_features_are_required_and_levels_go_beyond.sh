# Features that a project's own options give to all units are required of each host, as ever; levels give code that asks
# for more to hosts that have more. A CPU that the project names with -march= is the only one it is compiled for.
. "$(dirname "$0")/lib.sh"
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir "$work/project"
cd "$work/project"
cat >asks.c <<'END'
#ifndef __AVX2__
#error "the options give it"
#endif
#ifdef __AVX512F__
const char* const best = "avx512f";
#elif defined(__FMA__)
const char* const best = "fma";
#else
const char* const best = "avx2";
#endif
END
cat >main.c <<'END'
#include <immintrin.h>
#include <stdio.h>
extern const char* const best;
int main(int argc, char** argv) {
  int x[8];
  const __m256i y = _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8);
  _mm256_storeu_si256((__m256i*)x, _mm256_add_epi32(_mm256_set1_epi32(argc), y));
  printf("%s %d\n", best, x[0] + x[7]);
}
END
cat >Makefile <<'END'
CFLAGS = -O2 $(CPU)
best: main.o asks.o ; $(CC) -o $@ $^
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin best
END
cd "$work"
lowered() { xaas-lower --cpu="$1" ${3:+--features="$3"} -o lowered "$2" bin/best >/dev/null && ./lowered; }
mkxaas -q project avx2.xaas -- CPU=-mavx2
fails_with 1 "+avx2" xaas-lower --cpu=nehalem avx2.xaas bin/best
equal "avx2 11" "$(lowered haswell avx2.xaas -fma)"
equal "fma 11" "$(lowered haswell avx2.xaas)"
equal "avx512f 11" "$(lowered skylake-avx512 avx2.xaas)"
# A mount for a CPU without these features gives the baseline, which has what the options gave.
if (need_fuse) >/dev/null; then
  mkdir app
  equal "avx2 11" "$(xaas-mount -o cpu=nehalem avx2.xaas app -- "$work/app/bin/best")"
  equal "fma 11" "$(xaas-mount -o cpu=haswell,strict avx2.xaas app -- "$work/app/bin/best")"
fi
# What the options take away, no level brings back.
mkxaas -q project less.xaas -- CPU="-mavx2 -mno-avx512f"
equal "fma 11" "$(lowered skylake-avx512 less.xaas)"
# A named CPU is the CPU.
mkxaas -q project haswell.xaas -- CPU=-march=haswell
equal "fma 11" "$(lowered skylake-avx512 haswell.xaas)"
case $(xaas-lower explain haswell.xaas) in *level*) die "$(xaas-lower explain haswell.xaas)" ;; esac
