# `xaas-mount IMAGE MOUNTPOINT -- CMD` runs a command with the image there, gives its exit status, and leaves nothing mounted.
. "$(dirname "$0")/lib.sh"
need_fuse
image=$XAAS_FIXTURES/heat.xaas
mkdir "$work/app"
contains "$(xaas-mount "$image" "$work/app" -- "$work/app/bin/heat" 5 2>/dev/null)" checksum
! mountpoint -q "$work/app" || die "still mounted"
status=0
xaas-mount "$image" "$work/app" -- sh -c 'exit 37' || status=$?
equal 37 $status
! mountpoint -q "$work/app" || die "still mounted"
