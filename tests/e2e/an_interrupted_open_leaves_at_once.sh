# While a file is being lowered, a caller that is killed leaves at once, other requests are answered, and lowering goes
# on.
. "$(dirname "$0")/lib.sh"
need_fuse
catch_lowering "$XAAS_FIXTURES/loops.xaas" bin/loops

# The caller is parked in exec. Killing it takes effect although the worker stands still.
kill -KILL $program
wait $program || true
equal cold "$(state_of "$work/app/bin/other")"
contains "$(ls "$work/app/bin")" other
equal lowering "$(state_of "$work/app/bin/loops")"

kill -CONT "$worker"
contains "$("$work/app/bin/loops")" "loops 1.0"
equal ready "$(state_of "$work/app/bin/loops")"
