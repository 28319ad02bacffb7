// What tests/bench/gpu runs on a GPU: kernels of several kinds. Prints for each, on standard output, whether
// its result is that of the host. Prints on standard error the versions of the code that the GPU runs
// (cudaFuncGetAttributes), and the median time of each kernel. With the argument --gpu it prints the GPU's architecture
// and name, and runs nothing. Status 3 without a GPU.
#include <cooperative_groups.h>
#include <thrust/device_vector.h>
#include <thrust/host_vector.h>
#include <thrust/scan.h>
#include <thrust/sort.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <utility>
#include <vector>

extern __device__ float polynomial(float x);  // in gpu_part.cu

namespace {

constexpr int kSize = 1 << 22;
constexpr int kThreads = 256;
constexpr int kBlocks = kSize / kThreads;
constexpr int kSide = 2048;  // of an image
constexpr int kRuns = 21;

__constant__ float factors[4];

void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  std::fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(error));
  std::exit(3);
}

__global__ void fill(float* x) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  x[i] = static_cast<float>(i % 1000) / 1000;
}

__global__ void scale(float* y, const float* x) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  y[i] = factors[i & 3] * x[i] + y[i];
}

__global__ void evaluate(float* y, const float* x) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  float value = x[i];
  for (int k = 0; k < 32; ++k) value = polynomial(value);
  y[i] = value;
}

// Sums that do not depend on the order: of integers.
__global__ void sum(unsigned long long* total, const float* x) {
  __shared__ unsigned long long parts[kThreads];
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  parts[threadIdx.x] = __float_as_uint(x[i]);
  for (int step = kThreads / 2; step > 0; step /= 2) {
    __syncthreads();
    if (threadIdx.x < step) parts[threadIdx.x] += parts[threadIdx.x + step];
  }
  if (threadIdx.x == 0) atomicAdd(total, parts[0]);
}

__global__ void paint(cudaSurfaceObject_t image) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x;
  const int y = blockIdx.y * blockDim.y + threadIdx.y;
  surf2Dwrite(static_cast<float>(x ^ y), image, x * sizeof(float), y);
}

__global__ void blur(float* out, cudaSurfaceObject_t image) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x;
  const int y = blockIdx.y * blockDim.y + threadIdx.y;
  float total = 0;
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx)
      total += surf2Dread<float>(image, (x + dx) * sizeof(float), y + dy, cudaBoundaryModeClamp);
  }
  out[y * kSide + x] = total;
}

// Each step needs what all threads have done in the step before.
__global__ void relax(float* a, float* b, int steps) {
  const auto grid = cooperative_groups::this_grid();
  for (int step = 0; step < steps; ++step) {
    for (int i = grid.thread_rank(); i < kSize; i += grid.size()) {
      b[i] = (a[(i + kSize - 1) % kSize] + a[i] + a[(i + 1) % kSize]) / 3;
    }
    grid.sync();
    float* other = a;
    a = b;
    b = other;
  }
}

__global__ void greet() {
  if (threadIdx.x == 0) printf("greeting from block %d\n", blockIdx.x);
}

class Buffers {
 public:
  Buffers() {
    check(cudaMalloc(&x, kSize * sizeof(float)), "cudaMalloc");
    check(cudaMalloc(&y, kSize * sizeof(float)), "cudaMalloc");
    check(cudaMalloc(&total, sizeof *total), "cudaMalloc");
  }
  ~Buffers() {
    cudaFree(x);
    cudaFree(y);
    cudaFree(total);
  }
  void reset() {
    fill<<<kBlocks, kThreads>>>(x);
    fill<<<kBlocks, kThreads>>>(y);
  }
  unsigned long long sum_of(const float* values) {
    cudaMemset(total, 0, sizeof *total);
    sum<<<kBlocks, kThreads>>>(total, values);
    unsigned long long result = 0;
    check(cudaMemcpy(&result, total, sizeof result, cudaMemcpyDeviceToHost), "sum");
    return result;
  }
  float* x = nullptr;
  float* y = nullptr;
  unsigned long long* total = nullptr;
};

void report_time(const char* name, const std::function<void()>& launch) {
  cudaEvent_t begin, end;
  cudaEventCreate(&begin);
  cudaEventCreate(&end);
  std::vector<float> times(kRuns);
  for (float& time : times) {
    cudaEventRecord(begin);
    launch();
    cudaEventRecord(end);
    check(cudaEventSynchronize(end), name);
    cudaEventElapsedTime(&time, begin, end);
  }
  std::nth_element(times.begin(), times.begin() + kRuns / 2, times.end());
  std::fprintf(stderr, "time %s %.6f\n", name, times[kRuns / 2]);
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
}

// What the buffers begin with.
std::vector<float> filled() {
  std::vector<float> values(kSize);
  for (int i = 0; i < kSize; ++i) values[i] = static_cast<float>(i % 1000) / 1000;
  return values;
}

// Whether the results are those of the host, but for rounding: a GPU multiplies and adds at once.
bool is_right(const float* values, const std::vector<float>& expected) {
  std::vector<float> found(expected.size());
  check(cudaMemcpy(found.data(), values, found.size() * sizeof(float), cudaMemcpyDeviceToHost), "results");
  return std::equal(found.begin(), found.end(), expected.begin(), [](float one, float other) {
    return std::abs(one - other) <= 1e-4f * std::max(1.0f, std::abs(other));
  });
}

void run(const char* name, Buffers& buffers, const std::vector<float>& expected, const std::function<void()>& launch) {
  buffers.reset();
  launch();
  check(cudaGetLastError(), name);
  const char* const verdict = is_right(buffers.y, expected) ? "right" : "wrong";
  std::printf("%s %s %llu\n", name, verdict, buffers.sum_of(buffers.y));
  report_time(name, launch);
}

std::vector<float> scaled_on_host() {
  std::vector<float> values = filled();
  for (int i = 0; i < kSize; ++i) values[i] += static_cast<float>((i & 3) + 1) * values[i];
  return values;
}

std::vector<float> evaluated_on_host() {
  std::vector<float> values = filled();
  for (float& value : values) {
    for (int k = 0; k < 32; ++k) value = ((value * 0.25f + 0.5f) * value - 0.75f) * value + 0.125f;
  }
  return values;
}

std::vector<float> blurred_on_host() {
  std::vector<float> values(kSize);
  const auto within = [](int place) { return std::clamp(place, 0, kSide - 1); };
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      for (int k = 0; k < 9; ++k) values[y * kSide + x] += within(x + k % 3 - 1) ^ within(y + k / 3 - 1);
    }
  }
  return values;
}

std::vector<float> relaxed_on_host(int steps) {
  std::vector<float> a = filled(), b(kSize);
  for (int step = 0; step < steps; ++step) {
    for (int i = 0; i < kSize; ++i) b[i] = (a[(i + kSize - 1) % kSize] + a[i] + a[(i + 1) % kSize]) / 3;
    std::swap(a, b);
  }
  return a;
}

void run_images(Buffers& buffers) {
  cudaArray_t array;
  const cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
  check(cudaMallocArray(&array, &format, kSide, kSide, cudaArraySurfaceLoadStore), "cudaMallocArray");
  cudaResourceDesc description{};
  description.resType = cudaResourceTypeArray;
  description.res.array.array = array;
  cudaSurfaceObject_t image;
  check(cudaCreateSurfaceObject(&image, &description), "cudaCreateSurfaceObject");
  const dim3 threads(16, 16), blocks(kSide / 16, kSide / 16);
  paint<<<blocks, threads>>>(image);
  run("surface", buffers, blurred_on_host(), [&] { blur<<<blocks, threads>>>(buffers.y, image); });
  cudaDestroySurfaceObject(image);
  cudaFreeArray(array);
}

void run_cooperative(Buffers& buffers) {
  int per_processor = 0, processors = 0;
  cudaOccupancyMaxActiveBlocksPerMultiprocessor(&per_processor, relax, kThreads, 0);
  cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0);
  int steps = 9;  // odd: the result is in the second buffer
  void* arguments[] = {&buffers.x, &buffers.y, &steps};
  run("cooperative", buffers, relaxed_on_host(steps), [&] {
    cudaLaunchCooperativeKernel(reinterpret_cast<void*>(relax), dim3(per_processor * processors), dim3(kThreads),
                                arguments, 0, nullptr);
  });
}

void run_thrust() {
  std::vector<std::uint32_t> values(kSize);
  std::uint32_t state = 1;
  for (std::uint32_t& value : values) value = state = state * 1664525 + 1013904223;
  const thrust::device_vector<std::uint32_t> given(values.begin(), values.end());
  thrust::device_vector<std::uint32_t> sorted(given);
  thrust::sort(sorted.begin(), sorted.end());
  thrust::host_vector<std::uint32_t> result(sorted);
  std::sort(values.begin(), values.end());
  std::printf("sort %s\n", std::equal(values.begin(), values.end(), result.begin()) ? "right" : "wrong");
  thrust::device_vector<std::uint32_t> sums(kSize);
  thrust::inclusive_scan(sorted.begin(), sorted.end(), sums.begin());
  result = sums;
  std::uint32_t total = 0;
  const bool is_right = std::equal(values.begin(), values.end(), result.begin(),
                                   [&](std::uint32_t value, std::uint32_t found) { return (total += value) == found; });
  std::printf("scan %s\n", is_right ? "right" : "wrong");
  report_time("sort", [&] {
    sorted = given;
    thrust::sort(sorted.begin(), sorted.end());
  });
  report_time("scan", [&] { thrust::inclusive_scan(sorted.begin(), sorted.end(), sums.begin()); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--gpu") == 0) {
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, 0), "no GPU");
    std::printf("%d%d %s\n", properties.major, properties.minor, properties.name);
    return 0;
  }
  cudaFuncAttributes attributes{};
  check(cudaFuncGetAttributes(&attributes, scale), "no code for this GPU, or no GPU");
  std::fprintf(stderr, "code %d %d\n", attributes.binaryVersion, attributes.ptxVersion);
  const float values[] = {1, 2, 3, 4};
  check(cudaMemcpyToSymbol(factors, values, sizeof values), "__constant__");
  Buffers buffers;
  run("constant", buffers, scaled_on_host(), [&] { scale<<<kBlocks, kThreads>>>(buffers.y, buffers.x); });
  run("separate", buffers, evaluated_on_host(), [&] { evaluate<<<kBlocks, kThreads>>>(buffers.y, buffers.x); });
  run_images(buffers);
  run_cooperative(buffers);
  run_thrust();
  greet<<<1, 32>>>();
  check(cudaDeviceSynchronize(), "greet");
  return 0;
}
