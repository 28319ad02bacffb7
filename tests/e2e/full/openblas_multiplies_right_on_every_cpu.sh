# OpenBLAS 0.3.21 as Debian has the source: kernels in assembly and intrinsics for three kinds of CPU, chosen at run
# time. It is lowered for this host, and for CPUs without AVX-512 and without AVX2. With every kind that the host can
# run, it gives what plain loops give.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" openblas 0.3.21+ds-4 "$XAAS_FIXTURES/sources")
make='make -s CC=gcc DYNAMIC_ARCH=1 DYNAMIC_LIST="HASWELL SKYLAKEX" NO_LAPACK=1 NOFORTRAN=1 NO_AFFINITY=1 NUM_THREADS=8'
mkxaas -q --report "$work/report.json" "$source" "$work/openblas.xaas" --configure '' \
  --build "$make -j\$JOBS libs shared" --install "$make PREFIX=\$PREFIX DESTDIR=\$DESTDIR install"
library=lib/libopenblasp-r0.3.21.so
python3 - "$work/report.json" "$library" <<'P'
import json, sys
programs = {program["path"]: program for program in json.load(open(sys.argv[1]))["programs"]}
assert programs[sys.argv[2]]["ir"] > 1000, programs[sys.argv[2]]
own = {native["reason"] for native in programs[sys.argv[2]]["native"]} - {"not a part of the project"}
assert own <= {"assembly"}, own
P
cat >"$work/check.c" <<'S'
#include <cblas.h>
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
extern char* openblas_get_corename(void);
static double next(void) { return rand() / (double)RAND_MAX - 0.5; }
static int wrong;
static void compare(const char* what, double error, double limit) {
  if (!(error <= limit)) wrong = printf("%s is off by %g\n", what, error);
}
int main(void) {
  enum { M = 67, N = 53, K = 129, LDA = 140, MAX = 140 * 140 };
  static double a[MAX], b[MAX], c[MAX], d[MAX], x[MAX], y[MAX];
  static float fa[MAX], fb[MAX], fc[MAX];
  static double complex za[MAX], zb[MAX], zc[MAX];
  for (int i = 0; i < MAX; ++i) {
    a[i] = next(), b[i] = next(), c[i] = d[i] = next();
    fa[i] = (float)a[i], fb[i] = (float)b[i], fc[i] = (float)c[i];
    za[i] = a[i] + I * b[i], zb[i] = b[i] - I * c[i], zc[i] = c[i];
  }
  const double complex alpha = 0.5 + 0.25 * I;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, M, N, K, 1.5, a, LDA, b, LDA, 0.5, c, LDA);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, M, N, K, 1.5f, fa, LDA, fb, LDA, 0.5f, fc, LDA);
  cblas_zgemm(CblasRowMajor, CblasNoTrans, CblasConjTrans, M, N, K, &alpha, za, LDA, zb, LDA, &alpha, zc, LDA);
  double error[3] = {0, 0, 0};
  for (int i = 0; i < M; ++i)
    for (int j = 0; j < N; ++j) {
      double sum = 0;
      double complex zsum = 0;
      for (int k = 0; k < K; ++k) sum += a[i * LDA + k] * b[j * LDA + k], zsum += za[i * LDA + k] * conj(zb[j * LDA + k]);
      const double expected = 1.5 * sum + 0.5 * d[i * LDA + j];
      error[0] = fmax(error[0], fabs(expected - c[i * LDA + j]));
      error[1] = fmax(error[1], fabs(expected - fc[i * LDA + j]));
      error[2] = fmax(error[2], cabs(alpha * zsum + alpha * d[i * LDA + j] - zc[i * LDA + j]));
    }
  compare("dgemm", error[0], 1e-12), compare("sgemm", error[1], 1e-4), compare("zgemm", error[2], 1e-12);
  for (int i = 0; i < K; ++i) a[i * LDA + i] = 4;
  for (int i = 0; i < K; ++i) x[i] = y[i] = next();
  cblas_dtrsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, K, a, LDA, x, 1);
  cblas_dtrmv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, K, a, LDA, x, 1);
  double left = 0, dot = 0;
  for (int i = 0; i < K; ++i) left = fmax(left, fabs(x[i] - y[i])), dot += x[i] * y[i];
  compare("dtrsv", left, 1e-10);
  compare("ddot", fabs(dot - cblas_ddot(K, x, 1, y, 1)), 1e-12);
  printf("%s %s\n", openblas_get_corename(), wrong ? "wrong" : "right");
  return wrong != 0;
}
S
tree=$work/app
mount_image "$work/openblas.xaas" "$tree"
clang-19 -O1 -I"$tree/include" "$work/check.c" -L"$tree/lib" -lopenblas -lm -o "$work/check"
equal ready "$(state_of "$tree/$library")"
export OPENBLAS_NUM_THREADS=2
# check DIRECTORY CORE [NAME]: checks the library there, made to use the kernels of CORE. The library calls CORE by
# NAME.
check() { equal "${3:-$2} right" "$(LD_LIBRARY_PATH=$1/lib OPENBLAS_CORETYPE=$2 "$work/check")"; }
has() { grep -qw "$1" /proc/cpuinfo; }
all() {
  check "$1" Prescott Katmai
  ! has avx2 || check "$1" Haswell
  ! has avx512f || check "$1" SkylakeX
}
all "$tree"
for cpu in haswell nehalem; do
  mount_image "$work/openblas.xaas" "$work/$cpu" cpu=$cpu
  all "$work/$cpu"
  equal ready "$(state_of "$work/$cpu/$library")"
done
