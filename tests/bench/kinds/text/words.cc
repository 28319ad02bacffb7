#include <sstream>
#include <unordered_map>
#include <vector>

#include "text.h"

// Counts words, in a table of the library and in one with open addresses.
double words(int repetitions) {
  const std::string text = sample(500);
  double sum = 0;
  for (int i = 0; i < repetitions; ++i) {
    std::unordered_map<std::string, int> counts;
    std::vector<std::pair<std::uint64_t, int>> slots(2048);
    std::istringstream stream(text);
    for (std::string word; stream >> word;) {
      ++counts[word];
      const std::uint64_t hash = hash_of(word);
      std::size_t at = hash % slots.size();
      while (slots[at].second != 0 && slots[at].first != hash) at = (at + 1) % slots.size();
      slots[at] = {hash, slots[at].second + 1};
    }
    for (const auto& [word, count] : counts) sum += word.size() * count;
    for (const auto& slot : slots) sum += slot.second % 3;
  }
  return sum;
}
