// Functions of several units that hand Eigen's types to each other. Eigen picks its vectors and alignments by __AVX__
// and the like.
#pragma once

#include <Eigen/Dense>

struct Frame {
  Eigen::Matrix3d turn;
  Eigen::Vector3d shift;
  Eigen::Vector4d weights;  // as aligned as the CPU's vectors
};

Frame frame_at(double angle);
Frame after(const Frame& first, const Frame& second);
double chain(int repetitions);

Eigen::MatrixXd square_matrix(int size, double seed);
double cholesky(int repetitions);
double product(int repetitions);
double float_product(int repetitions);
