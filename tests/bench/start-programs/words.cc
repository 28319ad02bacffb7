// A C++ program: its image brings the libraries of the compiler's runtime, which a mount compares with the host's.
#include <iostream>
#include <map>
#include <string>

int main() {
  const std::map<std::string, int> words = {{"one", 1}, {"two", 2}};
  return words.count("three") == 0 && std::cout ? 0 : 1;
}
