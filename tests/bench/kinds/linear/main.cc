// Computes with Eigen and prints a sum: linear product|lu|svd|gradients REPETITIONS
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "linear.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view name = argv[1];
  const auto compute = name == "product" ? product : name == "lu" ? lu : name == "svd" ? svd : gradients;
  std::printf("%.9g\n", compute(std::atoi(argv[2])));
}
