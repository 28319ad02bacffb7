// Makes a set of a list.
#pragma once

#include <algorithm>
#include <vector>

namespace xaas {

// Sorts the list, and keeps one of equal elements.
template <typename T>
void sort_unique(std::vector<T>& list) {
  std::ranges::sort(list);
  list.erase(std::ranges::unique(list).begin(), list.end());
}

}  // namespace xaas
