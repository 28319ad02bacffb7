// Functions of several units that hand Eigen's matrices to each other.
#pragma once

#include <Eigen/Dense>

Eigen::MatrixXd square_matrix(int size, int seed);
double product(int repetitions);
double lu(int repetitions);
double svd(int repetitions);
double gradients(int repetitions);
