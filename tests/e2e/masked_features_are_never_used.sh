# Features that a hypervisor masks are not used. skylake-avx512 without avx512f gives no AVX-512 instruction, even in
# units compiled with -mavx.
. "$(dirname "$0")/lib.sh"
mkdir "$work/project"
cat >"$work/project/Makefile" <<'M'
all: libdot.so
libdot.so: dot.c
	$(CC) -O3 -ffast-math -fPIC -mavx -c dot.c -o dot.o
	$(CC) -shared dot.o -o $@
install:
	install -D libdot.so $(DESTDIR)$(PREFIX)/lib/libdot.so
M
cat >"$work/project/dot.c" <<'C'
float dot(const float* a, const float* b, int n) {
  float sum = 0;
  for (int i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}
C
mkxaas -q "$work/project" "$work/dot.xaas"
lower() { xaas-lower --cpu=skylake-avx512 "$@" -o "$work/libdot.so" "$work/dot.xaas" lib/libdot.so >/dev/null; objdump -d "$work/libdot.so"; }
avx512='%zmm\|%[xy]mm\(1[6-9]\|2[0-9]\|3[01]\)\|{%k[1-7]}'
lower --features=-avx512f >"$work/masked"
! grep -q "$avx512" "$work/masked" || die "AVX-512 although masked"
grep -q '%ymm' "$work/masked" || die "no AVX in a unit compiled with -mavx"
# A unit that requires a masked feature is refused and never lowered.
fails_with 1 avx xaas-lower --cpu=x86-64-v3 --features=-avx -o "$work/libdot.so" "$work/dot.xaas" lib/libdot.so
# With the feature, this CPU's tuning for 512-bit vectors shows that the test looks for the right thing.
xaas-lower --cpu=znver4 -o "$work/libdot.so" "$work/dot.xaas" lib/libdot.so >/dev/null
objdump -d "$work/libdot.so" >"$work/allowed"
grep -q "$avx512" "$work/allowed" || die "no AVX-512 where it is allowed: the patterns of this test are wrong"
