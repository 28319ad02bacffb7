// C++ with much inline code: strings, hash tables, sorting, streams.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

std::string make_text(std::uint32_t seed) {
  std::ostringstream text;
  for (int i = 0; i < 20000; ++i) {
    seed = seed * 1664525 + 1013904223;
    text << "word" << seed % 997 << (seed % 11 == 0 ? '\n' : ' ');
  }
  return text.str();
}

std::size_t count(const std::string& text, std::unordered_map<std::string, int>& counts) {
  std::istringstream words(text);
  std::size_t total = 0;
  for (std::string word; words >> word; ++total) ++counts[word];
  return total;
}

}  // namespace

int main() {
  std::unordered_map<std::string, int> counts;
  std::size_t total = 0;
  for (std::uint32_t seed = 0; seed < 60; ++seed) total += count(make_text(seed), counts);
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::map<int, std::string> lengths;
  for (const auto& [word, number] : sorted) lengths[static_cast<int>(word.size())] += word;
  std::cout << total << ' ' << sorted.front().first << ' ' << sorted.front().second << ' ' << lengths.size() << '\n';
}
