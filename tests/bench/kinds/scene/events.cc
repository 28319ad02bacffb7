#include "scene.h"

namespace {

struct Applied {
  Grid<double>& grid;
  std::vector<std::unique_ptr<Body>>& bodies;
  std::map<int, int>& names;
  void operator()(const Heat& heat) const { grid.at(static_cast<int>(heat.amount) % grid.width(), 1) += heat.amount; }
  void operator()(const Push& push) const {
    for (const auto& body : bodies) body->move(push.by);
  }
  void operator()(const Rename& rename) const { names[rename.from] = rename.to; }
};

}  // namespace

void apply(const Event& event, Grid<double>& grid, std::vector<std::unique_ptr<Body>>& bodies,
           std::map<int, int>& names) {
  std::visit(Applied{grid, bodies, names}, event);
}

double events(int repetitions) {
  Grid<double> grid(32, 32);
  std::vector<std::unique_ptr<Body>> bodies;
  for (int i = 0; i < 8; ++i) bodies.push_back(make_body(i, {}));
  std::map<int, int> names;
  for (int i = 0; i < repetitions * 1000; ++i) {
    const Event event = i % 3 == 0   ? Event(Heat{i % 50 / 4.0})
                        : i % 3 == 1 ? Event(Push{{{0.5, i % 2 - 0.5, 0}}})
                                     : Event(Rename{i * 7 % 500, i});
    apply(event, grid, bodies, names);
  }
  double sum = bodies.front()->centre()[0] + grid.at(3, 1);
  for (const auto& [from, to] : names) sum += from - to % 10;
  return sum;
}
