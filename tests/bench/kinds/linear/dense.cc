#include "linear.h"

double product(int repetitions) {
  Eigen::MatrixXd a = square_matrix(160, 1), c = square_matrix(160, 2);
  const Eigen::MatrixXd b = c;
  for (int i = 0; i < repetitions; ++i) {
    c.noalias() = a * b;
    a = c / c(0, 0);
  }
  return a.sum();
}

double lu(int repetitions) {
  double sum = 0;
  for (int i = 0; i < repetitions; ++i) {
    const Eigen::MatrixXd a = square_matrix(120, i % 8);
    sum += Eigen::PartialPivLU<Eigen::MatrixXd>(a).solve(Eigen::VectorXd::Ones(120)).sum();
  }
  return sum;
}

double svd(int repetitions) {
  double sum = 0;
  for (int i = 0; i < repetitions; ++i) {
    const Eigen::MatrixXd a = square_matrix(48, i % 8);
    sum += Eigen::JacobiSVD<Eigen::MatrixXd>(a, Eigen::ComputeThinU | Eigen::ComputeThinV).singularValues().sum();
  }
  return sum;
}
