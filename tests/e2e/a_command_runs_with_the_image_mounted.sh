# `xaas-mount IMAGE MOUNTPOINT -- CMD` and `xaas-mount IMAGE -- CMD` run a command with the image there, give its exit status, and
# leave nothing mounted.
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

contains "$(xaas-mount "$image" -- /opt/heat/bin/heat 5 2>/dev/null)" checksum
[ ! -e /opt/heat ] || die "/opt/heat shows outside the command"
status=0
xaas-mount "$image" -- sh -c 'test -d /opt/heat/bin && exit 5' || status=$?
equal 5 $status
