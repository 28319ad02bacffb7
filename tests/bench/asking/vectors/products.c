#include "vectors.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

// Adds the products a[i] * b[i] to the values of `sum`. The number of values is a multiple of 64.
v16 with_products(v16 sum, const float* a, const float* b, int count) {
  v16 sums[4] = {sum};
  for (int i = 0; i < count; i += 64) {
#if defined(__AVX512F__)
    for (int j = 0; j < 4; ++j)
      sums[j] = _mm512_fmadd_ps(_mm512_load_ps(a + i + j * 16), _mm512_load_ps(b + i + j * 16), sums[j]);
#elif defined(__AVX2__)
    for (int j = 0; j < 8; ++j) {
      __m256* part = (__m256*)sums + j;
      *part = _mm256_add_ps(*part, _mm256_mul_ps(_mm256_load_ps(a + i + j * 8), _mm256_load_ps(b + i + j * 8)));
    }
#else
    for (int j = 0; j < 4; ++j) sums[j] += *(const v16*)(a + i + j * 16) * *(const v16*)(b + i + j * 16);
#endif
  }
  return sums[0] + sums[1] + (sums[2] + sums[3]);
}
