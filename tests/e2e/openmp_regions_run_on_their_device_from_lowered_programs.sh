# A program that offloads by OpenMP is lowered, and its target regions still run on the device that its build named. The
# device is the CPU once more, which needs no GPU, by the plug-in that clang's runtime has for it.
. "$(dirname "$0")/lib.sh"
need_fuse
runtime=$(dirname "$(clang-19 -print-file-name=libomptarget.so)")
mkdir "$work/regions-1.0"
cat >"$work/regions-1.0/main.c" <<'S'
#include <omp.h>
#include <stdio.h>
#pragma omp declare target
extern double factor;
double scaled(double x);
#pragma omp end declare target
int main(void) {
  double sum = 0;
  int is_host = 1;
#pragma omp target teams distribute parallel for reduction(+ : sum) map(tofrom : sum)
  for (int i = 0; i < 1000; ++i) sum += scaled(i);
#pragma omp target map(from : is_host)
  is_host = omp_is_initial_device();
  printf("sum %.1f on the %s\n", sum, is_host ? "host" : "device");
}
S
cat >"$work/regions-1.0/scaled.c" <<'S'
#pragma omp declare target
double factor = 0.5;
double scaled(double x) { return x * factor; }
#pragma omp end declare target
S
cat >"$work/regions-1.0/Makefile" <<S
OFFLOAD = -O2 -fopenmp -fopenmp-targets=x86_64-pc-linux-gnu
all: main.o libscaled.a
	\$(CC) \$(OFFLOAD) main.o -L. -lscaled -Wl,-rpath,$runtime -o regions
libscaled.a: scaled.o
	\$(AR) rcs \$@ scaled.o
%.o: %.c
	\$(CC) \$(OFFLOAD) -c \$<
install:
	install -D regions \$(DESTDIR)\$(PREFIX)/bin/regions
S
echo 'bundle = false' >"$work/regions-1.0/xaas.toml"  # the runtime brings the whole of LLVM
built_both_ways "$work/regions-1.0"
says_the_same '$T/bin/regions' 'OMP_TARGET_OFFLOAD=DISABLED $T/bin/regions'
contains "$(cat "$work/expected")" "sum 249750.0 on the device"
contains "$(cat "$work/expected")" "sum 249750.0 on the host"
are_lowered bin/regions
