// Dot product. Without -ffast-math the order of additions is fixed, so only the four sums can run in parallel.
#include "kernel.h"

const int kRepetitions = 60000;

double kernel(struct work* work) {
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (size_t i = 0; i < kSize; i += 4) {
    s0 += work->a[i] * work->b[i];
    s1 += work->a[i + 1] * work->b[i + 1];
    s2 += work->a[i + 2] * work->b[i + 2];
    s3 += work->a[i + 3] * work->b[i + 3];
  }
  return s0 + s1 + s2 + s3;
}
