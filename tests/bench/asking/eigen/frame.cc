#include "matrices.h"

Frame frame_at(double angle) {
  const double c = 1 - angle * angle / 2, s = angle;
  Frame frame;
  frame.turn << c, -s, 0, s, c, 0, 0, 0, 1;
  frame.shift = Eigen::Vector3d(s, c, 1) / 8;
  frame.weights = Eigen::Vector4d(1, s, c, s * c);
  return frame;
}

Frame after(const Frame& first, const Frame& second) {
  return {second.turn * first.turn, second.turn * first.shift + second.shift,
          (first.weights.cwiseProduct(second.weights) + first.weights) / 2};
}
