// Multiplies matrices, solves a system of equations, and makes dot products, by BLAS and LAPACK. Prints the results, and
// on standard error the seconds of the first two. The argument is the order of the matrices.
#include <complex.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void dgemm_(const char*, const char*, const int*, const int*, const int*, const double*, const double*, const int*,
            const double*, const int*, const double*, double*, const int*);
double ddot_(const int*, const double*, const int*, const double*, const int*);
double complex zdotc_(const int*, const double complex*, const int*, const double complex*, const int*);
void dgesv_(const int*, const int*, double*, const int*, int*, double*, const int*, int*);

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

int main(int words, char** word) {
  const int n = words > 1 ? atoi(word[1]) : 500, all = n * n, one = 1;
  const double alpha = 1.25, beta = 0;
  double *a = malloc(sizeof(double) * all), *b = malloc(sizeof(double) * all), *c = malloc(sizeof(double) * all);
  double* x = malloc(sizeof(double) * n);
  double complex* z = malloc(sizeof(double complex) * n);
  int *pivots = malloc(sizeof(int) * n), info, threads = 0;
  for (int i = 0; i < all; ++i) a[i] = rand() / (double)RAND_MAX - 0.5, b[i] = rand() / (double)RAND_MAX;
  for (int i = 0; i < n; ++i) z[i] = a[i] + b[i] * I, x[i] = b[i], a[i * n + i] += n;
  const double begin = now();
  dgemm_("N", "T", &n, &n, &n, &alpha, a, &n, b, &n, &beta, c, &n);
  const double multiplied = now();
  dgesv_(&n, &one, a, &n, pivots, x, &n, &info);
  fprintf(stderr, "%.6f %.6f\n", multiplied - begin, now() - multiplied);
  const double complex dot = zdotc_(&n, z, &one, z, &one);
#pragma omp parallel reduction(+ : threads)
  threads += 1;
  printf("%.17g %.17g %.17g %d %d\n", ddot_(&all, c, &one, b, &one), creal(dot), ddot_(&n, x, &one, x, &one), info,
         threads);
}
