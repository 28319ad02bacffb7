# A project that is built for a CPU by its name is lowered on every host that has what its code uses. Some features are
# used only by intrinsic functions and inline assembly; they are required only if the code has these.
. "$(dirname "$0")/lib.sh"
mkdir "$work/project"
cat >"$work/project/sum.c" <<'END'
double sum(const double* x, int n) {
  double s = 0;
  for (int i = 0; i < n; ++i) s += x[i] * x[i];
  return s;
}
END
cat >"$work/project/main.c" <<'END'
#include <stdio.h>
double sum(const double*, int);
int main(void) {
  double x[100];
  for (int i = 0; i < 100; ++i) x[i] = i;
  printf("%g\n", sum(x, 100));
}
END
mkdir "$work/draw"
cat >"$work/draw/random.c" <<'END'
#include <immintrin.h>
int main(void) {
  unsigned x = 0;
  return !_rdrand32_step(&x);
}
END
cat >"$work/project/Makefile" <<'END'
CFLAGS = -O2 -march=$(CPU)
squares: main.o sum.o ; $(CC) -o $@ $^
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin squares
END
cat >"$work/draw/Makefile" <<'END'
CFLAGS = -O2 -march=$(CPU)
random: random.o ; $(CC) -o $@ $^
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin random
END
# Features of these CPUs that a machine, its firmware or its hypervisor may lack: no compiler uses them by itself.
lacking=-pku,-sgx,-fsgsbase,-xsaves,-xsavec,-xsaveopt,-clflushopt,-clwb,-rdpid,-rdseed,-rdrnd,-invpcid,-wbnoinvd,-sha
for cpu in icelake-client alderlake znver4; do
  mkxaas -q "$work/project" "$work/$cpu.xaas" -- "CPU=$cpu"
  explained=$(xaas-lower explain --cpu=$cpu --features=$lacking "$work/$cpu.xaas")
  contains "$explained" "default  chosen"
  case $explained in *problem*) die "$explained" ;; esac
  contains "$(xaas-lower --cpu=$cpu --features=$lacking "$work/$cpu.xaas" bin/squares)" "bin/squares  $cpu"
  # Features that the code does use are still required.
  fails_with 1 "avx2" xaas-lower --cpu=nehalem "$work/$cpu.xaas" bin/squares
done
mkxaas -q "$work/draw" "$work/draw.xaas" -- CPU=icelake-client
fails_with 1 "+rdrnd" xaas-lower --cpu=icelake-client --features=$lacking "$work/draw.xaas" bin/random
xaas-lower --cpu=icelake-client --features=-pku,-sgx "$work/draw.xaas" bin/random >/dev/null
