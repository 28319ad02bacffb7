// What each program computes, over and over.
#pragma once
#include <stddef.h>

enum { kSize = 1 << 14 };  // doubles in an array: three of them fit into the second-level cache

struct work {
  double a[kSize], b[kSize], c[kSize];
};
// Once over the arrays; the result depends on all that was computed.
double kernel(struct work* work);
extern const int kRepetitions;
