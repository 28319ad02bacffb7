#include "scene.h"

double Settings::step() const { return step_; }
int Settings::limit() const { return limit_; }
void Settings::set_step(double step) { step_ = step; }
double length(const Point& point) { return std::sqrt(dot(point, point)); }
double mean_of_neighbours(const Grid<double>& grid, int x, int y) {
  return (grid.at(x - 1, y) + grid.at(x + 1, y) + grid.at(x, y - 1) + grid.at(x, y + 1)) / 4;
}
