// The forces of bodies on each other.
#include <math.h>

#include "kernel.h"

enum { kBodies = 512 };

const int kRepetitions = 400;

double kernel(struct work* work) {
  const double* x = work->a;
  const double* y = work->b;
  double* force = work->c;
  for (size_t i = 0; i < kBodies; ++i) {
    double fx = 0;
    for (size_t j = 0; j < kBodies; ++j) {
      const double dx = x[j] - x[i];
      const double dy = y[j] - y[i];
      const double r2 = dx * dx + dy * dy + 0.01;
      fx += dx / (r2 * sqrt(r2));
    }
    force[i] = fx;
  }
  return force[kBodies / 3];
}
