// The computation that each program repeats.
#pragma once
#include <stddef.h>

enum { kSize = 1 << 14 };  // doubles in an array; three arrays fit into the second-level cache

struct work {
  double a[kSize], b[kSize], c[kSize];
};
// Computes once over the arrays. The result depends on all that was computed.
double kernel(struct work* work);
extern const int kRepetitions;
