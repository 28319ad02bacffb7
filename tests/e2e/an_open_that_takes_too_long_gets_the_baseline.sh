# With -o timeout= an open that would take longer gets the baseline. With -o strict it gets an error. The same holds for
# an open whose lowering fails.
. "$(dirname "$0")/lib.sh"
need_fuse
image=$XAAS_FIXTURES/loops.xaas

catch_lowering "$image" bin/loops timeout=1
wait $program
contains "$(cat "$work/caught")" "loops 1.0"
equal lowering "$(state_of "$work/app/bin/loops")"
contains "$(xaas-mount --status "$work/app")" "lowering  bin/loops, the baseline was served meanwhile"
kill -KILL "$worker"
is_baseline() { [ "$(state_of "$work/app/bin/loops")" = baseline ]; }
wait_until 30 is_baseline
contains "$(xattr_of error "$work/app/bin/loops")" "killed"
contains "$("$work/app/bin/loops")" "loops 1.0"
unmount "$work/app"

catch_lowering "$image" bin/loops timeout=1,strict
! wait $program || die "strict: the baseline was run"
contains "$(cat "$work/caught")" "timed out"
fails_with 1 "timed out" cat "$work/app/bin/loops"
kill -KILL "$worker"
wait_until 30 is_baseline
fails_with 1 "Input/output error" cat "$work/app/bin/loops"
unmount "$work/app"

# With no time at all, every open fails at once until the file is lowered.
catch_lowering "$image" bin/loops timeout=0,strict
! wait $program || die "strict: the baseline was run"
fails_with 1 "timed out" timeout 20 cat "$work/app/bin/loops"

# If a configuration is asked for by name, that one is shown or nothing is mounted.
mkdir "$work/none"
fails_with 1 "no-such" xaas-mount -o config=no-such "$XAAS_FIXTURES/heat.xaas" "$work/none"
! is_mounted "$work/none" || die "mounted without the configuration"
