// A chain of operations, each of which waits for the one before it.
#include <stdint.h>

int main(void) {
  uint64_t x = 1;
  for (long i = 0; i < 50000000; ++i) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  return x == 0;
}
