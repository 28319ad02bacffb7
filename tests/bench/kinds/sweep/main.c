// Prints a sum: sweep STEPS
#include <stdio.h>
#include <stdlib.h>

#include "sweep.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  struct grid grid = {malloc(kCells * sizeof(double)), malloc(kCells * sizeof(double)),
                      malloc(kCells * sizeof(double))};
  if (!grid.density || !grid.energy || !grid.pressure) return 1;
  for (size_t i = 0; i < kCells; ++i) {
    grid.density[i] = 1 + (double)(i % 11) / 16;
    grid.energy[i] = 1 + (double)(i % 5) / 8;
  }
  double sum = 0;
  for (int i = 0; i < atoi(argv[1]); ++i) {
    set_pressure(&grid);
    sum += advance(&grid, 0.01);
  }
  printf("%.6g\n", sum);
  return 0;
}
