#include "matrices.h"

Eigen::MatrixXd square_matrix(int size, double seed) {
  return Eigen::MatrixXd::NullaryExpr(size, size, [&](Eigen::Index i, Eigen::Index j) {
    return seed + static_cast<double>((i * 7 + j * 13) % 29) / 32;
  });
}

double cholesky(int repetitions) {
  const Eigen::MatrixXd root = square_matrix(200, 0.25);
  Eigen::MatrixXd a = root * root.transpose() + 200 * Eigen::MatrixXd::Identity(200, 200);
  double sum = 0;
  for (int i = 0; i < repetitions; ++i) {
    a(i % 200, i % 200) += 0.5;
    const Eigen::LLT<Eigen::MatrixXd> factors(a);
    sum += factors.solve(Eigen::VectorXd::Ones(200)).sum();
  }
  return sum;
}
