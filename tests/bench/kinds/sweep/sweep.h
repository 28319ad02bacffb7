// A grid of cells, each with a density and an energy, that threads of OpenMP work on.
#pragma once

#include <stddef.h>

enum { kSide = 96, kCells = kSide * kSide * kSide };
struct grid {
  double *density, *energy, *pressure;
};
double pressure_of(double density, double energy);
void set_pressure(struct grid* grid);
double advance(struct grid* grid, double step);
