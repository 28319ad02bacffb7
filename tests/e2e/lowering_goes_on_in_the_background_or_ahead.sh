# -o lower=background serves the baseline at once. An open after lowering gets the host's code, as another file. -o
# lower=eager lowers everything without being asked.
. "$(dirname "$0")/lib.sh"
need_fuse

catch_lowering "$XAAS_FIXTURES/loops.xaas" bin/loops lower=background
wait $program
contains "$(cat "$work/caught")" "loops 1.0"
equal lowering "$(state_of "$work/app/bin/loops")"
exec 7<"$work/app/bin/loops"
sum=$(sha256sum <&7)
kill -CONT "$worker"
is_ready() { [ "$(state_of "$work/app/bin/loops")" = ready ]; }
wait_until 120 is_ready
is_another() { [ "$(sha256sum <"$work/app/bin/loops")" != "$sum" ]; }
wait_until 30 is_another
contains "$("$work/app/bin/loops")" "loops 1.0"
equal "$sum" "$(cat /proc/self/fd/7 <&7 | sha256sum)"  # who had it open keeps it
exec 7<&-
unmount "$work/app"

# A file in the cache is served at once.
mount_image "$XAAS_FIXTURES/loops.xaas" "$work/app" lower=background
contains "$("$work/app/bin/loops")" "loops 1.0"
equal ready "$(state_of "$work/app/bin/loops")"
unmount "$work/app"

export XAAS_CACHE=$work/eager
mount_image "$XAAS_FIXTURES/heat.xaas" "$work/app" lower=eager
server=$(servers_of "$work/app" | head -n 1)
wait_until 30 stop_worker
caught=$(with_start "$worker")
is_ahead() { xaas-mount --status "$work/app" | grep -Eq '^ahead +[01] of 2 files, [0-9]+ of [0-9]+ modules of '; }
wait_until 30 is_ahead
kill -CONT "$worker"
is_done() { case $(xaas-mount --status "$work/app") in *"2 of 2 files are lowered"*) ;; *) return 1 ;; esac; }
wait_until 120 is_done
! pgrep -P "$server" || die "a worker is left"
entries=$(xaas-lower cache stats)
lowered=0
for file in "$work"/app/bin/* "$work"/app/lib/*.so*; do
  [ ! -L "$file" ] && state=$(state_of "$file" 2>/dev/null) || continue
  equal cold "$state"
  cat "$file" >"$work/copy"
  equal ready "$(state_of "$file")"
  lowered=$((lowered + 1))
done
equal 2 $lowered
equal "$entries" "$(xaas-lower cache stats)"
unmount "$work/app"

echo "in the way" >"$work/file"
mkdir -p "$work/none"
fails_with 1 "needs a cache" xaas-mount -o lower=eager,cache="$work/file" "$XAAS_FIXTURES/heat.xaas" "$work/none"
fails_with 2 "not auto, wait, background, eager or never" xaas-mount -o lower=later "$XAAS_FIXTURES/heat.xaas" "$work/none"
