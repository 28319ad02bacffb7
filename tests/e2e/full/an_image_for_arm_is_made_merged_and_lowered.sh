# The tools that the preset aarch64 has built make an image of the example in a Debian for arm64, where the kernel runs
# them by an emulator. Merged with the image for this machine, it is mounted here as ever, and lowered there: the worker
# of the merged image makes a program for a CPU of aarch64, and the program says what its baseline says.
. "$(dirname "$0")/../lib.sh"
need_fuse
need_arm
heat=$XAAS_FIXTURES/heat.xaas
zstd=$XAAS_FIXTURES/zstd.xaas

cd "$XAAS_SOURCE"
mkdir -p "$work/arm/tools"
cp -r build/aarch64/bin build/aarch64/lib "$work/arm/tools"
cp -r tests/example "$work/arm/heat"
cp -r "$("$XAAS_SOURCE/tests/debian-source" zstd "1.5.4+dfsg2-5" "$XAAS_FIXTURES/sources")" "$work/arm/zstd"

# A program that says what its code was compiled for.
mkdir "$work/arm/asks"
cat >"$work/arm/asks/asks.c" <<'END'
#include <stdio.h>
#include <arm_neon.h>
int main(void) {
  int8_t ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
#if defined(__ARM_FEATURE_DOTPROD)
  printf("%d by DotProd", (int)vaddvq_s32(vdotq_s32(vdupq_n_s32(0), vld1q_s8(ones), vld1q_s8(ones))));
#else
  printf("%d by NEON", (int)vaddlvq_s8(vld1q_s8(ones)));
#endif
#if defined(__ARM_FEATURE_SVE)
  printf(", SVE");
#endif
#if __ARM_ARCH >= 9
  printf(", Armv9");
#endif
  puts("");
}
END
cat >"$work/arm/asks/Makefile" <<'END'
asks: asks.c
install: asks
	install -D -t $(DESTDIR)$(PREFIX)/bin asks
END

# The emulator has no seccomp. So no worker is started there by the tools, and none is asked for ready files.
in_arm "$work/arm" '
  mkxaas -q --ready=none --report /mnt/report.json /mnt/heat /mnt/heat.xaas; xaas-info verify /mnt/heat.xaas
  mkxaas -q --ready=none /mnt/asks /mnt/asks.xaas
  # As tests/e2e/fixture_zstd_image.sh does it for this machine.
  mkxaas -q --ready=none --prefix /opt/zstd --levels=none /mnt/zstd /mnt/zstd.xaas \
    --build "make -j\$JOBS CC=\"\$CC\" lib-release zstd-release && make -j\$JOBS -C tests CC=\"\$CC\" datagen" \
    --install "make install CC=\"\$CC\" DESTDIR=\"\$DESTDIR\" PREFIX=\"\$PREFIX\" &&
      install -D -t \"\$DESTDIR\$PREFIX/libexec/zstd\" tests/datagen"'
all_can_be_lowered "$work/arm/report.json"
equal "aarch64-unknown-linux-gnu" "$(xaas-info "$work/arm/heat.xaas" | sed -n 's/^triples *//p')"

size() { stat -c %s "$1"; }
# merge NAME IMAGE: merges the image for this machine with NAME's for arm64 into NAME-merged.xaas, and compares the sizes.
merge() {
  local merged=$work/arm/$1-merged.xaas together
  command mkxaas --merge "$2" "$work/arm/$1.xaas" "$merged"
  xaas-info verify "$merged"
  together=$(($(size "$2") + $(size "$work/arm/$1.xaas")))
  echo "$1: $(size "$merged") of $together bytes, $(($(size "$merged") * 1000 / together)) thousandths"
  [ "$(size "$merged")" -le $((together * 90 / 100)) ] || die "merging saves too little"
}
merge heat "$heat"
merge zstd "$zstd"
merged=$work/arm/heat-merged.xaas

# Here the image is what it was.
mount_image "$merged" "$work/app" lower=wait
here=$(OMP_NUM_THREADS=1 "$work/app/bin/heat" 20)
equal ready "$(state_of "$work/app/bin/heat")"
contains "$(cat "$work/app/.xaas/status")" "default, for x86_64-pc-linux-gnu"
unmount "$work/app"

# There it is for aarch64. The worker is the image's own; it is started without its confinement, which the emulator lacks.
in_arm "$work/arm" '
  xaas-lower explain --cpu=neoverse-n1 /mnt/heat-merged.xaas >/mnt/explained
  xaas-info extract /mnt/heat-merged.xaas /tmp/image
  tree=/tmp/image/.xaas/tree/aarch64-unknown-linux-gnu/default-aarch64
  cp -rL "$tree/bin" "$tree/lib" "$tree/share" /tmp && ln -s /tmp/image/.xaas /tmp/.xaas
  OMP_NUM_THREADS=1 /tmp/bin/heat 20 >/mnt/baseline
  for cpu in neoverse-n1 armv8.2-a+sve; do
    for file in bin/heat lib/libheatkernels.so.1.0; do
      rm -rf /tmp/job
      xaas-lower --cpu=$cpu --reproduce /tmp/job /mnt/heat-merged.xaas $file
      (cd /tmp/job && ./xaas-lower --worker <job.json >&2)
      cp /tmp/job/output /tmp/$file
      mkdir -p /mnt/$cpu && cp /tmp/$file /mnt/$cpu
    done
    OMP_NUM_THREADS=1 /tmp/bin/heat 20 >/mnt/$cpu/said
  done
  xaas-info extract /mnt/asks.xaas /tmp/asks
  /tmp/asks/bin/asks >/mnt/asked
  for cpu in cortex-a72 neoverse-n1 a64fx neoverse-v1 neoverse-v2; do
    rm -rf /tmp/job
    xaas-lower --cpu=$cpu --reproduce /tmp/job /mnt/asks.xaas bin/asks
    (cd /tmp/job && ./xaas-lower --worker <job.json >&2)
    cp /tmp/job/output /tmp/asks/lowered && /tmp/asks/lowered >>/mnt/asked
  done' >"$work/arm/log" 2>&1 || die "$(tail -n 20 "$work/arm/log")"
contains "$(cat "$work/arm/explained")" "config    default-aarch64  chosen"
contains "$(cat "$work/arm/explained")" "target    aarch64-unknown-linux-gnu neoverse-n1"
for cpu in neoverse-n1 armv8.2-a+sve; do
  equal "$(cat "$work/arm/baseline")" "$(cat "$work/arm/$cpu/said")"
done
# Code that asks for the CPU is that of the level which the CPU can run.
equal "16 by NEON
16 by NEON
16 by DotProd
16 by NEON, SVE
16 by DotProd, SVE
16 by DotProd, SVE, Armv9" "$(cat "$work/arm/asked")"
# Only code for SVE has its registers. grep reads all: with -q it would leave the other one writing to nobody.
uses_sve() { llvm-objdump-19 -d --mattr=+all "$1" | grep -E '\bz[0-9]+\.[sd]' >/dev/null; }
uses_sve "$work/arm/armv8.2-a+sve/libheatkernels.so.1.0" || die "SVE is not used"
! uses_sve "$work/arm/neoverse-n1/libheatkernels.so.1.0" || die "SVE is used on a CPU that lacks it"
echo "$here"
cat "$work/arm/baseline"
