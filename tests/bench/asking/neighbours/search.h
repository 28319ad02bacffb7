#pragma once

#include <cstddef>
#include <vector>

constexpr std::size_t kDimension = 128;

// The numbers of the neighbours that an index of `points` finds for each of `queries`. Both are vectors of kDimension
// values, one behind the other.
std::vector<std::size_t> neighbours(const std::vector<float>& points, const std::vector<float>& queries, bool by_angle);
