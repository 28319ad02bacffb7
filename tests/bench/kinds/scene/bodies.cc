#include "scene.h"

namespace {

class Ball : public Body {
 public:
  explicit Ball(const Point& centre) : Body(centre) {}
  double distance(const Point& from) const override { return length(from + centre() * -1.0) - 0.75; }
};

class Box : public Body {
 public:
  explicit Box(const Point& centre) : Body(centre) {}
  double distance(const Point& from) const override {
    Point outside;
    for (std::size_t i = 0; i < 3; ++i) outside[i] = std::max(std::abs(from[i] - centre()[i]) - 0.5, 0.0);
    return length(outside);
  }
};

}  // namespace

std::unique_ptr<Body> make_body(int kind, const Point& centre) {
  if (kind % 2 == 0) return std::make_unique<Ball>(centre);
  return std::make_unique<Box>(centre);
}
