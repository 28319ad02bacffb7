# One image with the reference BLAS and LAPACK, with FFTW, and with OpenMP. On this host it uses OpenBLAS for the first
# two, the installed alternative of Debian or the library itself, and the host's FFTW and OpenMP. The results are equal
# to rounding, and OpenBLAS is faster.
. "$(dirname "$0")/../lib.sh"
need_fuse
unset LD_LIBRARY_PATH
export OPENBLAS_NUM_THREADS=1
libraries=/usr/lib/x86_64-linux-gnu
source=$work/algebra-1.0
mkdir "$source"
cp "$XAAS_SOURCE/tests/bench/algebra.c" "$source"
# Transforms there and back, on two threads.
cat >"$source/transform.c" <<'S'
#include <complex.h>
#include <fftw3.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
int main(int words, char** word) {
  const int n = words > 1 ? atoi(word[1]) : 1000;
  if (!fftw_init_threads()) return 1;
  fftw_plan_with_nthreads(2);
  fftw_complex* x = fftw_alloc_complex(n);
  fftw_complex* y = fftw_alloc_complex(n);
  const fftw_plan there = fftw_plan_dft_1d(n, x, y, FFTW_FORWARD, FFTW_ESTIMATE);
  const fftw_plan back = fftw_plan_dft_1d(n, y, x, FFTW_BACKWARD, FFTW_ESTIMATE);
  for (int i = 0; i < n; ++i) x[i] = sin(i) + i % 7 * I;
  fftw_execute(there);
  printf("%.17g %.17g %.17g %.17g ", creal(y[0]), cimag(y[0]), creal(y[n / 3]), cimag(y[n / 3]));
  fftw_execute(back);
  double apart = 0;
  for (int i = 0; i < n; ++i) apart = fmax(apart, cabs(x[i] / n - sin(i) - i % 7 * I));
  printf("%d\n", apart < 1e-13);
}
S
cat >"$source/Makefile" <<S
all:
	\$(CC) -O2 -fopenmp algebra.c -L$libraries/lapack -L$libraries/blas -llapack -lblas -o algebra
	\$(CC) -O2 transform.c -lfftw3_threads -lfftw3 -lm -o transform
install:
	install -D -t \$(DESTDIR)\$(PREFIX)/bin algebra transform
S
echo 'slots = ["blas", "lapack", "fftw3", "openmp"]' >"$source/xaas.toml"
mkxaas -q "$source" "$work/algebra.xaas"

# runs NAME OPTIONS LIBRARY...: leaves the results in $work/NAME, and the seconds of the multiplication in
# $work/NAME.time. The programs must load each LIBRARY.
runs() {
  local name=$1 options=$2 library loaded
  shift 2
  mount_image "$work/algebra.xaas" "$work/app" "strict,$options"
  OMP_NUM_THREADS=3 "$work/app/bin/algebra" 700 >"$work/$name" 2>"$work/$name.time"
  "$work/app/bin/transform" 30000 >>"$work/$name"
  loaded=$(for program in algebra transform; do LD_TRACE_LOADED_OBJECTS=1 "$work/app/bin/$program"; done)
  for library; do contains "$loaded" "$library"; done
  unmount "$work/app"
}
runs bundled slot.blas=bundled,slot.lapack=bundled,slot.fftw3=bundled,slot.openmp=bundled \
  "slot/blas/libblas.so.3 " "slot/lapack/liblapack.so.3 " "slot/openmp/libomp.so.5 " \
  "slot/fftw3/libfftw3.so.3 " "slot/fftw3/libfftw3_threads.so.3 "
runs host lower=wait $'\t/lib/x86_64-linux-gnu/libblas.so.3 ' $'\t/lib/x86_64-linux-gnu/libomp.so.5 ' "libopenblas.so.0 => " \
  $'\t/lib/x86_64-linux-gnu/libfftw3.so.3 ' $'\t/lib/x86_64-linux-gnu/libfftw3_threads.so.3 '
runs openblas "slot.blas=$libraries/libopenblas.so.0,slot.lapack=$libraries/libopenblas.so.0" $'\t'"$libraries/libopenblas.so.0 "
runs mixed "slot.blas=$libraries/libopenblas.so.0,slot.lapack=$libraries/lapack" $'\t'"$libraries/lapack/liblapack.so.3 "
python3 - "$work" <<'P'
import sys
read = lambda name: [float(word) for word in open(f"{sys.argv[1]}/{name}").read().split()]
expected = read("bundled")
assert expected[3:5] == [0, 3] and expected[-1] == 1, expected
for name in "host", "openblas", "mixed":
    for one, other in zip(read(name), expected):
        assert abs(one - other) <= 1e-11 * abs(other), (name, read(name), expected)
    assert read(name + ".time")[0] < read("bundled.time")[0] / 2, (name, read(name + ".time"), read("bundled.time"))
P
# GNU's library has none of the functions that clang calls for OpenMP.
fails_with 1 "libgomp.so.1, which cannot stand for libomp.so.5" \
  xaas-lower explain --slot "openmp=$libraries/libgomp.so.1" "$work/algebra.xaas"
# The reference BLAS has no LAPACK.
fails_with 1 "lacks dgesv_" xaas-lower explain --slot "lapack=$libraries/blas/libblas.so.3" "$work/algebra.xaas"
# FFTW in single precision has functions of other names.
fails_with 1 "lacks fftw_" xaas-lower explain --slot "fftw3=$libraries/libfftw3f.so.3" "$work/algebra.xaas"
