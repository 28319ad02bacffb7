# The worker and the lowered programs run although the cache is on a file system that is mounted noexec.
. "$(dirname "$0")/lib.sh"
need_fuse
need_root
mkdir "$work/noexec"
mount -t tmpfs -o noexec,size=512m tmpfs "$work/noexec"
XAAS_CACHE=$work/noexec mount_image "$XAAS_FIXTURES/heat.xaas" "$work/app"
contains "$("$work/app/bin/heat" 5 2>/dev/null)" checksum
equal ready "$(state_of "$work/app/bin/heat")"
