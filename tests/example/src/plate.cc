#include "plate.h"

#include <cmath>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "kernels.h"

Plate::Plate(std::size_t width, std::size_t height, float conductivity, float source)
    : width_(width),
      height_(height),
      conductivity_(conductivity),
      source_(source),
      now_(width * height, 0.0f),
      next_(width * height, 0.0f) {}

Plate Plate::read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path);
  std::stringstream text;
  for (std::string line; std::getline(file, line);) text << line.substr(0, line.find('#')) << '\n';

  std::size_t width = 0, height = 0;
  float conductivity = 0, source = 0;
  if (!(text >> width >> height >> conductivity >> source) || width < 3 || height < 3 || width * height > (1u << 28))
    throw std::runtime_error(path + ": expected width, height, conductivity and source");

  Plate plate(width, height, conductivity, source);
  std::size_t x = 0, y = 0;
  for (float temperature = 0; text >> x >> y >> temperature;) {
    if (x >= width || y >= height) throw std::runtime_error(path + ": a hot spot lies outside the plate");
    plate.now_[y * width + x] = temperature;
  }
  plate.next_ = plate.now_;
  return plate;
}

void Plate::step() {
#pragma omp parallel for schedule(static)
  for (std::size_t y = 1; y < height_ - 1; ++y) {
    heat_step_row(row(now_, y - 1), row(now_, y), row(now_, y + 1), row(next_, y), width_, conductivity_);
    heat_source_row(row(next_, y), width_, source_);
  }
  now_.swap(next_);
}

double Plate::mean() const {
  double sum = 0;
#pragma omp parallel for schedule(static) reduction(+ : sum)
  for (std::size_t y = 0; y < height_; ++y) sum += heat_sum_row(now_.data() + y * width_, width_);
  return sum / static_cast<double>(cells());
}

unsigned long Plate::checksum() const {
  std::vector<std::int32_t> rounded(now_.size());
  for (std::size_t i = 0; i < now_.size(); ++i) rounded[i] = static_cast<std::int32_t>(std::lround(now_[i] * 16.0f));
  return heat_checksum(rounded.data(), rounded.size() * sizeof(rounded[0]));
}
