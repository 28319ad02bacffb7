# With a cache that cannot be written, or a file system without room, programs are lowered all the same, uncached, with a warning.
. "$(dirname "$0")/lib.sh"
need_fuse
need_root
mkdir "$work/full"
mount -t tmpfs -o size=64k tmpfs "$work/full"
XAAS_CACHE=$work/full/cache mount_image "$XAAS_FIXTURES/heat.xaas" "$work/app"
contains "$("$work/app/bin/heat" 5 2>/dev/null)" checksum
equal ready "$(state_of "$work/app/bin/heat")"

mkdir "$work/readonly"
mount -t tmpfs -o ro tmpfs "$work/readonly"
XAAS_CACHE=$work/readonly/cache mount_image "$XAAS_FIXTURES/heat.xaas" "$work/app2"
contains "$("$work/app2/bin/heat" 5 2>/dev/null)" checksum
equal ready "$(state_of "$work/app2/bin/heat")"
contains "$(cat "$work/app2/.xaas/status")" "cache"
