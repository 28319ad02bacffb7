// heat [STEPS [PLATE]]: simulates a plate and prints how long that took, its mean temperature and a checksum.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "plate.h"

namespace {

// The data lie beside the program, wherever the tree stands: <prefix>/bin/heat and <prefix>/share/heat.
std::string default_plate() {
  char self[4096];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self);
  if (length <= 0) return "plate.txt";
  std::string path(self, static_cast<std::size_t>(length));
  for (int level = 0; level < 2; ++level) path.resize(path.rfind('/'));
  return path + "/share/heat/plate.txt";
}

}  // namespace

int main(int argc, char** argv) try {
  const int steps = argc > 1 ? std::atoi(argv[1]) : 200;
  Plate plate = Plate::read(argc > 2 ? argv[2] : default_plate());

  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < steps; ++i) plate.step();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

  std::printf("steps %d  cells %zu  mean %.4f  checksum %016lx\n", steps, plate.cells(), plate.mean(),
              plate.checksum());
  std::fprintf(stderr, "seconds %.4f\n", elapsed.count());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "heat: %s\n", error.what());
  return 1;
}
