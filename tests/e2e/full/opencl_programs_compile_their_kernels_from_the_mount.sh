# An OpenCL program reads its kernel from the mount, and the host's OpenCL compiles it there, with a header of the mount. The
# loader of OpenCL is the host's, as the driver behind it is. `check` names it for a host without one.
. "$(dirname "$0")/../lib.sh"
need_fuse
mkdir "$work/kernels-1.0"
cat >"$work/kernels-1.0/kernels.c" <<'S'
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>

static void check(cl_int status, const char *what) {
  if (status == CL_SUCCESS) return;
  fprintf(stderr, "%s: %d\n", what, status);
  exit(1);
}

int main(void) {
  enum { n = 1000 };
  static char text[4096];
  FILE *file = fopen(PREFIX "/share/square.cl", "r");
  if (!file) return 1;
  const char *source = text;
  const size_t length = fread(text, 1, sizeof text, file);
  fclose(file);

  cl_platform_id platform;
  cl_device_id device;
  check(clGetPlatformIDs(1, &platform, NULL), "platform");
  check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL), "device");
  cl_int status;
  const cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &status);
  check(status, "context");
  const cl_command_queue queue = clCreateCommandQueue(context, device, 0, &status);
  check(status, "queue");
  const cl_program program = clCreateProgramWithSource(context, 1, &source, &length, &status);
  check(status, "program");
  check(clBuildProgram(program, 1, &device, "-I " PREFIX "/share", NULL, NULL), "build");
  const cl_kernel kernel = clCreateKernel(program, "square", &status);
  check(status, "kernel");

  static double x[n];
  for (int i = 0; i < n; ++i) x[i] = i;
  const cl_mem memory = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, sizeof x, x, &status);
  check(status, "buffer");
  const size_t size = n;
  check(clSetKernelArg(kernel, 0, sizeof memory, &memory), "argument");
  check(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &size, NULL, 0, NULL, NULL), "run");
  check(clEnqueueReadBuffer(queue, memory, CL_TRUE, 0, sizeof x, x, 0, NULL, NULL), "read");
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += x[i];
  printf("sum %.1f\n", sum);
}
S
echo '#define FACTOR 2.0' >"$work/kernels-1.0/factor.h"
printf '#include "factor.h"\n__kernel void square(__global double *x) { const size_t i = get_global_id(0); x[i] = FACTOR * x[i] * x[i]; }\n' \
  >"$work/kernels-1.0/square.cl"
cat >"$work/kernels-1.0/Makefile" <<'S'
all: kernels
kernels: kernels.c
	$(CC) -O2 -DPREFIX='"$(PREFIX)"' kernels.c -lOpenCL -o $@
install:
	mkdir -p $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share
	cp kernels $(DESTDIR)$(PREFIX)/bin/
	cp square.cl factor.h $(DESTDIR)$(PREFIX)/share/
S
export POCL_CACHE_DIR=$work/pocl
built_both_ways "$work/kernels-1.0"
says_the_same '$T/bin/kernels'
are_lowered bin/kernels
contains "$(cat "$work/expected")" "sum 665667000.0"  # 2 * the sum of the squares below 1000
contains "$(xaas-info "$work/both.xaas" | grep '^host libraries')" libOpenCL.so.1

xaas-lower describe-host -o "$work/host.json"
python3 -c 'import json, sys
description = json.load(open(sys.argv[1]))
description["libraries"] = [l for l in description["libraries"] if not l["name"].startswith("libOpenCL.so")]
json.dump(description, open(sys.argv[2], "w"))' "$work/host.json" "$work/without.json"
contains "$(xaas-lower check --host-description "$work/host.json" "$work/both.xaas")" "lowered   bin/kernels"
said=$(xaas-lower check --host-description "$work/without.json" "$work/both.xaas") && die "it would not run: $said"
contains "$said" "fails     bin/kernels: "
contains "$said" libOpenCL.so.1
