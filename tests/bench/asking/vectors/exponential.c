#include "vectors.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

// exp(x), or nearly so, for small x.
v8 exponential(v8 x) {
#if defined(__AVX2__) && defined(__FMA__)
  const __m256 steps =
      _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m256 rest = _mm256_fnmadd_ps(steps, _mm256_set1_ps(0.69314718f), x);
  __m256 sum = _mm256_set1_ps(1.0f / 120);
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1.0f / 24));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1.0f / 6));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(0.5f));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1.0f));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1.0f));
  return _mm256_castsi256_ps(
      _mm256_add_epi32(_mm256_castps_si256(sum), _mm256_slli_epi32(_mm256_cvtps_epi32(steps), 23)));
#else
  v8 result;
  for (int i = 0; i < 8; ++i) {
    const float steps = __builtin_floorf(x[i] * 1.44269504f + 0.5f), rest = x[i] - steps * 0.69314718f;
    const float sum = 1 + rest * (1 + rest * (0.5f + rest * (1.0f / 6 + rest * (1.0f / 24 + rest / 120))));
    union {
      float f;
      int i;
    } value = {sum};
    value.i += (int)steps * (1 << 23);
    result[i] = value.f;
  }
  return result;
#endif
}
