#!/bin/bash
# A project whose CUDA compiler is clang is built with a toolkit that is newer than clang, which clang alone cannot do.
# Lowered for a GPU, it has the cubin that the toolkit makes of what clang compiles for it. This needs a toolkit of
# CUDA 13, and no GPU.
source "$(dirname "$0")/../lib.sh"
need_fuse
cuda=/usr/local/cuda
[ -x $cuda/bin/ptxas ] || skip "there is no $cuda/bin/ptxas"
[ ! -e $cuda/include/texture_fetch_functions.h ] || skip "clang knows the toolkit in $cuda"
PATH=$PATH:$cuda/bin
export PATH

mkdir "$work/source"
cd "$work/source"
cat >app.cu <<'END'
#include <cstdio>
#include "part.h"
__constant__ float factors[4];
template <typename T>
__global__ void turn(T* x) {
  __shared__ T all[64];
  const int i = threadIdx.x;
  all[i] = x[i];
  __syncthreads();
  x[i] = sinf(all[63 - i]) * factors[i & 3] + powf(all[i], 2.5f);
  printf("%d %f\n", i, static_cast<double>(x[i]));
}
int main() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  printf("%d %s\n", count, cudaGetErrorString(error));
  if (count > 0) turn<float><<<1, 64>>>(nullptr);
  return count > 0 ? total() : 3;
}
END
echo 'int total();' >part.h
# CCCL, which clang does not find by itself.
cat >part.cu <<'END'
#include <thrust/device_vector.h>
#include <thrust/reduce.h>
#include "part.h"
int total() {
  const thrust::device_vector<int> all(100, 1);
  return thrust::reduce(all.begin(), all.end()) - 100;
}
END
# Code for GPUs that clang links.
cat >linked.cu <<'END'
extern __device__ float twice(float x);
__global__ void double_all(float* x) { x[threadIdx.x] = twice(x[threadIdx.x]); }
int main() {
  double_all<<<1, 32>>>(nullptr);
  return cudaGetLastError() == cudaSuccess ? 0 : 3;
}
END
echo '__device__ float twice(float x) { return 2 * x; }' >twice.cu
cat >Makefile <<'END'
all: app linked
linked: linked.cu twice.cu
	for unit in $^; do clang++-19 -O2 --cuda-path=$(CUDA) --offload-arch=sm_80 -fgpu-rdc --offload-new-driver -c $$unit; done
	clang++-19 --offload-link -o $@ linked.o twice.o -L$(CUDA)/lib64 -lcudart_static -ldl -lrt -lpthread
# For GPUs that the toolkit has given up, too.
app: app.o part.o
	clang++-19 -o $@ $^ -L$(CUDA)/lib64 -lcudart_static -ldl -lrt -lpthread
%.o: %.cu
	clang++-19 -O2 --cuda-path=$(CUDA) --offload-arch=sm_60 --offload-arch=sm_80 -Xcuda-ptxas -maxrregcount=24 -MD -c $<
install: app linked
	install -D -t $(DESTDIR)$(PREFIX)/bin app linked
-include $(wildcard *.d)
END
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(app LANGUAGES CXX CUDA)
add_library(part STATIC part.cu)
add_executable(app app.cu)
target_link_libraries(app PRIVATE part)
install(TARGETS app)
END
cd "$work"

# expect_code IMAGE: the program has the cubin for sm_90 that the toolkit makes of what clang compiles for it.
expect_code() {
  xaas-lower --gpu sm_90 -o lowered "$1" bin/app >/dev/null
  llvm-objcopy-19 --dump-section .nv_fatbin=section lowered
  python3 - <<'END'
cubin = open("expected.cubin", "rb").read()
assert cubin in open("section", "rb").read(), "the cubin is not that of the toolkit"
END
}
mkdir gone
touch gone/texture_fetch_functions.h
clang++-19 -O2 -w --cuda-path=$cuda --offload-arch=sm_90 --offload-device-only -S -Igone -o expected.ptx source/app.cu
ptxas -arch=sm_90 -m64 -O2 -maxrregcount=24 expected.ptx -o expected.cubin
targets() { rm -rf tree && xaas-info extract "$1" tree >/dev/null && grep -rhaE '^\.target' tree/.xaas/obj | sort -u | tr -d '\n'; }

echo "clang alone does not compile it"
! clang++-19 --cuda-path=$cuda --offload-arch=sm_80 -c -o /dev/null source/app.cu 2>/dev/null || die "clang compiles it"

echo "a makefile; what clang links stays as it was built"
build() { mkxaas --keep-build --report report.json --build-system make source make.xaas -- CUDA=$cuda >log 2>&1; }
build || die "$(cat log)"
contains "$(cat log)" "1 of 2 programs and libraries can be lowered"
contains "$(cat log)" "2 units stay as compiled (linked.cu, …): -fgpu-rdc"
equal ".target sm_60.target sm_75.target sm_80.target sm_90" "$(targets make.xaas)"
expect_code make.xaas
echo "the build goes on where it was"
touch source/part.h
build || die "$(cat log)"
expect_code make.xaas

echo "CMake"
mkxaas --report report.json --build-system cmake source cmake.xaas -- -DCMAKE_CUDA_COMPILER=clang++-19 \
  -DCMAKE_CUDA_ARCHITECTURES=80 >log 2>&1 || die "$(cat log)"
all_can_be_lowered report.json
! grep "stays as compiled" log || die "a unit is not captured"
equal ".target sm_80.target sm_90" "$(targets cmake.xaas)"

echo "the program ends as it does as it was built"
says() { "$1" 2>&1 || echo "status $?"; }
mount_image make.xaas "$work/base" lower=never
mount_image make.xaas "$work/app" strict,gpu=sm_90
equal "$(says base/bin/app)" "$(says app/bin/app)"
equal ready "$(state_of app/bin/app)"
equal "status 3" "$(says app/bin/linked)"
