#!/bin/bash
# A CUDA project that is built by nvcc has PTX of several families in its image, whatever it asks for. Lowered for a
# GPU, it has the cubin that nvcc would have made for it. This needs nvcc, and no GPU.
source "$(dirname "$0")/../lib.sh"
need_fuse
cuda=/usr/local/cuda/bin
for tool in nvcc ptxas; do
  PATH=$PATH:$cuda type -P $tool >/dev/null || skip "$tool is not installed"
done
PATH=$PATH:$cuda
export PATH
nvcc -ccbin clang++-19 -E -x cu /dev/null >/dev/null 2>&1 || skip "this nvcc does not work with clang++-19"

mkdir "$work/source"
cd "$work/source"
cat >app.cu <<'END'
#include <cstdio>
__constant__ float factors[4];
__global__ void scale(float* x) {
#ifdef __CUDA_ARCH__
  x[threadIdx.x] *= factors[threadIdx.x & 3] + __CUDA_ARCH__;
#endif
}
int main() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  printf("%d %s\n", count, cudaGetErrorString(error));
  if (count > 0) scale<<<1, 32>>>(nullptr);
  return 0;
}
END
cat >other.cu <<'END'
__global__ void add(float* x, float y) { x[threadIdx.x] += y; }
void add_all(float* x) { add<<<1, 32>>>(x, 1.5f); }
END
# What GPUs of compute_75 lack.
cat >young.cu <<'END'
__global__ void sum(unsigned* x) { *x = __reduce_add_sync(~0u, x[threadIdx.x]); }
void sum_all(unsigned* x) { sum<<<1, 32>>>(x); }
END
# Code for GPUs that is linked: two units that call each other, one of them in a library, and a kernel that starts
# another, for which nvcc links code of libcudadevrt.
cat >rdc.cu <<'END'
#include <cstdio>
extern __device__ float twice(float x);
__device__ float next(float x) { return x + 1; }
__device__ float nobody_calls_it(float x) { return x + 2; }
__global__ void nobody_starts_it(float* x) { *x = 7; }
__global__ void child(float* x) { *x = twice(*x); }
__global__ void parent(float* x) { child<<<1, 1>>>(x); }
__global__ void turn(float* x) {
  __shared__ float all[8192];  // more bytes than the cubin has
  all[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = all[31 - threadIdx.x];
}
int main() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  printf("%d %s\n", count, cudaGetErrorString(error));
  if (count > 0) parent<<<1, 1>>>(nullptr);
  if (count > 0) turn<<<1, 32>>>(nullptr);
  return error == cudaSuccess ? 0 : 3;
}
END
cat >part.cu <<'END'
extern __device__ float next(float x);
__device__ float twice(float x) { return 2 * next(x); }
END
# The same for a virtual architecture only, so that nvlink has nothing to do in the build, and with a library that this
# program does not need.
cat >virtual.cu <<'END'
extern __device__ float twice(float x);
__device__ float next(float x) { return x + 1; }
__global__ void double_all(float* x) { x[threadIdx.x] = twice(x[threadIdx.x]); }
int main() {
  double_all<<<1, 32>>>(nullptr);
  return cudaGetLastError() == cudaSuccess ? 0 : 3;
}
END
cat >Makefile <<'END'
all: app rdc steps virtual
virtual: virtual.cu part.cu
	nvcc -arch=compute_80 -rdc=true -o $@ $^
app: app.o other.o young.o
	nvcc -cudart shared -o $@ $^ -Xlinker -rpath -Xlinker $(shell dirname $(shell readlink -f $(CUDART)))
app.o: app.cu
	nvcc -arch=native -O2 -c -o $@ $<
other.o: other.cu
	nvcc -gencode arch=compute_86,code=sm_86 -O2 -c -o $@ $<
# Options that nvcc gives to ptxas in both of their forms.
young.o: young.cu
	nvcc -arch=native -O2 -fmad=false -Xptxas -dlcm=cg,--warn-on-spills -c -o $@ $<
rdc: rdc.o libpart.a
	nvcc -arch=sm_80 -o $@ $^
# The same in steps: nvcc links the code for GPUs, and the host's compiler the program.
steps: rdc.o libpart.a
	nvcc -arch=sm_80 -dlink -o linked.o $^
	$(CXX) -o $@ linked.o $^ -L$(dir $(CUDART)) -lcudadevrt -lcudart_static -lrt -lpthread -ldl
rdc.o: rdc.cu
	nvcc -arch=sm_80 -O2 -dc -o $@ $<
libpart.a: part.cu
	nvcc -arch=sm_80 -O2 -rdc=true -c -o part.o $<
	$(AR) rc $@ part.o
check.ptx: other.cu
	nvcc -arch=sm_80 -ptx -o $@ $<
install: app rdc steps virtual check.ptx
	install -D -t $(DESTDIR)$(PREFIX)/bin app rdc steps virtual
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share check.ptx
END
cudart=$(dirname "$(readlink -f "$(type -P nvcc)")")/../lib64/libcudart.so
[ -e "$cudart" ] || skip "there is no $cudart"
cd "$work"

build() { mkxaas --report report.json source "$1" -- CUDART="$cudart" >"$1.log" 2>&1 || die "$(cat "$1.log")"; }
build app.xaas
all_can_be_lowered report.json
contains "$(cat app.xaas.log)" "-arch=native"
contains "$(cat app.xaas.log)" "nvcc does not compile young.cu for compute_75, so there is no PTX of that: error: "

echo "a second build gives the same image"
mv app.xaas first.xaas
build app.xaas
cmp first.xaas app.xaas

echo "the image has PTX of the families, and of what the project asks for"
xaas-info extract app.xaas tree >/dev/null
targets() { grep -rhaE '^\.target' tree/.xaas/obj | sort -u | tr -d '\n'; }
equal ".target sm_75.target sm_80.target sm_86.target sm_90" "$(targets)"

echo "ptxas takes every PTX that is stored, for every GPU that it knows and that runs it"
gpus=$(nvcc --list-gpu-code | sed -n 's/^sm_\([0-9]*\)$/\1/p')
for ptx in $(grep -rlaE '^\.target' tree/.xaas/obj); do
  target=$(grep -aoE '^\.target sm_[0-9]+' "$ptx" | cut -d' ' -f2)
  cp "$ptx" "$work/stored.ptx"
  for gpu in $gpus; do
    [ "$gpu" -ge "${target#sm_}" ] || continue
    ptxas --compile-only -arch="sm_$gpu" "$work/stored.ptx" -o "$work/stored.cubin"
  done
done

# cubins FILE: writes the ELF files in the program's fat binaries to cubin.<n>, and prints a line for each entry.
cubins() {
  rm -f cubin.*
  llvm-objcopy-19 --dump-section .nv_fatbin=section "$1"
  python3 - <<'END'
import struct
data, at, n = open("section", "rb").read(), 0, 0
while (at := data.find(struct.pack("<I", 0xba55ed50), at)) >= 0:
    end = at + 16 + struct.unpack_from("<Q", data, at + 8)[0]
    at += 16
    while at < end:
        kind, _, head, size = struct.unpack_from("<HHIQ", data, at)
        print("ptx" if kind == 1 else "elf", struct.unpack_from("<I", data, at + 28)[0])
        if kind == 2: open(f"cubin.{n}", "wb").write(data[at + head:at + head + size]); n += 1
        at += head + size
END
}
# section_bytes FILE: a line for each section of an ELF file for GPUs, without the one that holds the tool's command.
section_bytes() {
  python3 - "$1" <<'END'
import hashlib, struct, sys
data = open(sys.argv[1], "rb").read()
at, count, names = *struct.unpack_from("<Q", data, 40), *struct.unpack_from("<HH", data, 60)
header = lambda i: struct.unpack_from("<IIQQQQIIQQ", data, at + 64 * i)
for i in range(count):
    name, kind, flags, _, offset, size, *_ = header(i)
    start = header(names)[4] + name
    name = data[start:data.index(b"\0", start)].decode()
    if name == ".note.nv.tkinfo": continue
    content = b"" if kind == 8 else data[offset:offset + size]
    print(name, kind, flags, size, hashlib.sha256(content).hexdigest())
END
}
# is_among FILE: whether one of the cubins has these bytes, filled up with zeros.
is_among() { local c; for c in cubin.*; do cmp -s -n "$(stat -c %s "$1")" "$1" "$c" && return; done; return 1; }

echo "lowered for a GPU, it has the cubins that nvcc makes for it"
# The empty cubin for sm_75 is in the unit that nvcc adds to each link.
xaas-lower --gpu sm_90 -o lowered app.xaas bin/app >/dev/null
equal "elf 75 elf 90 elf 90 elf 90 ptx 90 ptx 90 ptx 90" "$(cubins lowered | sort | tr '\n' ' ' | sed 's/ $//')"
for source in app other young; do
  options=
  [ $source != young ] || options="-fmad=false -Xptxas -dlcm=cg,--warn-on-spills"
  nvcc -ccbin clang++-19 -arch=sm_90 -O2 $options -cubin -o $source.cubin source/$source.cu
  is_among $source.cubin || die "the cubin of $source.cu is not that of nvcc"
done
xaas-lower --gpu sm_86 -o lowered app.xaas bin/app >/dev/null
equal "elf 75 elf 86 elf 86 elf 86 ptx 80 ptx 80 ptx 86" "$(cubins lowered | sort | tr '\n' ' ' | sed 's/ $//')"

echo "for every GPU that ptxas knows, it has the cubin that nvcc makes of the same family"
for gpu in $gpus; do
  family=75
  for one in 80 90; do [ "$gpu" -lt $one ] || family=$one; done
  xaas-lower --gpu "sm_$gpu" -o lowered app.xaas bin/app >/dev/null
  cubins lowered >/dev/null
  nvcc -ccbin clang++-19 -gencode "arch=compute_$family,code=sm_$gpu" -O2 -cubin -o app.cubin source/app.cu
  is_among app.cubin || die "the cubin for sm_$gpu is not that of nvcc"
done

echo "relocatable code is linked as nvcc links it"
for source in rdc part; do nvcc -ccbin clang++-19 -arch=sm_90 -O2 -dc -o $source.o source/$source.cu; done
llvm-ar-19 rc libpart.a part.o
nvcc -ccbin clang++-19 -arch=sm_90 -dlink -cubin -o expected.cubin rdc.o libpart.a
# is_linked IMAGE PROGRAM: whether the program, lowered for sm_90, has the linked code that nvcc makes for it.
is_linked() {
  xaas-lower --gpu sm_90 -o lowered "$1" "bin/$2" >log
  ! grep "stays as it was built\|does not link" log || die "the code for GPUs of $2 is not linked"
  equal "elf 90" "$(cubins lowered)"
  equal "$(section_bytes expected.cubin)" "$(section_bytes cubin.0)"
  llvm-objcopy-19 --dump-section __nv_relfatbin=section lowered
}
is_linked app.xaas rdc
is_linked app.xaas steps
nvcc -ccbin clang++-19 -arch=sm_90 -dc -o virtual.o source/virtual.cu
nvcc -ccbin clang++-19 -arch=sm_90 -dlink -cubin -o expected.cubin virtual.o part.o
is_linked app.xaas virtual
contains "$(xaas-lower explain --gpu sm_90 app.xaas)" "and linked by $(dirname "$(type -P ptxas)")/nvlink"
echo "without nvlink, the driver links what the image has for it"
mkdir only && ln -s "$(readlink -f "$(type -P ptxas)")" only/ptxas
XAAS_PTXAS=$work/only/ptxas xaas-lower --gpu sm_90 -o lowered app.xaas bin/rdc >/dev/null
equal "elf 80" "$(cubins lowered)"
contains "$(XAAS_PTXAS=$work/only/ptxas xaas-lower explain --gpu sm_90 app.xaas)" "there is no nvlink beside it"

echo "a project of CMake with separate compilation"
mkdir cmake
cp source/rdc.cu source/part.cu cmake
cat >cmake/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(separate LANGUAGES CXX CUDA)
add_library(part STATIC part.cu)
add_executable(rdc rdc.cu)
# CMake writes them into a file of options.
include_directories(headers)
target_link_libraries(rdc PRIVATE part)
set_target_properties(part rdc PROPERTIES CUDA_SEPARABLE_COMPILATION ON CUDA_ARCHITECTURES 80)
install(TARGETS rdc)
END
CUDACXX=$(type -P nvcc) mkxaas --report report.json cmake separate.xaas >log 2>&1 || die "$(cat log)"
all_can_be_lowered report.json
rm -rf tree
xaas-info extract separate.xaas tree >/dev/null
equal ".target sm_80.target sm_90" "$(targets)"
for source in rdc part; do
  nvcc -ccbin clang++-19 -arch=sm_90 -dc -o $source.o source/$source.cu
done
nvcc -ccbin clang++-19 -arch=sm_90 -dlink -cubin -o expected.cubin rdc.o libpart.a
is_linked separate.xaas rdc

echo "units whose names have the architectures in them link, and an nvcc that is called by its path is named"
mkdir uneven
cat >uneven/all.h <<'END'
template <int...> struct architectures {};
int young(architectures<__CUDA_ARCH_LIST__>);
END
cat >uneven/main.cu <<'END'
#include "all.h"
int main() { return young({}); }
END
cat >uneven/young.cu <<'END'
#include "all.h"
__global__ void kernel(int *p) { *p = __reduce_add_sync(~0U, *p); }
int young(architectures<__CUDA_ARCH_LIST__>) { return 0; }
END
printf 'int main() { return 0; }\n' >uneven/path.cu
cat >uneven/Makefile <<END
uneven: main.o young.o
	nvcc -o \$@ \$^
%.o: %.cu all.h
	nvcc -arch=native -c -o \$@ \$<
path: path.cu
	$(type -P nvcc) -arch=sm_80 -o \$@ \$<
CUDA = \$(shell dirname \$(shell dirname \$(shell which nvcc)))
host: host.cc
	\$(CXX) -I\$(CUDA)/include -o \$@ \$< -L\$(CUDA)/lib64 -lcudart
install: uneven path host
	install -D -t \$(DESTDIR)\$(PREFIX)/bin uneven path host
END
cat >uneven/host.cc <<'END'
#include <cuda_runtime.h>
int main() { return cudaGetDeviceCount(nullptr) == cudaSuccess; }
END
mkxaas uneven uneven.xaas >log 2>&1 || die "$(cat log)"
contains "$(cat log)" "some CUDA sources do not compile for compute_75, and the build fails; once more without"
contains "$(cat log)" "an nvcc that the build calls by its path"
xaas-lower --gpu sm_90 -o lowered uneven.xaas bin/uneven >/dev/null
equal 0 "$(./lowered && echo $?)"

echo "programs end as they do natively"
says() { "$1" 2>&1 || echo "status $?"; }
mount_image app.xaas "$work/base" lower=never
mount_image app.xaas "$work/app" strict,gpu=sm_80
for program in app rdc steps virtual; do
  equal "$(says base/bin/$program)" "$(says app/bin/$program)"
  equal ready "$(state_of app/bin/$program)"
done
contains "$(says app/bin/app)" "0 "
