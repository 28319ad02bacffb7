#include <nlohmann/json.hpp>

#include "text.h"

// Reads and writes a document with nlohmann's JSON.
double json(int repetitions) {
  nlohmann::json document;
  for (int i = 0; i < 200; ++i)
    document["items"].push_back(
        {{"name", "item" + std::to_string(i)}, {"size", i * 1.5}, {"tags", {i, "a\tb", nullptr}}});
  std::string text = document.dump();
  double sum = 0;
  for (int i = 0; i < repetitions; ++i) {
    const nlohmann::json read = nlohmann::json::parse(text);
    for (const auto& item : read["items"]) sum += item["size"].get<double>() + item["tags"][0].get<int>();
    text = read.dump();
  }
  return sum + text.size();
}
