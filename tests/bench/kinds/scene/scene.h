// Class templates with inline functions, virtual functions, variants and functions of other units, as C++ programs have
// them: each unit has its copies of the inline functions.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

template <typename T, std::size_t N>
struct Vector {
  std::array<T, N> part{};
  T& operator[](std::size_t i) { return part.at(i); }
  const T& operator[](std::size_t i) const { return part.at(i); }
  Vector& operator+=(const Vector& other) {
    for (std::size_t i = 0; i < N; ++i) part[i] += other.part[i];
    return *this;
  }
  friend Vector operator+(Vector a, const Vector& b) { return a += b; }
  friend Vector operator*(Vector a, T factor) {
    for (T& one : a.part) one *= factor;
    return a;
  }
  friend T dot(const Vector& a, const Vector& b) {
    T sum{};
    for (std::size_t i = 0; i < N; ++i) sum += a.part[i] * b.part[i];
    return sum;
  }
};
using Point = Vector<double, 3>;

template <typename T>
class Grid {
 public:
  Grid(int width, int height) : width_(width), height_(height), cells_(static_cast<std::size_t>(width) * height) {}
  int width() const { return width_; }
  int height() const { return height_; }
  T& at(int x, int y) { return cells_[index(x, y)]; }
  const T& at(int x, int y) const { return cells_[index(x, y)]; }

 private:
  std::size_t index(int x, int y) const {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) throw std::out_of_range("outside of the grid");
    return static_cast<std::size_t>(y) * width_ + x;
  }
  int width_, height_;
  std::vector<T> cells_;
};

class Body {
 public:
  virtual ~Body() = default;
  virtual double distance(const Point& from) const = 0;
  const Point& centre() const { return centre_; }
  void move(const Point& by) { centre_ += by; }
  int hits() const { return hits_; }
  void count_hit() { ++hits_; }

 protected:
  explicit Body(const Point& centre) : centre_(centre) {}

 private:
  Point centre_;
  int hits_ = 0;
};

struct Heat {
  double amount;
};
struct Push {
  Point by;
};
struct Rename {
  int from, to;
};
using Event = std::variant<Heat, Push, Rename>;

class Settings {
 public:
  double step() const;
  int limit() const;
  void set_step(double step);

 private:
  double step_ = 0.125;
  int limit_ = 40;
};

std::unique_ptr<Body> make_body(int kind, const Point& centre);
double length(const Point& point);
double mean_of_neighbours(const Grid<double>& grid, int x, int y);
void apply(const Event& event, Grid<double>& grid, std::vector<std::unique_ptr<Body>>& bodies,
           std::map<int, int>& names);

double march(int repetitions);
double diffuse(int repetitions);
double events(int repetitions);
