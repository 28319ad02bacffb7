# A program that has run once starts again although the server stands still, because the kernel has all that it needs in
# memory.
. "$(dirname "$0")/lib.sh"
need_fuse
mount_image "$XAAS_FIXTURES/heat.xaas" "$work/app"
"$work/app/bin/heat" >"$work/first" 2>/dev/null
equal ready "$(state_of "$work/app/bin/heat")"
server=$(servers_of "$work/app" | head -n 1)
kill -STOP "$server"
status=0
timeout -k 1 30 "$work/app/bin/heat" >"$work/again" 2>/dev/null || status=$?
kill -CONT "$server"
equal 0 "$status"
equal "$(cat "$work/first")" "$(cat "$work/again")"
