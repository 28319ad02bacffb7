/* Plain loops: what a compiler can vectorise for the processor that it compiles for. */
#include "kernels.h"

void heat_step_row(const float* restrict above, const float* restrict row, const float* restrict below,
                   float* restrict out, size_t n, float conductivity) {
  for (size_t i = 1; i + 1 < n; ++i)
    out[i] = row[i] + conductivity * (above[i] + below[i] + row[i - 1] + row[i + 1] - 4.0f * row[i]);
}

void heat_source_row(float* row, size_t n, float amount) {
  /* Taylor coefficients of exp(-x), to the eleventh degree. */
  static const float c[12] = {1.0f,          -1.0f,          0.5f,          -1.6666667e-1f,
                              4.1666668e-2f, -8.3333333e-3f, 1.3888889e-3f, -1.9841270e-4f,
                              2.4801587e-5f, -2.7557319e-6f, 2.7557319e-7f, -2.5052108e-8f};
  for (size_t i = 0; i < n; ++i) {
    float x = row[i];
    float p = c[11];
    for (int k = 10; k >= 0; --k) p = p * x + c[k];
    row[i] = x + amount * p;
  }
}

double heat_sum_row(const float* row, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; ++i) sum += (double)row[i];
  return sum;
}

#if !defined(__x86_64__)
uint64_t heat_checksum(const void* data, size_t n) {
  const unsigned char* bytes = data;
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < n; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash;
}
#endif
