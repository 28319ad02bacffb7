#include <math.h>

#include "sweep.h"

double pressure_of(double density, double energy) {
  const double pressure = 0.4 * density * energy;
  return pressure < 1e-9 ? 1e-9 : sqrt(pressure * (pressure + 0.5));
}

void set_pressure(struct grid* grid) {
#pragma omp parallel for
  for (size_t i = 0; i < kCells; ++i) grid->pressure[i] = pressure_of(grid->density[i], grid->energy[i]);
}
