# However many programs open a file at the same time, even through two mounts, it is lowered once.
. "$(dirname "$0")/lib.sh"
need_fuse
for mount in a b; do mount_image "$XAAS_FIXTURES/heat.xaas" "$work/$mount"; done
programs=()
for mount in a b a b a b a b; do
  "$work/$mount/bin/heat" 2 >>"$work/output" 2>/dev/null &
  programs+=($!)
done
for program in "${programs[@]}"; do wait "$program"; done
equal 8 "$(wc -l <"$work/output")"
equal 1 "$(sort -u "$work/output" | wc -l)"
equal 2 "$(find "$XAAS_CACHE" -name '*.elf' | wc -l)"
lowered=$(cat "$work/a/.xaas/status" "$work/b/.xaas/status" | grep -c 'lowered in' || true)
equal 2 "$lowered"
