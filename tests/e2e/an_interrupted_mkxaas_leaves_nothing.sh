# Ctrl-C or a kill while mkxaas builds or installs leaves no image, no work directory and no process. It also ends
# processes that made process groups of their own, as timeout does.
. "$(dirname "$0")/lib.sh"
mkdir "$work/project" "$work/out"
mkfifo "$work/started" "$work/never"
long="echo building >$work/started; timeout 600 cat $work/never"
printf 'all:\n\t%s\ninstall:\n\t%s\n' "$long" "$long" >"$work/project/Makefile"
for signal in INT TERM INSTALL; do
  build=
  [ $signal != INSTALL ] || { signal=TERM; build=--build=true; }
  # A background job of a script ignores SIGINT unless it is told not to.
  python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
    mkxaas -q --toolchain none $build "$work/project" "$work/out/x.xaas" 2>"$work/stderr" &
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
