// Asks for nothing, but must agree with the other units on how vectors are passed.
#include "vectors.h"

v8 mixed(v8 a, v8 b) { return a * 0.75f + b * 0.25f; }

v16 halved(v16 x) { return x * 0.5f; }
