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
# Separate compilation stays as it was built.
cat >rdc.cu <<'END'
__device__ float twice(float x) { return 2 * x; }
__global__ void double_all(float* x) { x[threadIdx.x] = twice(x[threadIdx.x]); }
int main() { int count = 0; return cudaGetDeviceCount(&count) == cudaSuccess ? 0 : 3; }
END
cat >Makefile <<'END'
all: app rdc
app: app.o other.o
	nvcc -cudart shared -o $@ $^ -Xlinker -rpath -Xlinker $(shell dirname $(shell readlink -f $(CUDART)))
app.o: app.cu
	nvcc -arch=native -O2 -c -o $@ $<
other.o: other.cu
	nvcc -gencode arch=compute_86,code=sm_86 -O2 -c -o $@ $<
rdc: rdc.cu
	nvcc -arch=sm_80 -rdc=true -o $@ $<
check.ptx: other.cu
	nvcc -arch=sm_80 -ptx -o $@ $<
install: app rdc check.ptx
	install -D -t $(DESTDIR)$(PREFIX)/bin app rdc
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share check.ptx
END
cudart=$(dirname "$(readlink -f "$(type -P nvcc)")")/../lib64/libcudart.so
[ -e "$cudart" ] || skip "there is no $cudart"
cd "$work"

build() { mkxaas --report report.json source "$1" -- CUDART="$cudart" >"$1.log" 2>&1 || die "$(cat "$1.log")"; }
build app.xaas
all_can_be_lowered report.json
contains "$(cat app.xaas.log)" "-arch=native"
contains "$(cat app.xaas.log)" "relocatable code for GPUs"

echo "a second build gives the same image"
mv app.xaas first.xaas
build app.xaas
cmp first.xaas app.xaas

echo "the image has PTX of the families, and of what the project asks for"
xaas-info extract app.xaas tree >/dev/null
targets() { grep -rhaE '^\.target' tree/.xaas/obj | sort -u | tr -d '\n'; }
equal ".target sm_75.target sm_80.target sm_86.target sm_90" "$(targets)"

echo "ptxas takes every PTX that is stored"
for ptx in $(grep -rlaE '^\.target' tree/.xaas/obj); do
  target=$(grep -aoE '^\.target sm_[0-9]+' "$ptx" | cut -d' ' -f2)
  cp "$ptx" "$work/stored.ptx"
  for gpu in $(printf '%s\n' sm_75 sm_80 sm_86 sm_89 sm_90 sm_100 sm_120 | awk -v t="${target#sm_}" 'substr($0, 4) + 0 >= t'); do
    ptxas -arch=$gpu "$work/stored.ptx" -o "$work/stored.cubin"
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
# is_among FILE: whether one of the cubins has these bytes, filled up with zeros.
is_among() { local c; for c in cubin.*; do cmp -s -n "$(stat -c %s "$1")" "$1" "$c" && return; done; return 1; }

echo "lowered for a GPU, it has the cubins that nvcc makes for it"
# The empty cubin for sm_75 is in the unit that nvcc adds to each link.
xaas-lower --gpu sm_90 -o lowered app.xaas bin/app >/dev/null
equal "elf 75 elf 90 elf 90 ptx 90 ptx 90" "$(cubins lowered | sort | tr '\n' ' ' | sed 's/ $//')"
for source in app other; do
  nvcc -ccbin clang++-19 -arch=sm_90 -O2 -cubin -o $source.cubin source/$source.cu
  is_among $source.cubin || die "the cubin of $source.cu is not that of nvcc"
done
xaas-lower --gpu sm_86 -o lowered app.xaas bin/app >/dev/null
equal "elf 75 elf 86 elf 86 ptx 80 ptx 86" "$(cubins lowered | sort | tr '\n' ' ' | sed 's/ $//')"

echo "programs end as they do natively"
says() { "$1" 2>&1 || echo "status $?"; }
mount_image app.xaas "$work/base" lower=never
mount_image app.xaas "$work/app" strict,gpu=sm_80
for program in app rdc; do
  equal "$(says base/bin/$program)" "$(says app/bin/$program)"
  equal ready "$(state_of app/bin/$program)"
done
contains "$(says app/bin/app)" "0 "
