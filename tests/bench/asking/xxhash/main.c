// Hashes buffers with XXH3, which picks its code by __AVX2__ and __AVX512F__ in xxhash.c: xxhash long64|long128|short
// REPETITIONS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xxhash.h"

enum { kSize = 1 << 16 };
static unsigned char buffer[kSize];

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int repetitions = atoi(argv[2]);
  for (unsigned i = 0, state = 1; i < kSize; ++i) {
    state = state * 1664525 + 1013904223;
    buffer[i] = (unsigned char)(state >> 24);
  }
  XXH128_hash_t sum = {0, 0};
  for (int i = 0; i < repetitions; ++i) {
    buffer[i % kSize] ^= (unsigned char)sum.low64;
    if (strcmp(argv[1], "long64") == 0) {
      sum.low64 += XXH3_64bits(buffer, kSize);
    } else if (strcmp(argv[1], "long128") == 0) {
      const XXH128_hash_t hash = XXH3_128bits(buffer, kSize);
      sum.low64 += hash.low64;
      sum.high64 ^= hash.high64;
    } else {
      for (size_t length = 0; length < 512; ++length) sum.low64 += XXH3_64bits(buffer + length, length);
    }
  }
  printf("%016llx%016llx\n", (unsigned long long)sum.high64, (unsigned long long)sum.low64);
  return 0;
}
