#include "matrices.h"

namespace {

template <typename Matrix>
double repeated_product(int repetitions) {
  using Scalar = typename Matrix::Scalar;
  Matrix a = square_matrix(256, 0.5).cast<Scalar>(), c = square_matrix(256, 0.75).cast<Scalar>();
  const Matrix b = c;
  for (int i = 0; i < repetitions; ++i) {
    c.noalias() = a * b;
    a = c / c(0, 0);
  }
  return static_cast<double>(a.sum());
}

}  // namespace

double product(int repetitions) { return repeated_product<Eigen::MatrixXd>(repetitions); }

double float_product(int repetitions) { return repeated_product<Eigen::MatrixXf>(repetitions); }
