# After kill -9 of the server in the middle of lowering, the image mounts again and the program is lowered. There is no
# stale lock, and no remains are served.
. "$(dirname "$0")/lib.sh"
need_fuse
image=$XAAS_FIXTURES/loops.xaas
catch_lowering "$image" bin/loops
kill -KILL "$server"
# The worker does not outlive its server, although the worker stands still.
wait_until 60 is_gone "$worker"
# The error names what is left of the mount, and the way out.
fails_with 1 "fusermount3 -u $work/app" xaas-mount "$image" "$work/app"
umount -l "$work/app" || fusermount3 -u -z "$work/app"
mount_image "$image" "$work/app"
contains "$("$work/app/bin/loops")" "loops 1.0"
equal ready "$(state_of "$work/app/bin/loops")"
