#include <Eigen/Sparse>

#include "linear.h"

// Conjugate gradients for the Laplacian of a square.
double gradients(int repetitions) {
  constexpr int kSide = 64;
  std::vector<Eigen::Triplet<double>> entries;
  for (int i = 0; i < kSide * kSide; ++i) {
    entries.emplace_back(i, i, 4);
    for (const int neighbour : {i - kSide, i + kSide, i % kSide == 0 ? -1 : i - 1, i % kSide == kSide - 1 ? -1 : i + 1})
      if (neighbour >= 0 && neighbour < kSide * kSide) entries.emplace_back(i, neighbour, -1);
  }
  Eigen::SparseMatrix<double, Eigen::RowMajor> a(kSide * kSide, kSide * kSide);
  a.setFromTriplets(entries.begin(), entries.end());
  double sum = 0;
  for (int i = 0; i < repetitions; ++i) {
    Eigen::ConjugateGradient<decltype(a), Eigen::Lower | Eigen::Upper> solver(a);
    sum += solver.solve(Eigen::VectorXd::LinSpaced(kSide * kSide, 1, 2 + i % 4)).sum();
  }
  return sum;
}
