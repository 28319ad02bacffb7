# The first program that opens a binary has it compiled for this host's CPU. The next open and the next mount find it in
# the cache.
. "$(dirname "$0")/lib.sh"
need_fuse
image=$XAAS_FIXTURES/heat.xaas
mount_image "$image" "$work/app"
mount_image "$image" "$work/baseline" lower=never

equal cold "$(state_of "$work/app/bin/heat")"
expected=$("$work/baseline/bin/heat" 50 2>/dev/null)
equal "$expected" "$("$work/app/bin/heat" 50 2>/dev/null)"
equal "$expected" "$("$work/app/bin/heat-demo" 50 2>/dev/null)"
equal ready "$(state_of "$work/app/bin/heat")"
equal ready "$(state_of "$work/app/lib/libheatkernels.so.1.0")"

# The lowered program has the host's vector instructions, and the baseline has none.
wide() { objdump -d "$1" | grep -c '%ymm\|%zmm' || true; }
grep -q avx2 /proc/cpuinfo || skip "this host has no AVX2 to look for"
[ "$(wide "$work/app/lib/libheatkernels.so.1")" -gt 0 ] || die "lowered code uses no AVX registers"
equal 0 "$(wide "$work/baseline/lib/libheatkernels.so.1")"

# A second mount is served from the cache. Nothing new is written to the cache.
before=$(find "$XAAS_CACHE" -name '*.elf' -printf '%p %i %T@\n' | sort)
unmount "$work/app"
mount_image "$image" "$work/app"
equal "$expected" "$("$work/app/bin/heat" 50 2>/dev/null)"
equal "$before" "$(find "$XAAS_CACHE" -name '*.elf' -printf '%p %i %T@\n' | sort)"
