// A plate of temperatures and how it changes with time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

class Plate {
 public:
  // Reads "width height conductivity source" and then hot spots "x y temperature", one a line; '#' starts a comment.
  // Throws std::runtime_error with the file's name and what is wrong.
  static Plate read(const std::string& path);

  // One time step: diffusion, then the source term. Rows are shared out among the threads of OpenMP.
  void step();
  double mean() const;
  unsigned long checksum() const;  // of the temperatures rounded to 1/16, so that rounding does not show
  std::size_t cells() const { return width_ * height_; }

 private:
  Plate(std::size_t width, std::size_t height, float conductivity, float source);
  float* row(std::vector<float>& cells, std::size_t y) const { return cells.data() + y * width_; }

  std::size_t width_;
  std::size_t height_;
  float conductivity_;
  float source_;
  std::vector<float> now_;
  std::vector<float> next_;
};
