// Calls functions with vectors and prints a sum: vectors exponential|products REPETITIONS. Asks for nothing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

enum { kSize = 4096 };
static _Alignas(64) float a[kSize], b[kSize];

static double exponentials(void) {
  v8 sum = {0};
  for (int i = 0; i < kSize; i += 8) {
    const v8 x = mixed(*(const v8*)(a + i), *(const v8*)(b + i));
    sum = mixed(sum, exponential(x));
  }
  double all = 0;
  for (int i = 0; i < 8; ++i) all += sum[i];
  return all;
}

static double products(void) {
  v16 sum = {0};
  for (int i = 0; i < kSize; i += 512) sum = halved(with_products(sum, a + i, b + i, 512));
  double all = 0;
  for (int i = 0; i < 16; ++i) all += sum[i];
  return all;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int repetitions = atoi(argv[2]);
  for (int i = 0; i < kSize; ++i) {
    a[i] = (float)(i * 7 % 31) / 32 - 0.5f;
    b[i] = (float)(i * 5 % 29) / 32 - 0.5f;
  }
  double sum = 0;
  for (int i = 0; i < repetitions; ++i) {
    a[i % kSize] += 0.125f;
    sum += strcmp(argv[1], "products") == 0 ? products() : exponentials();
  }
  printf("%.17g\n", sum);
  return 0;
}
