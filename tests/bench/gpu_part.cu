// A device function for gpu.cu, which calls it from another unit.
__device__ float polynomial(float x) { return ((x * 0.25f + 0.5f) * x - 0.75f) * x + 0.125f; }
