// Prints a sum: scene march|diffuse|events REPETITIONS
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "scene.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view name = argv[1];
  const auto compute = name == "march" ? march : name == "diffuse" ? diffuse : events;
  std::printf("%.9g\n", compute(std::atoi(argv[2])));
}
