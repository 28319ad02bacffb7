#include "scene.h"

// Follows rays until they are near a body.
double march(int repetitions) {
  std::vector<std::unique_ptr<Body>> bodies;
  for (int i = 0; i < 24; ++i) bodies.push_back(make_body(i, {{i % 5 - 2.0, i % 3 - 1.0, 4.0 + i % 7}}));
  Settings settings;
  double sum = 0;
  for (int ray = 0; ray < repetitions * 100; ++ray) {
    const Point direction{{(ray % 32 - 16) / 32.0, (ray / 32 % 32 - 16) / 32.0, 1}};
    Point at{};
    for (int i = 0; i < settings.limit(); ++i) {
      double nearest = 1e9;
      Body* hit = nullptr;
      for (const auto& body : bodies) {
        if (const double distance = body->distance(at); distance < nearest) nearest = distance, hit = body.get();
      }
      if (nearest < 0.01) {
        hit->count_hit();
        break;
      }
      at += direction * (std::min(nearest, 1.0) * settings.step() * 4);
    }
    sum += at[2];
  }
  for (const auto& body : bodies) sum += body->hits();
  return sum;
}
