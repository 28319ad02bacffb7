# The image has its programs ready for common CPUs. The first read gets that code at once. The host's own code is made
# behind it, and the name moves to it. A host that lacks a feature of such a CPU waits instead.
. "$(dirname "$0")/lib.sh"
need_fuse

mkdir "$work/source"
cat >"$work/source/sum.c" <<'C'
float sum_of_squares(const float* x, int n) {
  float sums[64] = {0}, sum = 0;
  for (int i = 0; i + 64 <= n; i += 64)
    for (int j = 0; j < 64; ++j) sums[j] += x[i + j] * x[i + j];
  for (int j = 0; j < 64; ++j) sum += sums[j];
  return sum;
}
void choose_bits(const int* mask, int* x, const int* y, int n) {  // one instruction of AVX-512, three of AVX2
  for (int i = 0; i < n; ++i) x[i] = (mask[i] & x[i]) | (~mask[i] & y[i]);
}
C
# The library takes a while to lower, so that its worker can be caught.
for i in {1..80}; do
  echo "float part_$i(const float* x, int n) { float s = $i; for (int i = 0; i < n; ++i) s += x[i] * x[i * $i % n]; return s; }"
done >>"$work/source/sum.c"
cat >"$work/source/main.c" <<'C'
#include <stdio.h>
float sum_of_squares(const float* x, int n);
int main(void) {
  static float x[640];
  for (int i = 0; i < 640; ++i) x[i] = 1;
  return printf("%s: %g\n", DATA, sum_of_squares(x, 640)) < 0;
}
C
cat >"$work/source/name.c" <<'C'
#include <stdio.h>
int main(void) { return puts(DATA) < 0; }
C
cat >"$work/source/Makefile" <<'M'
CFLAGS = -O2 -DDATA='"$(PREFIX)/share/data"'
all: libsum.so sum name
libsum.so: sum.c
	$(CC) $(CFLAGS) -fPIC -shared -Wl,-soname,libsum.so -o $@ $<
sum: main.c libsum.so
	$(CC) $(CFLAGS) -o $@ main.c libsum.so -Wl,-rpath,'$$ORIGIN/../lib'
name: name.c
	$(CC) $(CFLAGS) -o $@ name.c
install:
	mkdir -p $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib
	cp sum name $(DESTDIR)$(PREFIX)/bin
	cp libsum.so $(DESTDIR)$(PREFIX)/lib
M
made() {
  local image=$1
  shift
  command mkxaas "$@" --build 'make PREFIX="$PREFIX"' --install 'make install PREFIX="$PREFIX" DESTDIR="$DESTDIR"' "$work/source" "$image"
}
image=$work/sum.xaas
said=$(made "$image")
contains "$said" "ready to run on x86-64-v3: 3 files"
contains "$(xaas-info "$image")" "x86-64-v3: 3, "
contains "$(xaas-info verify "$image")" "checked"
made "$work/again.xaas" -q -j 1
cmp "$image" "$work/again.xaas"

# The worker is stopped, so that the program can only run by what the image has ready.
wide() { llvm-objdump-19 -d --no-show-raw-insn "$1" | grep -c "%$2"; }
has_avx2=$(grep -qw avx2 /proc/cpuinfo && grep -qw movbe /proc/cpuinfo && echo yes || true)
if [ -n "$has_avx2" ]; then
  catch_lowering "$image" bin/sum jobs=1  # one worker at a time
  wait $program || die "sum failed"
  equal "$work/app/share/data: 640" "$(cat "$work/caught")"
  library=$work/app/lib/libsum.so
  equal interim "$(state_of "$library")"
  equal "x86_64-pc-linux-gnu x86-64-v3" "$(xattr_of target "$library")"
  contains "$(xaas-mount --status "$work/app")" "lib/libsum.so, the ready file for x86-64-v3 is served"
  [ "$(wide "$library" ymm)" -gt 0 ] || die "libsum.so is not compiled for x86-64-v3"
  exec 7<"$library"
  sum=$(sha256sum <&7)
  kill -CONT "$worker"
  is_ready() { [ "$(state_of "$library")" = ready ]; }
  wait_until 120 is_ready
  is_another() { [ "$(sha256sum <"$library")" != "$sum" ]; }
  wait_until 30 is_another
  contains "$(xattr_of target "$library")" "$(xaas-lower explain "$image" | sed -n 's/^target *//p')"
  equal "$sum" "$(cat /proc/self/fd/7 <&7 | sha256sum)"  # who had it open keeps it
  exec 7<&-
  equal "$work/app/share/data: 640" "$("$work/app/bin/sum")"
  unmount "$work/app"
fi

# For a CPU that was asked for by name, the ready file is what lowering would make. It is kept, and nothing is lowered.
if [ -n "$has_avx2" ]; then
  for options in cpu=x86-64-v3 cpu=x86-64-v3,lower=wait; do
    XAAS_CACHE=$work/cache.$options
    mount_image "$image" "$work/app" $options
    equal "$work/app/share/data: 640" "$("$work/app/bin/sum")"
    wait_until 30 is_ready
    contains "$(xaas-mount --status "$work/app")" "ready     lib/libsum.so, from the image"
    equal 0 "$(find "$XAAS_CACHE/v1" -type f | wc -l)"
    id=$(readelf -n "$library" | sed -n 's/.*Build ID: //p')
    contains "$(xattr_of key "$library")" "sha256:$id"
    ready=$work/app/.xaas/ready/x86_64-pc-linux-gnu/default/x86-64-v3/lib/libsum.so
    cmp -n "$(stat -c %s "$ready")" "$library" "$ready"
    unmount "$work/app"
  done
fi

# Nothing is served that the host cannot run, or that was not asked for.
for options in features=-avx2 policy=fast strict lower=wait; do
  XAAS_CACHE=$work/cache.$options
  mount_image "$image" "$work/app" $options
  equal "$work/app/share/data: 640" "$("$work/app/bin/sum")"
  equal ready "$(state_of "$work/app/lib/libsum.so")"
  unmount "$work/app"
done
contains "$(xaas-lower --features=-avx2 explain "$image")" "ready     x86-64-v3  not used: needs +avx2"

# Of CPUs for which the code is the same, the image has it once.
said=$(made "$work/two.xaas" --ready=x86-64-v3,x86-64-v4)
contains "$said" "ready to run on x86-64-v4: 3 files, "
contains "$said" " of them the same as for another CPU"
mount_image "$work/two.xaas" "$work/app" lower=never
cmp "$work"/app/.xaas/ready/x86_64-pc-linux-gnu/default/x86-64-v[34]/bin/name
! cmp -s "$work"/app/.xaas/ready/x86_64-pc-linux-gnu/default/x86-64-v[34]/lib/libsum.so ||
  die "libsum.so is the same for AVX-512"
unmount "$work/app"

made "$work/none.xaas" -q --ready=none
[ -z "$(xaas-info list -a "$work/none.xaas" .xaas | grep ' .xaas/ready')" ] || die "there are ready files"
fails_with 1 "leave out --toolchain=none or ready" made "$work/none.xaas" -q --toolchain=none --ready=x86-64-v3
fails_with 2 "no level" made "$work/none.xaas" --ready=pentium
