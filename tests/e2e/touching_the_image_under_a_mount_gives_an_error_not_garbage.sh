# An image that is replaced or changed in place while it is mounted gives I/O errors and one line, not wrong bytes.
. "$(dirname "$0")/lib.sh"
need_fuse
cp "$XAAS_FIXTURES/heat.xaas" "$work/heat.xaas"
mount_image "$work/heat.xaas" "$work/app"
ls "$work/app" >/dev/null
truncate -s 10000 "$work/heat.xaas"
refused() { ! cat "$work/app/share/heat/plate.txt" >/dev/null 2>&1; }
wait_until 10 refused
