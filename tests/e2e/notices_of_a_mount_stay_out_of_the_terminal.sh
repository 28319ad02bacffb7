# The log of a mount in the background is in its status and in $XAAS_LOG. It is not on the standard error with which the
# mount was started, even if that is a file. With -- CMD, notices are not mixed with the command's output. In the
# foreground the whole log is shown.
. "$(dirname "$0")/lib.sh"
need_fuse
image=$XAAS_FIXTURES/heat.xaas
export XAAS_CACHE=
use() { XAAS_CACHE=$work/cache.$1; }  # an empty cache, so that there is something to log

use background
mount_image "$image" "$work/app" 2>"$work/stderr"
"$work/app/bin/heat" 5 >/dev/null 2>&1
contains "$(cat "$work/app/.xaas/status")" "bin/heat: lowered in "
equal "" "$(cat "$work/stderr")"
unmount "$work/app"

use log
XAAS_LOG=$work/log mount_image "$image" "$work/app" 2>"$work/stderr"
"$work/app/bin/heat" 5 >/dev/null 2>&1
contains "$(cat "$work/log")" "xaas-mount: bin/heat: lowered in "
equal "" "$(cat "$work/stderr")"
unmount "$work/app"

use command
xaas-mount "$image" "$work/app" -- sh -c '"$1/bin/heat" 5 >/dev/null 2>&1; cat "$1/.xaas/status"' sh "$work/app" \
  >"$work/status" 2>"$work/stderr"
contains "$(cat "$work/status")" "bin/heat: lowered in "
equal "" "$(cat "$work/stderr")"

# A failure is printed there.
XAAS_CACHE=/dev/null/cache xaas-mount "$image" "$work/app" -- true 2>"$work/stderr"
contains "$(cat "$work/stderr")" "xaas-mount: nothing is kept for the next mount: "

use foreground
xaas-mount -f "$image" "$work/app" 2>"$work/stderr" &
wait_until 30 is_mounted "$work/app"
"$work/app/bin/heat" 5 >/dev/null 2>&1
contains "$(cat "$work/stderr")" "xaas-mount: bin/heat: lowered in "
umount "$work/app"
wait
