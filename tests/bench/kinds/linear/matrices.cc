#include "linear.h"

Eigen::MatrixXd square_matrix(int size, int seed) {
  Eigen::MatrixXd matrix = Eigen::MatrixXd::NullaryExpr(size, size, [&](Eigen::Index i, Eigen::Index j) {
    return static_cast<double>((i * 7 + j * (13 + seed)) % 29) / 32;
  });
  matrix.diagonal().array() += 1 + seed % 3;
  return matrix;
}
