# While a file is being lowered, a caller that is killed leaves at once, other requests are answered, and the build goes on.
. "$(dirname "$0")/lib.sh"
need_fuse
mount_image "$XAAS_FIXTURES/heat.xaas" "$work/app"
server=$(pgrep -f "xaas-mount $XAAS_FIXTURES/heat.xaas $work/app" | head -n 1)
worker_of() { pgrep -P "$server" | head -n 1 | grep .; }

"$work/app/bin/heat" 1 >/dev/null 2>&1 &
program=$!
children+=($program)
wait_until 30 worker_of >/dev/null
worker=$(worker_of)
kill -STOP "$worker"

# The caller is parked in exec; killing it takes effect although the worker stands still.
kill -KILL $program
wait $program || true
equal cold "$(state_of "$work/app/lib/libheatkernels.so.1.0")"
contains "$(ls "$work/app/share/heat")" plate.txt
equal lowering "$(state_of "$work/app/bin/heat")"

kill -CONT "$worker"
contains "$("$work/app/bin/heat" 1 2>/dev/null)" checksum
equal ready "$(state_of "$work/app/bin/heat")"
