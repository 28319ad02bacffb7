// Finds neighbours of points in an index of hnswlib, and prints a sum of their numbers: neighbours l2|ip POINTS
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "search.h"

namespace {

std::vector<float> random_values(std::size_t count, std::uint64_t state) {
  std::vector<float> values(count);
  for (float& value : values) {
    state = state * 6364136223846793005 + 1442695040888963407;
    value = static_cast<float>(state >> 40) / (1 << 23) - 1;
  }
  return values;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::size_t count = std::strtoul(argv[2], nullptr, 10) * kDimension;
  std::uint64_t sum = 0;
  for (const std::size_t number :
       neighbours(random_values(count, 1), random_values(count, 2), argv[1] == std::string_view("ip")))
    sum = sum * 31 + number;
  std::printf("%016llx\n", static_cast<unsigned long long>(sum));
}
