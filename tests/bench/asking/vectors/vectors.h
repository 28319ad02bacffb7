// Functions that take and return vectors by value. How they are passed depends on the CPU, whether a unit asks for it
// or not.
#pragma once

typedef float v8 __attribute__((vector_size(32)));
typedef float v16 __attribute__((vector_size(64)));

v8 exponential(v8 x);
v8 mixed(v8 a, v8 b);
v16 halved(v16 x);
v16 with_products(v16 sum, const float* a, const float* b, int count);
