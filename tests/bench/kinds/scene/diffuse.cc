#include "scene.h"

// Lets heat spread over a grid whose accesses are checked.
double diffuse(int repetitions) {
  Grid<double> grid(96, 96), next(96, 96);
  Settings settings;
  for (int x = 0; x < grid.width(); ++x) grid.at(x, x % 17) = x;
  const std::function<double(double, double)> mix = [&](double old, double mean) {
    return old + (mean - old) * settings.step();
  };
  for (int i = 0; i < repetitions; ++i) {
    for (int y = 1; y < grid.height() - 1; ++y)
      for (int x = 1; x < grid.width() - 1; ++x) next.at(x, y) = mix(grid.at(x, y), mean_of_neighbours(grid, x, y));
    std::swap(grid, next);
  }
  return grid.at(48, 12) + grid.at(3, 3);
}
