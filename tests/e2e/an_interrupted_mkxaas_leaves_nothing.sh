# Ctrl-C or a kill during the build: no image, no work directory, no process left, also of those that made process groups of
# their own, as timeout does.
. "$(dirname "$0")/lib.sh"
mkdir "$work/project" "$work/out"
mkfifo "$work/started" "$work/never"
printf 'all:\n\techo building >%s; timeout 600 cat %s\ninstall:\n\ttrue\n' "$work/started" "$work/never" >"$work/project/Makefile"
for signal in INT TERM; do
  # A background job of a script ignores SIGINT unless it is told not to.
  python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
    mkxaas -q "$work/project" "$work/out/x.xaas" 2>"$work/stderr" &
  pid=$!
  cat "$work/started" >/dev/null
  kill -$signal $pid
  status=0
  wait $pid || status=$?
  [ $status != 0 ] || die "an interrupted mkxaas ended with status 0"
  equal "" "$(ls -A "$work/out")"
  nobody_left() { ! pgrep -f "cat $work/never" >/dev/null; }
  wait_until 10 nobody_left
done
