#include "text.h"

std::string sample(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) {
    text +=
        "2024-0" + std::to_string(1 + i % 9) + "-1" + std::to_string(i % 10) + " host" + std::to_string(i * 37 % 91);
    text += " took " + std::to_string(i * 17 % 1000) + " ms for item" + std::to_string(i * i % 257) + "\n";
  }
  return text;
}

std::uint64_t hash_of(const std::string& word) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}
