/* The inner loops of the example, as a shared library. All arrays are dense; lengths are in elements. */
#ifndef HEAT_KERNELS_H
#define HEAT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One row of a five-point stencil: out[i] for 1 <= i < n - 1, from the row and its neighbours above and below. */
void heat_step_row(const float* above, const float* row, const float* below, float* out, size_t n, float conductivity);

/* Source term: adds amount * p(row[i]) to every element, p being a polynomial of degree 11. */
void heat_source_row(float* row, size_t n, float amount);

/* Sum of all elements, in double precision. */
double heat_sum_row(const float* row, size_t n);

/* FNV-1a hash of n bytes; written in assembly where the processor is an x86-64. */
uint64_t heat_checksum(const void* data, size_t n);

#ifdef __cplusplus
}
#endif

#endif
