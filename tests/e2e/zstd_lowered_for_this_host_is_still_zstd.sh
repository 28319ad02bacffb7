# zstd 1.5.4, unmodified. Its own tests run against the mounted program. Exported symbols and output equal those of a
# plain build. The lowered program has the host's vector instructions, and the baseline has none. A second open comes
# from the cache.
. "$(dirname "$0")/lib.sh"
need_fuse
image=$XAAS_FIXTURES/zstd.xaas
plain=$XAAS_FIXTURES/zstd-plain
mount_image "$image" "$work/app"
exports() { nm -D --defined-only "$1" | awk '{ print $2, $3 }' | sort; }
library=lib/libzstd.so.1.5.4
equal "$(exports "$plain/$library")" "$(exports "$work/app/$library")"

source=$XAAS_FIXTURES/sources/zstd
for level in 1 3 19; do
  cat "$source"/lib/*/*.c "$source"/doc/*.md >"$work/input"
  "$plain/bin/zstd" -q -$level -c "$work/input" >"$work/plain.zst"
  "$work/app/bin/zstd" -q -$level -c "$work/input" >"$work/lowered.zst"
  cmp "$work/plain.zst" "$work/lowered.zst"
  "$work/app/bin/zstd" -q -dc "$work/plain.zst" | cmp - "$work/input"
done
equal ready "$(state_of "$work/app/bin/zstd")"

if grep -q avx2 /proc/cpuinfo; then
  mount_image "$image" "$work/baseline" lower=never
  vectors() { objdump -d "$1" | grep -c '%ymm\|%zmm' || true; }
  equal 0 "$(vectors "$work/baseline/$library")"
  [ "$(vectors "$work/app/$library")" -gt 0 ] || die "the lowered library uses no vector registers of this host"
fi

before=$(find "$XAAS_CACHE" -name '*.elf' -printf '%p %i\n' | sort)
unmount "$work/app"
mount_image "$image" "$work/app"
"$work/app/bin/zstd" -q -dc "$work/plain.zst" | cmp - "$work/input"
equal "$before" "$(find "$XAAS_CACHE" -name '*.elf' -printf '%p %i\n' | sort)"

# The quick checks of zstd itself, with the mounted programs.
cp -r "$source/tests" "$work/tests"
mkdir "$work/programs"
cp -r "$source/programs/." "$work/programs"
cd "$work/tests"
EXEC_PREFIX= ZSTD_BIN=$work/app/bin/zstd DATAGEN_BIN=$work/app/libexec/zstd/datagen sh ./playTests.sh >"$work/log" 2>&1 ||
  { tail -n 40 "$work/log" >&2; die "playTests.sh failed"; }
echo "playTests.sh passed: $(grep -c '===>' "$work/log") sections"
