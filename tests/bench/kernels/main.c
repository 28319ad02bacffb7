#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>

int main(void) {
  struct work* work = aligned_alloc(64, sizeof *work);
  if (work == NULL) return 1;
  for (size_t i = 0; i < kSize; ++i) {
    work->a[i] = 1.0 + (double)(i % 7) / 8;
    work->b[i] = 2.0 - (double)(i % 5) / 16;
    work->c[i] = (double)(i % 3);
  }
  double sum = 0;
  for (int i = 0; i < kRepetitions; ++i) sum += kernel(work);
  printf("%.6e\n", sum);
  free(work);
  return 0;
}
