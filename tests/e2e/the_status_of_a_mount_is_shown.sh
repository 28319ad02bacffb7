# `xaas-mount --status` prints what a mount has done, the same as its .xaas/status. If nothing is mounted there, one
# line says so.
. "$(dirname "$0")/lib.sh"
need_fuse
mount_image "$XAAS_FIXTURES/heat.xaas" "$work/app"
"$work/app/bin/heat" 2 >/dev/null 2>&1
status=$(xaas-mount --status "$work/app")
equal "$(cat "$work/app/.xaas/status")" "$status"
contains "$status" "image          $XAAS_FIXTURES/heat.xaas"
contains "$status" "ready     bin/heat, "
contains "$status" "bin/heat: lowered in "

# It can be watched until the mount ends.
mount_image "$XAAS_FIXTURES/heat.xaas" "$work/watched"
xaas-mount --status --watch "$work/watched" >"$work/shown" &
watcher=$!
says() { grep -q "$1" "$work/shown"; }
wait_until 30 says "^files .* 0 ready"
"$work/watched/bin/heat" 2 >/dev/null 2>&1
wait_until 30 says "ready     bin/heat, from the cache"
until umount "$work/watched" 2>/dev/null; do pause; done  # the watcher may be reading
wait $watcher

mount_image "$XAAS_FIXTURES/heat.xaas" "$work/never" lower=never
contains "$(xaas-mount --status "$work/never")" "target         none, the baseline is served"
fails_with 1 "no image is mounted here" xaas-mount --status "$work"
fails_with 1 "no image is mounted here" xaas-mount --status --watch "$work"
fails_with 2 "goes with --status" xaas-mount --watch "$work"
fails_with 2 "MOUNTPOINT is missing" xaas-mount --status
