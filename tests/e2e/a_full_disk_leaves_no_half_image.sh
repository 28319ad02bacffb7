# If the disk fills up while the image is written, one line says so and nothing is left behind.
. "$(dirname "$0")/lib.sh"
need_root
mkdir "$work/small"
mount -t tmpfs -o size=2m tmpfs "$work/small"
mkdir "$work/build"
status=0
mkxaas -q --work "$work/build/work" "$XAAS_SOURCE/tests/example" "$work/small/heat.xaas" 2>"$work/stderr" || status=$?
equal 1 $status
contains "$(tail -n 1 "$work/stderr")" "No space left"
equal "" "$(ls -A "$work/small")"
equal "" "$(ls -A "$work/build")"
