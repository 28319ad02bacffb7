// The only unit with hnswlib: its headers define functions that are not inline.
#include "search.h"

#include <hnswlib/hnswlib.h>

#include <memory>

std::vector<std::size_t> neighbours(const std::vector<float>& points, const std::vector<float>& queries,
                                    bool by_angle) {
  std::unique_ptr<hnswlib::SpaceInterface<float>> space;
  if (by_angle) {
    space = std::make_unique<hnswlib::InnerProductSpace>(kDimension);
  } else {
    space = std::make_unique<hnswlib::L2Space>(kDimension);
  }
  const std::size_t count = points.size() / kDimension;
  hnswlib::HierarchicalNSW<float> index(space.get(), count, 16, 100, 7);
  for (std::size_t i = 0; i < count; ++i) index.addPoint(&points[i * kDimension], i);
  index.setEf(100);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < queries.size(); i += kDimension) {
    for (auto near = index.searchKnn(&queries[i], 10); !near.empty(); near.pop()) found.push_back(near.top().second);
  }
  return found;
}
