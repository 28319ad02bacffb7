// A sparse matrix in compressed rows times a vector.
#include "kernel.h"

enum { kRows = 2048, kPerRow = 8 };

const int kRepetitions = 20000;

double kernel(struct work* work) {
  static int columns[kRows * kPerRow];
  static int made;
  if (!made) {
    for (int i = 0; i < kRows * kPerRow; ++i) columns[i] = (int)((unsigned)i * 2654435761U % kRows);
    made = 1;
  }
  for (size_t row = 0; row < kRows; ++row) {
    double sum = 0;
    for (size_t k = row * kPerRow; k < (row + 1) * kPerRow; ++k) sum += work->a[k] * work->b[columns[k]];
    work->c[row] = sum;
  }
  return work->c[kRows / 2];
}
