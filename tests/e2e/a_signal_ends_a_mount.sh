# HUP, INT and TERM unmount and end the server with status 0, and leave nothing. This holds even if they were ignored or
# blocked before, and in the middle of lowering.
. "$(dirname "$0")/lib.sh"
need_fuse
image=$XAAS_FIXTURES/heat.xaas
mkdir "$work/app"
for signal in HUP INT TERM; do
  xaas-mount -f "$image" "$work/app" 2>"$work/stderr" &  # in the background INT is ignored
  server=$!
  wait_until 10 is_mounted "$work/app"
  kill -$signal $server
  wait $server || die "SIG$signal: status $?"
  ! is_mounted "$work/app" || die "SIG$signal: still mounted"
done

# A server that ignores TERM would never end.
(trap "" TERM && timeout -s KILL 60 xaas-mount "$image" "$work/app" -- true)
! is_mounted "$work/app" || die "TERM was ignored: still mounted"
timeout -s KILL 60 python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
os.execvp(sys.argv[1], sys.argv[1:])' xaas-mount "$image" "$work/app" -- true
! is_mounted "$work/app" || die "TERM was blocked: still mounted"

catch_lowering "$XAAS_FIXTURES/loops.xaas" bin/loops
kill -TERM "$server"
wait_until 30 is_gone "$server"
wait_until 30 is_gone "$worker"
! wait $program || die "a program ran that was never lowered"
! is_mounted "$work/app" || die "still mounted"
