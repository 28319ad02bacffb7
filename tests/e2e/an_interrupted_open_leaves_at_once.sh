# While a file is being lowered, a caller that is killed leaves at once, other requests are answered, and lowering goes
# on.
. "$(dirname "$0")/lib.sh"
need_fuse
catch_lowering "$XAAS_FIXTURES/zstd.xaas" bin/zstd

# The caller is parked in exec. Killing it takes effect although the worker stands still.
kill -KILL $program
wait $program || true
equal cold "$(state_of "$work/app/lib/libzstd.so.1.5.4")"
contains "$(ls "$work/app/include")" zstd.h
equal lowering "$(state_of "$work/app/bin/zstd")"

kill -CONT "$worker"
contains "$("$work/app/bin/zstd" --version)" v1.5.4
equal ready "$(state_of "$work/app/bin/zstd")"
