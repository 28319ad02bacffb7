// A stencil of five points on a square, from one array into another and back.
#include "kernel.h"

enum { kSide = 128 };

const int kRepetitions = 30000;

static void sweep(const double* restrict from, double* restrict to) {
  for (size_t y = 1; y + 1 < kSide; ++y) {
    for (size_t x = 1; x + 1 < kSide; ++x) {
      const size_t i = y * kSide + x;
      to[i] = 0.2 * (from[i] + from[i - 1] + from[i + 1] + from[i - kSide] + from[i + kSide]);
    }
  }
}

double kernel(struct work* work) {
  sweep(work->a, work->b);
  sweep(work->b, work->a);
  return work->a[kSize / 2 + kSide / 2];
}
