// Computes with Eigen and prints a sum: eigen chain|double|float|cholesky REPETITIONS
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "matrices.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view name = argv[1];
  const int repetitions = std::atoi(argv[2]);
  const auto compute = name == "chain"    ? chain
                       : name == "double" ? product
                       : name == "float"  ? float_product
                                          : cholesky;
  std::printf("%.17g\n", compute(repetitions));
}
