# After kill -9 of `xaas-mount IMAGE MOUNTPOINT -- CMD`, its server unmounts and ends too.
. "$(dirname "$0")/lib.sh"
need_fuse
mkdir "$work/app"
mkfifo "$work/started" "$work/never"
xaas-mount "$XAAS_FIXTURES/heat.xaas" "$work/app" -- sh -c 'echo $$ >"$1"; exec cat "$2"' sh "$work/started" "$work/never" &
front=$!
read -r command <"$work/started"
is_mounted "$work/app" || die "not mounted"
server=$(pgrep -P $front -f xaas-mount)
kill -KILL $front
wait_until 30 is_gone "$server"
! is_mounted "$work/app" || die "still mounted"
# The command goes on alone.
! is_gone "$command" || die "the command ended with the mount"
kill "$command"
