# `xaas-mount IMAGE -- CMD` runs a command that sees the image at the prefix it was built for, although nobody else does.
. "$(dirname "$0")/lib.sh"
need_fuse
need_mount_namespace -rm
image=$XAAS_FIXTURES/heat.xaas
contains "$(xaas-mount "$image" -- /opt/heat/bin/heat 5 2>/dev/null)" checksum
[ ! -e /opt/heat ] || die "/opt/heat shows outside the command"
status=0
xaas-mount "$image" -- sh -c 'test -d /opt/heat/bin && exit 5' || status=$?
equal 5 $status
