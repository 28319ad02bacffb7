# After kill -9 of the server in the middle of lowering, the image mounts again and the program is lowered: no stale lock, no debris served.
. "$(dirname "$0")/lib.sh"
need_fuse
image=$XAAS_FIXTURES/zstd.xaas  # takes long enough to be lowered for this test to come in between
mount_image "$image" "$work/app"
server=$(pgrep -f "xaas-mount $image $work/app" | head -n 1)
find_worker() { worker=$(pgrep -P "$server" | head -n 1); [ -n "$worker" ]; }
"$work/app/bin/zstd" --version >/dev/null 2>&1 &
children+=($!)
wait_until 30 find_worker
kill -STOP "$worker"
kill -KILL "$server"
# The worker does not outlive its server.
gone() { ! kill -0 "$worker" 2>/dev/null; }
kill -CONT "$worker" 2>/dev/null || true
wait_until 60 gone
umount -l "$work/app" || fusermount3 -u -z "$work/app"
mount_image "$image" "$work/app"
contains "$("$work/app/bin/zstd" --version)" v1.5.4
equal ready "$(state_of "$work/app/bin/zstd")"
