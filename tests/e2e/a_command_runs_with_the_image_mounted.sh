# `xaas-mount IMAGE MOUNTPOINT -- CMD` runs a command with the image mounted there, gives the command's exit status as a
# shell would, and leaves nothing mounted.
. "$(dirname "$0")/lib.sh"
need_fuse
image=$XAAS_FIXTURES/heat.xaas
mkdir "$work/app"
contains "$(xaas-mount "$image" "$work/app" -- "$work/app/bin/heat" 5 2>/dev/null)" checksum
! mountpoint -q "$work/app" || die "still mounted"

# ends_with STATUS WORD...: checks that xaas-mount with these words ends with STATUS.
ends_with() {
  local expected=$1 status=0
  shift
  xaas-mount "$@" 2>"$work/stderr" || status=$?
  equal "$expected" $status
  ! is_mounted "$work/app" || die "still mounted"
}
ends_with 37 "$image" "$work/app" -- sh -c 'exit 37'
ends_with 127 "$image" "$work/app" -- no-such-command
contains "$(cat "$work/stderr")" "no-such-command: "
ends_with 126 "$image" "$work/app" -- "$work"
ends_with $((128 + 10)) "$image" "$work/app" -- sh -c 'kill -USR1 $$'
ends_with $((128 + 15)) "$image" "$work/app" -- sh -c 'kill -TERM $$'

# A -- in front of IMAGE ends the options.
ends_with 3 -- "$image" "$work/app" -- sh -c 'exit 3'
ends_with 4 -o ro -- "$image" "$work/app" -- sh -c 'exit 4'
ends_with 5 "$image" "$work/app" -o ro -- sh -c 'exit 5'
ends_with 2 "$image" "$work/app" --
xaas-mount -o ro -- "$image" "$work/app"
is_mounted "$work/app" || die "not mounted"
