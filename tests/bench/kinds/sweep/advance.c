#include "sweep.h"

double advance(struct grid* grid, double step) {
  const size_t x = 1, y = kSide, z = (size_t)kSide * kSide;
  double sum = 0;
#pragma omp parallel for reduction(+ : sum)
  for (size_t k = 1; k < kSide - 1; ++k)
    for (size_t j = 1; j < kSide - 1; ++j)
      for (size_t i = 1; i < kSide - 1; ++i) {
        const size_t at = k * z + j * y + i;
        const double* p = grid->pressure;
        const double change = p[at - x] + p[at + x] + p[at - y] + p[at + y] + p[at - z] + p[at + z] - 6 * p[at];
        grid->energy[at] += step * change;
        grid->density[at] = 0.999 * grid->density[at] + 0.001 * (1 + change * step);
        sum += grid->energy[at];
      }
  return sum;
}
