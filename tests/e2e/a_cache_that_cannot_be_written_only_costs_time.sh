# If the cache cannot be written, or its file system has no room, programs are still lowered, without a cache and with a
# warning.
. "$(dirname "$0")/lib.sh"
need_fuse
need_root
mkdir "$work/full"
mount -t tmpfs -o size=8k tmpfs "$work/full"
XAAS_CACHE=$work/full/cache XAAS_LOG=$work/log mount_image "$XAAS_FIXTURES/heat.xaas" "$work/app"
contains "$("$work/app/bin/heat" 5 2>/dev/null)" checksum
equal ready "$(state_of "$work/app/bin/heat")"
contains "$(cat "$work/log")" "xaas-mount: bin/heat: not kept in the cache: "
contains "$(cat "$work/app/.xaas/status")" "bin/heat: not kept in the cache: "

mkdir "$work/readonly"
mount -t tmpfs -o ro tmpfs "$work/readonly"
XAAS_CACHE=$work/readonly/cache mount_image "$XAAS_FIXTURES/heat.xaas" "$work/app2" 2>"$work/stderr"
contains "$(cat "$work/stderr")" "xaas-mount: nothing is kept for the next mount: "
contains "$("$work/app2/bin/heat" 5 2>/dev/null)" checksum
equal ready "$(state_of "$work/app2/bin/heat")"
contains "$(cat "$work/app2/.xaas/status")" "nothing is kept for the next mount: "
