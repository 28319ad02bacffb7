// Prints a sum: text json|words|expressions REPETITIONS
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "text.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view name = argv[1];
  const auto compute = name == "json" ? json : name == "words" ? words : expressions;
  std::printf("%.9g\n", compute(std::atoi(argv[2])));
}
